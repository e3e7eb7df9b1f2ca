"""Whatever is attached, reading it ends within its time and memory, with what was found and what was not read."""

import gzip
import io
import random
import time
import tracemalloc
import zipfile
from collections.abc import Iterator

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import make_ticket
from triage import gathering
from triage.bundles import BundleLimits, Trouble, read_attachment, read_kept
from triage.components.read_logs import ReadLogs
from triage.excerpts import excerpt_of_stream
from triage.facts import LogFile, Request
from triage.gathering import gather, get_message
from triage.logs import Cut, Limits, Unread

MEGA = 1_000_000
AMPLE = BundleLimits(seconds=60, log=Limits(seconds=60))
QUIET = b"2024-03-01 10:00:00 INFO nothing to see on this line of the log\n"
LAST = b"2024-03-01 11:00:00 ERROR disk full\n"


def _long_log(megabytes: int) -> Iterator[bytes]:
    block = QUIET * (MEGA // len(QUIET))
    for _ in range(megabytes):
        yield block
    yield LAST


def _lines_of(megabytes: int) -> int:
    return megabytes * (MEGA // len(QUIET)) + 1


def _zip_bomb(megabytes: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}.log", b"0" * (megabytes * MEGA))
    return file.getvalue()


def test_of_a_log_too_long_to_hold_head_and_tail_are_read_and_the_last_line_keeps_its_number() -> None:
    tracemalloc.start()
    kept = excerpt_of_stream(_long_log(40))
    found = read_kept(kept, limits=AMPLE)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 * MEGA
    assert [one.reading.findings[0].line_no for one in found.readings] == [_lines_of(40)]
    assert (found.coverage.cut, found.coverage.bytes_read) == ((Cut.BYTES,), kept.size)


def test_a_stream_without_end_is_left_at_its_bound() -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield QUIET * 1_000

    assert excerpt_of_stream(endless(), max_bytes=10_000, longest=MEGA).size == MEGA


@pytest.mark.parametrize(
    ("data", "cut"),
    [
        (b"x" * (10 * MEGA), {Cut.BYTES, Cut.LINE_LENGTH}),
        (LAST.strip() + b"x" * (10 * MEGA), {Cut.BYTES, Cut.LINE_LENGTH}),
        (b'{"level":"error","msg":"' + b"x" * (10 * MEGA) + b'"}', {Cut.BYTES, Cut.LINE_LENGTH}),
        (_zip_bomb(15), {Trouble.LONG}),
        (gzip.compress(b"0" * (30 * MEGA)), {Cut.UNPACKED}),
    ],
    ids=["line", "error-line", "record", "zip-bomb", "gzip-bomb"],
)
def test_what_is_made_to_be_dear_ends_in_time_and_says_what_was_not_read(data: bytes, cut: set[Cut | Trouble]) -> None:
    began = time.process_time()
    limits = BundleLimits(total_bytes=20 * MEGA, member_bytes=12 * MEGA)
    found = read_attachment(data, limits=limits)
    assert time.process_time() - began < 2 * limits.seconds + 2
    assert found.coverage.bytes_read <= 20 * MEGA
    said = {*found.coverage.cut, *(remark.trouble for remark in found.coverage.remarks)}
    assert said & {*cut, Cut.TIME}


def test_binary_garbage_is_told_from_a_log_that_holds_some() -> None:
    garbage = random.Random(1).randbytes(200_000)
    assert read_attachment(garbage).coverage.unread is Unread.BINARY
    found = read_attachment(QUIET * 500 + garbage + b"\n" + LAST, limits=AMPLE)
    assert "disk full" in {finding.head for one in found.readings for finding in one.reading.findings}


def test_many_files_share_the_time_of_a_message() -> None:
    files = tuple(LogFile(number, f"{number}.log", "", QUIET * 20_000) for number in range(8))
    request = Request(1, 1, "", "", "", "en", frozenset(), True, True, True, files=files)
    began = time.monotonic()
    coverages = ReadLogs(seconds=0.5, seconds_per_file=0.3).run(request)["coverages"]
    assert time.monotonic() - began < 6
    assert isinstance(coverages, list)
    assert [one.attachment_id for one in coverages] == list(range(8))
    assert all(Cut.TIME in one.coverage.cut for one in coverages[-2:])


def test_a_long_plain_attachment_is_streamed_and_a_packed_one_is_not(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "MAX_LOG_BYTES", 4_000)
    plain = SimpleUploadedFile("a.log", QUIET * 100 + LAST, "text/plain")
    packed = SimpleUploadedFile("b.gz", gzip.compress(random.Random(1).randbytes(9_000)), "application/gzip")
    ticket = make_ticket(files=[plain, packed])
    message = get_message(ticket.messages.get().pk)
    assert message is not None
    long, cut = gather(message).request.files
    assert long.kept is not None
    assert (long.data, long.is_cut, long.kept.size) == (None, False, len(QUIET * 100 + LAST))
    assert cut.data is not None
    assert (cut.kept, cut.is_cut, len(cut.data)) == (None, True, 4_000)
