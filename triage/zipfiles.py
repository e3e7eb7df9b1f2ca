"""Reads the list of a zip file's members and each one's bytes, believing nothing that the file says about itself.

Pure. The list is walked entry by entry up to a bound; sizes and counts that a file claims only ever shorten a reading.
A file whose list is missing (an upload that broke off) is walked by the headers that stand before each member.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from triage.streams import Budget, Damage, Feed, Health, inflate, slices

_END = struct.Struct("<4s4H2LH")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_END_MARK, _CENTRAL_MARK, _LOCAL_MARK = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
_LONGEST_COMMENT = 65_535
_UNKNOWN = 0xFFFFFFFF  # zip64: the size stands elsewhere
STORED, DEFLATED = 0, 8
_ENCRYPTED, _SIZE_FOLLOWS, _UTF8 = 0x1, 0x8, 0x800


@dataclass(frozen=True, slots=True)
class Entry:
    """A member as the file describes it; `header_at` is where its own header stands."""

    name: str
    method: int
    is_encrypted: bool
    checksum: int | None
    packed_size: int | None
    header_at: int

    @property
    def is_directory(self) -> bool:
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class Listing:
    """The members found; `is_partial` when there were more than the bound, `is_broken` when the list is not whole."""

    entries: tuple[Entry, ...]
    is_partial: bool = False
    is_broken: bool = False


def list_entries(data: memoryview, *, most: int) -> Listing:
    """The first `most` members of a zip file."""
    whole = data.obj if isinstance(data.obj, bytes) else bytes(data)
    end = whole.rfind(_END_MARK, max(0, len(whole) - _LONGEST_COMMENT - _END.size))
    if 0 <= end <= len(whole) - _END.size:
        *_ignored, count, size, offset, _comment = _END.unpack_from(whole, end)
        # Some programs put something before the archive: offsets count from where it really begins.
        start = end - size if 0 < size <= end else offset
        entries, is_whole = _central(whole, start, max(0, start - offset) if offset != _UNKNOWN else 0, most)
        if entries or count == 0:
            is_partial = len(entries) >= most and not is_whole
            return Listing(tuple(entries), is_partial, is_broken=not is_whole and not is_partial)
    entries = _by_local_headers(whole, most)
    return Listing(tuple(entries), is_partial=len(entries) >= most, is_broken=True)


def _central(whole: bytes, at: int, shift: int, most: int) -> tuple[list[Entry], bool]:
    """The entries of the list at the file's end, and whether it was walked to where it ends."""
    entries: list[Entry] = []
    while len(entries) < most and at + _CENTRAL.size <= len(whole):
        mark, _by, _need, flags, method, _time, _date, crc, packed, _size, name, extra, comment, *_rest, header = (
            _CENTRAL.unpack_from(whole, at)
        )
        if mark != _CENTRAL_MARK:
            return entries, True
        written = whole[at + _CENTRAL.size : at + _CENTRAL.size + name]
        entries.append(_entry(written, flags, method, crc, packed, header + shift))
        at += _CENTRAL.size + name + extra + comment
    return entries, len(entries) < most


def _by_local_headers(whole: bytes, most: int) -> list[Entry]:
    entries: list[Entry] = []
    at = whole.find(_LOCAL_MARK)
    while 0 <= at <= len(whole) - _LOCAL.size and len(entries) < most:
        _mark, _need, flags, method, _time, _date, crc, packed, _size, name, extra = _LOCAL.unpack_from(whole, at)
        body = at + _LOCAL.size + name + extra
        follows = bool(flags & _SIZE_FOLLOWS)
        written = whole[at + _LOCAL.size : at + _LOCAL.size + name]
        entries.append(_entry(written, flags, method, None if follows else crc, _UNKNOWN if follows else packed, at))
        at = whole.find(_LOCAL_MARK, body + (0 if follows or packed == _UNKNOWN else packed))
    return entries


def _entry(name: bytes, flags: int, method: int, crc: int | None, packed: int, header_at: int) -> Entry:
    text = name.decode("utf-8" if flags & _UTF8 else "cp437", "replace")
    encrypted = bool(flags & _ENCRYPTED) or method == 99
    return Entry(text, method, encrypted, crc, None if packed == _UNKNOWN else packed, header_at)


def read_entry(data: memoryview, entry: Entry, budget: Budget, health: Health) -> Iterator[bytes]:
    """Yield what a member holds, checked against its checksum once all of it was read."""
    at = entry.header_at
    if at + _LOCAL.size > len(data) or bytes(data[at : at + 4]) != _LOCAL_MARK:
        health.note(Damage.TRUNCATED if at + _LOCAL.size > len(data) else Damage.CORRUPT)
        return
    *_ignored, name, extra = _LOCAL.unpack_from(data, at)
    body = data[at + _LOCAL.size + name + extra :]
    if entry.packed_size is not None:
        if entry.packed_size > len(body):
            health.note(Damage.TRUNCATED)
        body = body[: entry.packed_size]
    checksum = 0
    feed = Feed(slices(body))
    pieces = inflate(feed, budget, health) if entry.method == DEFLATED else _stored(feed, budget)
    for piece in pieces:
        checksum = zlib.crc32(piece, checksum)
        yield piece
    if not (health.damage or budget.is_over) and entry.checksum not in (None, checksum):
        health.note(Damage.CHECKSUM)


def _stored(feed: Feed, budget: Budget) -> Iterator[bytes]:
    while piece := feed.some():
        granted = budget.grant(piece)
        if granted:
            yield granted
        if len(granted) < len(piece):
            return
