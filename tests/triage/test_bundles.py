"""Packed logs: read as far as the bounds allow, each member by its name, and whatever was not read is said."""

import gzip
import io
import random
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from triage.bundles import AttachmentReading, BundleLimits, Container, Coverage, Trouble, read_attachment
from triage.logs import Cut, Limits, Unread, read_log
from triage.streams import Budget, Damage, Feed, Health, gunzip, slices

LOG = b"2024-03-01 10:00:00 INFO ok\n" * 999 + b"2024-03-01 10:00:00 ERROR disk full\n"
AMPLE = BundleLimits(seconds=30, log=Limits(seconds=10))
SMALL = BundleLimits(
    total_bytes=200_000, member_bytes=80_000, members=5, listed=20, remarks=4, findings=6, log=Limits(max_bytes=20_000)
)


def _zip(members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def _tar(members: dict[str, bytes], mode: str = "w:gz") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return file.getvalue()


def _bomb(megabytes: int, line: bytes = b"0" * 999 + b"\n") -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    million = line * (1_000_000 // len(line))
    return b"".join([*(packer.compress(million) for _ in range(megabytes)), packer.flush()])


def _where(found: AttachmentReading) -> list[tuple[str, int]]:
    return [(one.member, finding.line_no) for one in found.readings for finding in one.reading.findings]


def _troubles(coverage: Coverage) -> dict[str, str]:
    return {remark.member: str(remark.trouble) for remark in coverage.remarks}


@pytest.mark.parametrize(
    ("data", "container", "where"),
    [
        (LOG, Container.PLAIN, [("", 1000)]),
        (gzip.compress(LOG), Container.GZIP, [("", 1000)]),
        (gzip.compress(LOG[:14_000]) + gzip.compress(LOG[14_000:]), Container.GZIP, [("", 1000)]),
        (_zip({"logs/app.log": LOG}), Container.ZIP, [("logs/app.log", 1000)]),
        (_zip({"logs/app.log": LOG}, zipfile.ZIP_STORED), Container.ZIP, [("logs/app.log", 1000)]),
        (_zip({"app.log.1.gz": gzip.compress(LOG)}), Container.ZIP, [("app.log.1.gz", 1000)]),
        (b"#!/bin/sh\n" + _zip({"app.log": LOG}), Container.PLAIN, []),
        (_tar({"var/log/app.log": LOG}), Container.TAR, [("var/log/app.log", 1000)]),
        (_tar({"d/" * 60 + "app.log": LOG}), Container.TAR, [("d/" * 60 + "app.log", 1000)]),
        (
            _tar({"app.log": LOG, "b.log.gz": gzip.compress(LOG)}, "w"),
            Container.TAR,
            [("app.log", 1000), ("b.log.gz", 1000)],
        ),
    ],
    ids=["plain", "gz", "two-gz", "zip", "stored", "gz-in-zip", "something-before", "tgz", "long-name", "tar"],
)
def test_a_log_is_read_in_whatever_it_is_packed(
    data: bytes, container: Container, where: list[tuple[str, int]]
) -> None:
    found = read_attachment(data, limits=AMPLE)
    assert found.coverage.container is container
    if where:
        assert _where(found) == where
        assert (found.coverage.cut, found.coverage.damage, found.coverage.remarks) == ((), None, ())


def test_a_zip_of_many_kinds_is_read_where_it_can_be_and_says_the_rest() -> None:
    members = {
        "notes/readme.md": b"nothing here\n",
        "app.log": LOG,
        "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(200),
        "empty.log": b"",
        "inner.zip": _zip({"x.log": LOG}),
        "inner.tgz": _tar({"x.log": LOG}),
        "twice.gz": gzip.compress(gzip.compress(LOG)),
        "core": random.Random(3).randbytes(4_000),
        "__MACOSX/._app.log": b"\x00\x05\x16\x07" + bytes(100),
        "folder/": b"",
    }
    found = read_attachment(_zip(members), limits=AMPLE)
    assert _where(found) == [("app.log", 1000)]
    assert (found.coverage.members, found.coverage.members_read) == (8, 2)
    assert _troubles(found.coverage) == {
        "picture.png": "binary",
        "empty.log": "empty",
        "inner.zip": "nested",
        "inner.tgz": "nested",
        "twice.gz": "nested",
        "core": "binary",
    }


def test_a_locked_member_is_not_read_and_the_others_are() -> None:
    data = bytearray(_zip({"secret.log": LOG, "open.log": LOG}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    found = read_attachment(bytes(data), limits=AMPLE)
    assert _where(found) == [("open.log", 1000)]
    assert _troubles(found.coverage) == {"secret.log": "encrypted"}


def test_another_packing_is_named() -> None:
    found = read_attachment(_zip({"app.log": LOG}, zipfile.ZIP_LZMA), limits=AMPLE)
    assert (_where(found), _troubles(found.coverage)) == ([], {"app.log": "packing"})


def test_a_wrong_checksum_is_said_and_the_log_read_all_the_same() -> None:
    data = bytearray(gzip.compress(LOG))
    data[-6] ^= 1
    found = read_attachment(bytes(data), limits=AMPLE)
    assert (_where(found), found.coverage.damage) == ([("", 1000)], Damage.CHECKSUM)
    zipped = bytearray(_zip({"app.log": LOG}))
    zipped[zipped.index(b"PK\x01\x02") + 16] ^= 1
    found = read_attachment(bytes(zipped), limits=AMPLE)
    assert (_where(found), _troubles(found.coverage)) == ([("app.log", 1000)], {"app.log": "checksum"})


def _noise(lines: int) -> bytes:
    chance = random.Random(5)
    return b"".join(b"2024-03-01 10:00:00 ERROR %s gone\n" % chance.randbytes(20).hex().encode() for _ in range(lines))


def test_a_file_that_breaks_off_is_read_up_to_there() -> None:
    whole = gzip.compress(b"2024-03-01 10:00:00 ERROR disk full\n" + _noise(3_000))
    for keep in (len(whole) // 2, len(whole) - 300, len(whole) - 4):
        found = read_attachment(whole[:keep], limits=AMPLE)
        assert ("", 1) in _where(found)
        assert found.coverage.damage is Damage.TRUNCATED


def test_what_comes_before_damage_inside_a_file_is_read() -> None:
    whole = bytearray(gzip.compress(b"2024-03-01 10:00:00 ERROR disk full\n" + _noise(3_000)))
    whole[len(whole) // 2 : len(whole) // 2 + 400] = b"\xff" * 400
    found = read_attachment(bytes(whole), limits=AMPLE)
    assert ("", 1) in _where(found)
    assert found.coverage.damage in {Damage.CORRUPT, Damage.CHECKSUM}


def test_a_zip_without_its_list_is_read_by_the_headers_before_each_member() -> None:
    data = _zip({"a.log": LOG, "b.log": LOG})
    found = read_attachment(data[: data.index(b"PK\x01\x02")], limits=AMPLE)
    assert _where(found) == [("a.log", 1000), ("b.log", 1000)]
    assert found.coverage.damage is Damage.TRUNCATED


@pytest.mark.parametrize(
    ("data", "unread"),
    [
        (b"", Unread.EMPTY),
        (gzip.compress(b""), Unread.EMPTY),
        (gzip.compress(b"\x89PNG\r\n\x1a\n" + bytes(100)), Unread.BINARY),
        (gzip.compress(_zip({"a.log": LOG})), Unread.PACKED),
        (gzip.compress(gzip.compress(LOG)), Unread.PACKED),
        (gzip.compress(LOG)[:12], Unread.DAMAGED),
        (b"\x1f\x8b" + bytes(100), Unread.DAMAGED),
        (_zip({}), Unread.EMPTY),
        (b"PK\x03\x04", Unread.DAMAGED),
        (b"%PDF-1.7 something", Unread.BINARY),
    ],
    # Named, for a packed file holds the second it was packed in.
    ids=["nothing", "empty-gz", "picture", "zip-in-gz", "gz-in-gz", "cut-gz", "no-gz", "empty-zip", "cut-zip", "pdf"],
)
def test_what_cannot_be_read_at_all_says_why(data: bytes, unread: Unread) -> None:
    found = read_attachment(data, limits=AMPLE)
    assert (found.readings, found.coverage.unread) == ((), unread)


def test_names_are_text_to_show_and_nothing_more() -> None:
    names = ["../../etc/passwd", "a\x1b[31m\u202egol.log", "jane.roe@example.org.log", "x" * 5_000 + ".log", "\n\n"]
    found = read_attachment(_zip(dict.fromkeys(names, LOG)), limits=AMPLE)
    shown = {one.member for one in found.readings}
    assert "../../etc/passwd" in shown
    assert all(name.isprintable() and 0 < len(name) <= 200 for name in shown)
    assert "jane.roe" not in repr(found)


def test_a_bomb_costs_no_more_than_its_bounds() -> None:
    """Ten gigabytes in ten megabytes, were they let out."""
    data = _bomb(300) * 34
    began = time.process_time()
    found = read_attachment(data)
    assert time.process_time() - began < 2 * BundleLimits().seconds
    assert found.coverage.bytes_read <= BundleLimits().total_bytes
    assert {Cut.UNPACKED, Cut.TIME} & set(found.coverage.cut)


def test_one_member_that_never_ends_leaves_the_others_their_share() -> None:
    members = {"a.log": b"0" * 999_999 + b"\n", "b.log": LOG}
    found = read_attachment(_zip(members), limits=SMALL)
    assert _where(found) == [("b.log", 1000)]
    assert _troubles(found.coverage)["a.log"] == "long"


def test_members_that_share_their_bytes_are_bounded_like_any_others() -> None:
    """Entries that all point at one member multiply without growing the file."""
    data = bytearray(_zip({f"{number}.log": b"0" * 99 + b"\n" for number in range(1)}))
    at = data.index(b"PK\x01\x02")
    entry, end = bytes(data[at : data.index(b"PK\x05\x06")]), bytes(data[data.index(b"PK\x05\x06") :])
    many = bytes(data[:at]) + entry * 5_000 + end[:12] + (len(entry) * 5_000).to_bytes(4, "little") + end[16:]
    found = read_attachment(many, limits=SMALL)
    assert (found.coverage.members, found.coverage.members_read, found.coverage.has_more) == (20, 5, True)
    assert Cut.MEMBERS in found.coverage.cut


def test_thousands_of_members_are_listed_and_read_up_to_their_bounds() -> None:
    found = read_attachment(_zip({f"{number}.log": b"ERROR one\n" for number in range(6_000)}))
    limits = BundleLimits()
    assert found.coverage.members_read == limits.members
    assert (found.coverage.members, found.coverage.has_more) == (limits.listed, True)
    assert Cut.MEMBERS in found.coverage.cut


def test_the_end_of_a_long_log_is_read_and_its_lines_keep_their_numbers() -> None:
    data = b"2024-03-01 10:00:00 INFO fine\n" * 400_000 + b"2024-03-01 10:00:00 ERROR the last\n"
    found = read_attachment(gzip.compress(data, 1), limits=AMPLE)
    assert _where(found) == [("", 400_001)]
    assert found.coverage.cut == (Cut.BYTES,)
    assert _where(read_attachment(data, limits=AMPLE)) == [("", 400_001)]


def test_a_member_named_like_a_log_comes_before_the_others() -> None:
    members = {f"{number}.conf": b"quiet = yes\n" for number in range(10)} | {"app.log": LOG}
    assert _where(read_attachment(_zip(members), limits=SMALL)) == [("app.log", 1000)]


def _within(found: AttachmentReading, limits: BundleLimits) -> bool:
    coverage = found.coverage
    findings = sum(len(one.reading.findings) for one in found.readings)
    read = coverage.members_read if coverage.members else len(found.readings)
    return (
        coverage.bytes_read <= limits.total_bytes + limits.member_bytes
        and len(found.readings) <= limits.members
        and read == len(found.readings)
        and coverage.members <= limits.listed
        and len(coverage.remarks) <= limits.remarks
        and findings <= limits.findings
        and all(isinstance(remark.trouble, Trouble) for remark in coverage.remarks)
    )


NAMES = st.text(min_size=1, max_size=40)
CONTENTS = st.one_of(
    st.binary(max_size=2_000),
    st.integers(1, 3_000).map(lambda count: b"2024-03-01 10:00:00 ERROR code %d\n" * 1 % count * count),
    st.integers(1, 400_000).map(lambda count: b"0" * count),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(NAMES, CONTENTS, max_size=12), st.booleans(), st.data())
def test_any_archive_however_mutilated_is_read_within_its_bounds(
    members: dict[str, bytes], as_zip: bool, chance: st.DataObject
) -> None:
    safe = {name.encode("utf-8", "replace").decode().replace("\x00", "_"): data for name, data in members.items()}
    data = bytearray(_zip(safe) if as_zip else _tar(safe))
    for _ in range(chance.draw(st.integers(0, 4))):
        at = chance.draw(st.integers(0, max(0, len(data) - 1)))
        data[at : at + 1] = chance.draw(st.binary(max_size=4))
    kept = bytes(data[: chance.draw(st.integers(0, len(data)))]) if chance.draw(st.booleans()) else bytes(data)
    assert _within(read_attachment(kept, limits=SMALL), SMALL)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([b"\x1f\x8b\x08", b"PK\x03\x04", b"PK\x05\x06", b"", b"x" * 257 + b"ustar"]),
    st.binary(max_size=3_000),
)
def test_any_bytes_at_all_are_read_within_their_bounds(magic: bytes, rest: bytes) -> None:
    assert _within(read_attachment(magic + rest, limits=SMALL), SMALL)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60_000), st.integers(1, 5_000))
def test_what_comes_out_of_gzip_is_what_went_in_up_to_the_bound(data: bytes, most: int) -> None:
    def unpacked(packed: bytes, allowed: int) -> tuple[bytes, Health, Budget]:
        budget, health = Budget(allowed), Health()
        budget.begin_member(most=allowed, seconds=30)
        return b"".join(gunzip(Feed(slices(memoryview(packed))), budget, health)), health, budget

    whole, health, _budget = unpacked(gzip.compress(data), len(data) + 1)
    assert (whole, health.damage) == (data, None)
    part, _health, budget = unpacked(gzip.compress(data), most)
    assert part == data[:most]
    assert budget.is_short == (len(data) > most)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=800), st.integers(200, 4_000))
def test_a_log_in_pieces_is_the_log_whole(lengths: list[int], most: int) -> None:
    """The packed reading keeps what the plain one does, whatever the bound."""
    data = b"".join(b"y" * length + (b" ERROR\n" if length % 7 == 0 else b"\n") for length in lengths)
    limits = BundleLimits(seconds=30, log=Limits(max_bytes=most, seconds=10))
    packed = read_attachment(gzip.compress(data), limits=limits)
    plain = read_log(data, limits=limits.log)
    assert [one.reading for one in packed.readings] == ([] if plain.unread else [plain])


def _members(count: int) -> Iterator[tuple[str, bytes]]:
    return ((f"{number}.log", LOG) for number in range(count))


def test_no_time_at_all_reads_nothing_and_says_so() -> None:
    found = read_attachment(_zip(dict(_members(3))), limits=BundleLimits(seconds=0))
    assert (found.readings, found.coverage.cut) == ((), (Cut.TIME,))
