"""Reads an attachment for what went wrong: a log, a packed log, or an archive of logs, each member on its own.

Pure and bounded, by bytes unpacked, members and time, whatever the file holds; nothing is written anywhere. What was
not read is said in the `Coverage`: which bound stopped the reading, and what was the matter with which member.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice

from kb.redaction import redact
from triage.excerpts import SAMPLE, Excerpt, Keeper, encoding_of
from triage.loglines import clean_line
from triage.logs import Cut, Finding, Limits, LogReading, Unread, read_excerpt
from triage.streams import GZIP_MAGIC, Budget, Damage, Feed, Health, gunzip, slices
from triage.tarfiles import is_tar, tar_members
from triage.zipfiles import DEFLATED, STORED, Entry, list_entries, read_entry

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_PACKED = (GZIP_MAGIC, *_ZIP_MAGIC, b"BZh", b"7z\xbc\xaf", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"Rar!")
_HEAD = 512
_LOG_NAMES = (".log", ".txt", ".out", ".err", ".trace", ".gz")
_NAME = 200
_UNPACKING = 0.6  # share of a member's time for unpacking; the rest is for reading
_CLUTTER = ("__MACOSX/", ".DS_Store")


class Container(StrEnum):
    """What an attachment is."""

    PLAIN = ""
    GZIP = "gzip"
    ZIP = "zip"
    TAR = "tar"


class Trouble(StrEnum):
    """What was the matter with a member: the first six were not read, of the others only a part."""

    BINARY = "binary"
    EMPTY = "empty"
    ENCRYPTED = "encrypted"
    NESTED = "nested"
    PACKING = "packing"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    CHECKSUM = "checksum"
    CORRUPT = "corrupt"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Remark:
    member: str
    trouble: Trouble


@dataclass(frozen=True, slots=True)
class BundleLimits:
    """Bounds of one attachment. `member_bytes` and `total_bytes` are unpacked ones; `log` bounds each member's log."""

    total_bytes: int = 256_000_000
    member_bytes: int = 220_000_000
    members: int = 40
    listed: int = 5_000
    remarks: int = 12
    findings: int = 24
    seconds: float = 2.0
    log: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of an attachment was read. `members` counts those listed, more than which there are if `has_more`."""

    container: Container = Container.PLAIN
    bytes_read: int = 0
    members: int = 0
    members_read: int = 0
    has_more: bool = False
    remarks: tuple[Remark, ...] = ()
    remarks_left_out: int = 0
    cut: tuple[Cut, ...] = ()
    unread: Unread | None = None
    damage: Damage | None = None


@dataclass(frozen=True, slots=True)
class MemberReading:
    """What one member told; `member` is empty where the attachment is no archive."""

    member: str
    reading: LogReading


@dataclass(frozen=True, slots=True)
class AttachmentReading:
    readings: tuple[MemberReading, ...]
    coverage: Coverage


@dataclass(slots=True)
class _Walk:
    """The state of one reading."""

    limits: BundleLimits
    end: float
    budget: Budget
    readings: list[MemberReading] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    cut: set[Cut] = field(default_factory=set)
    bytes_read: int = 0

    @property
    def seconds_left(self) -> float:
        return self.end - time.monotonic()

    def begin(self, most: int) -> bool:
        """Make ready for the next member; False when the attachment's bounds are reached."""
        if len(self.readings) >= self.limits.members:
            self.cut.add(Cut.MEMBERS)
        elif self.seconds_left <= 0:
            self.cut.add(Cut.TIME)
        elif self.budget.total <= 0:
            self.cut.add(Cut.UNPACKED)
        else:
            self.budget.begin_member(most=most, seconds=self.seconds_left * _UNPACKING)
            return True
        return False

    def remark(self, member: str, trouble: Trouble) -> None:
        self.remarks.append(Remark(member, trouble))

    def coverage(
        self,
        container: Container,
        *,
        members: int = 0,
        has_more: bool = False,
        unread: Unread | None = None,
        damage: Damage | None = None,
    ) -> Coverage:
        shown = self.limits.remarks
        return Coverage(
            container=container,
            bytes_read=self.bytes_read,
            members=members,
            members_read=len(self.readings) if members else 0,
            has_more=has_more,
            remarks=tuple(self.remarks[:shown]),
            remarks_left_out=max(0, len(self.remarks) - shown),
            cut=tuple(sorted(self.cut)),
            unread=unread,
            damage=damage,
        )


def read_attachment(data: bytes, *, limits: BundleLimits | None = None) -> AttachmentReading:
    """Read an attachment's bytes, by what they are and not by what they are called."""
    limits = limits or BundleLimits()
    walk = _Walk(limits, time.monotonic() + limits.seconds, Budget(limits.total_bytes))
    if data.startswith(_ZIP_MAGIC):
        coverage = _read_zip(memoryview(data), walk)
    elif data.startswith(GZIP_MAGIC):
        coverage = _read_gzip(memoryview(data), walk)
    elif is_tar(data[:_HEAD]):
        walk.budget.begin_member(most=limits.total_bytes, seconds=limits.seconds * _UNPACKING)
        coverage = _read_tar(Feed(slices(memoryview(data))), Health(), walk)
    else:
        coverage = _read_plain(data, walk)
    return AttachmentReading(_worst(walk), replace(coverage, cut=tuple(sorted({*coverage.cut, *walk.cut}))))


def is_packed(data: bytes) -> bool:
    """Tell whether the bytes pack others, which head and tail alone would not give back."""
    return data.startswith(_PACKED) or is_tar(data[:_HEAD])


def read_kept(kept: Excerpt, *, limits: BundleLimits | None = None) -> AttachmentReading:
    """Read what was kept of a plain log that is too long to hold."""
    limits = limits or BundleLimits()
    seconds = max(0.0, min(limits.log.seconds, limits.seconds))
    reading = read_excerpt(kept, limits=replace(limits.log, seconds=seconds))
    coverage = Coverage(bytes_read=kept.size, cut=tuple(sorted(reading.cut)), unread=reading.unread)
    return AttachmentReading(() if reading.unread else (MemberReading("", reading),), coverage)


def _read_plain(data: bytes, walk: _Walk) -> Coverage:
    return walk.coverage(Container.PLAIN, unread=_read_only(Feed(iter((data,))), walk))


def _read_only(feed: Feed, walk: _Walk) -> Unread | None:
    """Read the one log that the attachment is; why not, where it is none."""
    reading = _read(feed, walk)
    walk.cut |= set(reading.cut)
    if not reading.unread:
        walk.readings.append(MemberReading("", reading))
    return reading.unread


def _read_gzip(data: memoryview, walk: _Walk) -> Coverage:
    health = Health()
    walk.budget.begin_member(most=walk.limits.total_bytes, seconds=walk.seconds_left * _UNPACKING)
    feed = Feed(gunzip(Feed(slices(data)), walk.budget, health))
    head = feed.exactly(_HEAD)
    feed.give_back(head)
    if is_tar(head):
        return _read_tar(feed, health, walk)
    unread = Unread.PACKED if head.startswith(_PACKED) else _read_only(feed, walk)
    _note_bounds(walk)
    if unread is Unread.EMPTY and health.damage:
        unread = Unread.DAMAGED
    return walk.coverage(Container.GZIP, unread=unread, damage=health.damage)


def _read_zip(data: memoryview, walk: _Walk) -> Coverage:
    listing = list_entries(data, most=walk.limits.listed)
    files = [entry for entry in listing.entries if not entry.is_directory and not _is_clutter(entry.name)]
    files.sort(key=lambda entry: not entry.name.lower().endswith(_LOG_NAMES))  # what is named like a log comes first
    for entry in files:
        if not walk.begin(walk.limits.member_bytes):
            break
        _read_zip_entry(data, entry, walk)
    unread = None
    if not files:
        unread = Unread.DAMAGED if listing.is_broken else Unread.EMPTY
    damage = Damage.TRUNCATED if listing.is_broken else None
    return walk.coverage(Container.ZIP, members=len(files), has_more=listing.is_partial, unread=unread, damage=damage)


def _read_zip_entry(data: memoryview, entry: Entry, walk: _Walk) -> None:
    name = _shown(entry.name)
    if entry.is_encrypted:
        walk.remark(name, Trouble.ENCRYPTED)
    elif entry.method not in (STORED, DEFLATED):
        walk.remark(name, Trouble.PACKING)
    elif entry.method == STORED and entry.packed_size is None:
        walk.remark(name, Trouble.UNREADABLE)
    else:
        health = Health()
        _read_member(name, Feed(read_entry(data, entry, walk.budget, health)), health, walk)


def _read_tar(feed: Feed, health: Health, walk: _Walk) -> Coverage:
    """Read the members in the order in which they pass; the budget is that of the whole stream."""
    seen = 0
    has_more = False
    for name, body in islice(tar_members(feed, health), walk.limits.listed):
        if _is_clutter(name):
            continue
        seen += 1
        if len(walk.readings) >= walk.limits.members or walk.seconds_left <= 0:
            walk.cut.add(Cut.MEMBERS if walk.seconds_left > 0 else Cut.TIME)
            has_more = True
            break
        own = Health()
        _read_member(_shown(name), body, own, walk)
    _note_bounds(walk)
    has_more = has_more or bool(walk.cut & {Cut.UNPACKED, Cut.TIME}) or seen >= walk.limits.listed
    damage = None if walk.cut & {Cut.UNPACKED, Cut.TIME} else health.damage
    unread = None if seen else Unread.DAMAGED if damage else Unread.EMPTY
    return walk.coverage(Container.TAR, members=seen, has_more=has_more, unread=unread, damage=damage)


def _read_member(name: str, feed: Feed, health: Health, walk: _Walk) -> None:
    """Read one member; a packed log inside an archive is opened, an archive inside an archive is not."""
    head = feed.exactly(_HEAD)
    feed.give_back(head)
    if head.startswith(GZIP_MAGIC):
        feed = Feed(gunzip(feed, walk.budget, health))
        head = feed.exactly(_HEAD)
        feed.give_back(head)
    if head.startswith(_PACKED) or is_tar(head):
        walk.remark(name, Trouble.NESTED)
        return
    reading = _read(feed, walk)
    if reading.unread:
        unreadable = reading.unread is Unread.EMPTY and health.damage
        walk.remark(name, Trouble.UNREADABLE if unreadable else Trouble(reading.unread))
        return
    walk.readings.append(MemberReading(name, reading))
    if walk.budget.is_short or walk.budget.is_late or {Cut.BYTES, Cut.LINES, Cut.TIME} & set(reading.cut):
        walk.remark(name, Trouble.LONG)
    elif health.damage:
        walk.remark(name, Trouble(health.damage))


def _read(feed: Feed, walk: _Walk) -> LogReading:
    head = feed.exactly(SAMPLE)
    if head.strip(b"\x00") and encoding_of(head) is None:
        return LogReading(unread=Unread.BINARY)  # known by its beginning: the rest is not even unpacked
    feed.give_back(head)
    keeper = Keeper(walk.limits.log.max_bytes)
    while piece := feed.some():
        keeper.add(piece)
    seconds = max(0.0, min(walk.limits.log.seconds, walk.seconds_left))
    reading = read_excerpt(keeper.excerpt(), limits=replace(walk.limits.log, seconds=seconds))
    walk.bytes_read += keeper.size
    return reading


def _note_bounds(walk: _Walk) -> None:
    if walk.budget.is_late:
        walk.cut.add(Cut.TIME)
    elif walk.budget.is_short:
        walk.cut.add(Cut.UNPACKED)


def _worst(walk: _Walk) -> tuple[MemberReading, ...]:
    """The readings with no more findings together than the bound, the worst ones."""
    found = [(finding, at) for at, one in enumerate(walk.readings) for finding in one.reading.findings]
    if len(found) <= walk.limits.findings:
        return tuple(walk.readings)
    walk.cut.add(Cut.FINDINGS)
    ranked = sorted(found, key=lambda pair: LogReading.severity(pair[0]))[: walk.limits.findings]
    kept = {(at, finding) for finding, at in ranked}
    return tuple(
        _only(one, (f for f in one.reading.findings if (at, f) in kept)) for at, one in enumerate(walk.readings)
    )


def _only(one: MemberReading, findings: Iterable[Finding]) -> MemberReading:
    return replace(one, reading=replace(one.reading, findings=tuple(findings)))


def _is_clutter(name: str) -> bool:
    return name.startswith(_CLUTTER[0]) or name.rpartition("/")[2] == _CLUTTER[1]


def _shown(name: str) -> str:
    """A member's name as people may see it: it is the customer's text, and nothing is ever opened by it."""
    return redact(clean_line(name.replace("\n", " "))).text[:_NAME] or "?"
