"""Unpacks gzip and deflate piece by piece, within a budget of bytes and time that all pieces of one attachment share.

Pure. Nothing is ever held but the piece at hand: what inflates to ten gigabytes costs no more than the budget.
"""

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

SLICE = 65_536
PIECE = 262_144
_FINE = 256  # step with which a damaged piece is read again, to keep what comes before the damage
_HEADER = 10
GZIP_MAGIC = b"\x1f\x8b"
_MOST_HEADER_TEXT = 4_096


class Damage(StrEnum):
    """What is wrong with packed bytes; what could be unpacked before it is read all the same."""

    TRUNCATED = "truncated"
    CHECKSUM = "checksum"
    CORRUPT = "corrupt"


@dataclass(slots=True)
class Budget:
    """What may still be unpacked: bytes of the attachment, bytes of the member at hand, and the time for it."""

    total: int
    member: int = 0
    deadline: float = 0.0
    spent: int = 0
    is_short: bool = False  # the member at hand had more bytes than it may have
    is_late: bool = False

    def begin_member(self, *, most: int, seconds: float) -> None:
        self.member, self.deadline = most, time.monotonic() + seconds
        self.is_short = self.is_late = False

    @property
    def is_over(self) -> bool:
        """Whether no more of the member may be unpacked."""
        self.is_late = self.is_late or time.monotonic() > self.deadline
        return self.is_short or self.is_late

    def grant(self, piece: bytes) -> bytes:
        """The part of a piece that is within the budget; one shorter than the piece means stop."""
        if self.is_over:
            return b""
        granted = piece[: min(self.total, self.member)]
        self.is_short = len(granted) < len(piece)
        self.total -= len(granted)
        self.member -= len(granted)
        self.spent += len(granted)
        return granted


@dataclass(slots=True)
class Feed:
    """Bytes to read from the front; what was read too far can be given back."""

    source: Iterator[bytes]
    held: bytes = b""

    def some(self) -> bytes:
        """The next bytes, however many come at once; none at the end."""
        if self.held:
            given, self.held = self.held, b""
            return given
        return next(self.source, b"")

    def give_back(self, data: bytes) -> None:
        self.held = data + self.held

    def exactly(self, count: int) -> bytes:
        """The next `count` bytes, fewer only at the end."""
        parts, wanted = [], count
        while wanted > 0 and (piece := self.some()):
            parts.append(piece[:wanted])
            self.give_back(piece[wanted:])
            wanted -= len(parts[-1])
        return b"".join(parts)


@dataclass(slots=True)
class Health:
    """What was found to be wrong while a stream was read; the first thing counts."""

    damage: Damage | None = field(default=None)

    def note(self, damage: Damage) -> None:
        self.damage = self.damage or damage


def slices(data: memoryview) -> Iterator[bytes]:
    for start in range(0, len(data), SLICE):
        yield bytes(data[start : start + SLICE])


def inflate(feed: Feed, budget: Budget, health: Health) -> Iterator[bytes]:
    """Yield what a raw deflate stream holds; the bytes after its end stay in the feed."""
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    while not machine.eof:
        packed = feed.some()
        if not packed:
            health.note(Damage.TRUNCATED)
            return
        while packed and not machine.eof:
            before = machine.copy()
            try:
                piece = machine.decompress(packed, PIECE)
            except zlib.error:
                health.note(Damage.CORRUPT)
                yield from _before_the_damage(before, packed, budget)
                return
            packed = machine.unconsumed_tail
            granted = budget.grant(piece)
            if granted:
                yield granted
            if budget.is_over:
                return
    feed.give_back(machine.unused_data)


def _before_the_damage(machine: "zlib._Decompress", packed: bytes, budget: Budget) -> Iterator[bytes]:
    for start in range(0, len(packed), _FINE):
        step = packed[start : start + _FINE]
        while step:
            try:
                piece = machine.decompress(step, PIECE)
            except zlib.error:
                return
            step = machine.unconsumed_tail
            granted = budget.grant(piece)
            if granted:
                yield granted
            if budget.is_over:
                return


def gunzip(feed: Feed, budget: Budget, health: Health) -> Iterator[bytes]:
    """Yield what a gzip file holds, all its members after one another; what follows the last one is left."""
    while not budget.is_over and _skip_gzip_header(feed, health):
        checksum = length = 0
        for piece in inflate(feed, budget, health):
            checksum, length = zlib.crc32(piece, checksum), length + len(piece)
            yield piece
        if health.damage or budget.is_over:
            return
        trailer = feed.exactly(8)
        if len(trailer) < 8:
            health.note(Damage.TRUNCATED)
        elif trailer != checksum.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little"):
            health.note(Damage.CHECKSUM)


def _skip_gzip_header(feed: Feed, health: Health) -> bool:
    """Read past a header (RFC 1952); False when there is none or it is not whole."""
    header = feed.exactly(_HEADER)
    if len(header) < _HEADER or not header.startswith(GZIP_MAGIC):
        if header.startswith(GZIP_MAGIC):
            health.note(Damage.TRUNCATED)
        return False
    flags = header[3]
    if flags & 4:
        feed.exactly(int.from_bytes(feed.exactly(2), "little"))
    for named in (8, 16):
        if flags & named and not _skip_text(feed):
            health.note(Damage.CORRUPT)
            return False
    if flags & 2:
        feed.exactly(2)
    return True


def _skip_text(feed: Feed) -> bool:
    """Read past a text that ends with a NUL."""
    text = feed.exactly(_MOST_HEADER_TEXT)
    end = text.find(b"\x00")
    feed.give_back(text[end + 1 :])
    return end >= 0
