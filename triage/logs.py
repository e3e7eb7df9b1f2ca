"""Reads logs and messages for what went wrong: error lines, stack traces, codes, the time window.

Pure and bounded: bytes or text in, frozen findings out, whatever a hostile file holds. No finding leaves this
module before `kb.redaction` has seen it. What was not read is said (`unread`, `cut`), never passed over.
"""

import time
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kb.redaction import redact
from kb.signatures import find_signatures
from triage.excerpts import Excerpt, encoding_of, excerpt_of
from triage.loglines import (
    MAX_LINE,
    Level,
    clean_line,
    find_level,
    find_stamp,
    reads_as_failure,
    shape_of,
    strip_header,
)
from triage.traces import Trace, find_trace

_SHAPES = 4_000  # distinct shapes remembered; a file of noise with more is summarised by its first ones
_EXCERPT_LINES = 12
_EXCERPT = 2_400
_STAMP_LINES = 200


class FindingKind(StrEnum):
    ERROR = "error"
    STACK_TRACE = "stack_trace"
    CODE = "code"
    WARNING = "warning"


class Unread(StrEnum):
    """Why a file was not read at all."""

    EMPTY = "empty"
    BINARY = "binary"
    MISSING = "missing"
    PACKED = "packed"
    DAMAGED = "damaged"


class Cut(StrEnum):
    """Which bound left a part of the input unread; `bytes`: the middle, `unpacked`: whatever comes later."""

    BYTES = "bytes"
    UNPACKED = "unpacked"
    MEMBERS = "members"
    LINES = "lines"
    LINE_LENGTH = "line_length"
    TIME = "time"
    FINDINGS = "findings"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one reading; `seconds` is wall time."""

    max_bytes: int = 2_000_000
    max_lines: int = 60_000
    max_findings: int = 12
    seconds: float = 1.5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that went wrong. `text`, `head` and `cause` are redacted; `line_no` counts from 1 in the input."""

    kind: FindingKind
    line_no: int
    text: str
    head: str
    cause: str = ""
    signature: str = ""
    codes: tuple[str, ...] = ()
    stamp: str = ""
    count: int = 1
    fatal: bool = False
    flavour: str = ""


@dataclass(frozen=True, slots=True)
class LogReading:
    """What one input told. `first_stamp` and `last_stamp` are the time window as the log writes it."""

    findings: tuple[Finding, ...] = ()
    lines: int = 0
    first_stamp: str = ""
    last_stamp: str = ""
    encoding: str = ""
    unread: Unread | None = None
    cut: tuple[Cut, ...] = ()

    @property
    def signatures(self) -> tuple[str, ...]:
        """Every code found, once each, the worst finding's first."""
        ranked = sorted(self.findings, key=self.severity)
        return tuple(dict.fromkeys(code for finding in ranked for code in finding.codes))

    @staticmethod
    def severity(finding: Finding) -> tuple[int, int]:
        """Return the key to sort findings by, the worst first, then as they come."""
        rank = {FindingKind.STACK_TRACE: 1, FindingKind.ERROR: 2, FindingKind.CODE: 3, FindingKind.WARNING: 4}
        return (0 if finding.fatal else rank[finding.kind], finding.line_no)


@dataclass(slots=True)
class _Scan:
    """The state of one walk over the lines: a finding per distinct shape, with how often it came."""

    limits: Limits
    offset: int = 0  # lines before lines[0] in the whole input
    prose: bool = False
    found: dict[str, Finding] = field(default_factory=dict)
    cut: set[Cut] = field(default_factory=set)
    deadline: float = 0.0


def read_log(data: bytes, *, limits: Limits | None = None) -> LogReading:
    """Read a log file's bytes. The middle of a file over `max_bytes` is left out: logs end with what went wrong."""
    limits = limits or Limits()
    return read_excerpt(excerpt_of(data, limits.max_bytes), limits=limits)


def read_excerpt(excerpt: Excerpt, *, limits: Limits | None = None) -> LogReading:
    """Read what was kept of a log."""
    limits = limits or Limits()
    if excerpt.is_empty:
        return LogReading(unread=Unread.EMPTY)
    encoding = encoding_of(excerpt.head)
    if encoding is None:
        return LogReading(unread=Unread.BINARY)
    scan = _Scan(limits, deadline=time.monotonic() + limits.seconds)
    if excerpt.is_cut:
        scan.cut.add(Cut.BYTES)
    reading_lines = 0
    # The end first: when the time is up before all of it was read, what went wrong last was.
    for offset, text in reversed(tuple(excerpt.texts(encoding))):
        scan.offset = offset
        reading_lines += _walk(_split(text, scan), scan)
    return _reading(scan, lines=reading_lines, encoding=encoding, window=_window(*excerpt.ends(encoding)))


def read_message(text: str, *, limits: Limits | None = None) -> LogReading:
    """Read what a person wrote: pasted log lines, traces and codes count, a sentence with "error" in it does not."""
    limits = limits or Limits()
    scan = _Scan(limits, prose=True, deadline=time.monotonic() + limits.seconds)
    lines = _split(text[: limits.max_bytes], scan)
    count = _walk(lines, scan)
    stamps = [stamp for line in lines[:_STAMP_LINES] if (stamp := find_stamp(line))]
    window = (stamps[0], stamps[-1]) if stamps else ("", "")
    return _reading(scan, lines=count, encoding="", window=window)


def _split(text: str, scan: _Scan) -> list[str]:
    lines = text.split("\n", scan.limits.max_lines)
    if len(lines) > scan.limits.max_lines:
        scan.cut.add(Cut.LINES)
        lines.pop()
    if any(len(line) > MAX_LINE for line in lines):
        scan.cut.add(Cut.LINE_LENGTH)
    return [clean_line(line) for line in lines]


def _walk(lines: list[str], scan: _Scan) -> int:
    """Collect the findings of the lines; return how many lines were read before the time was up."""
    index = floor = 0
    while index < len(lines):
        if index % 64 == 0 and time.monotonic() > scan.deadline:
            scan.cut.add(Cut.TIME)
            return index
        trace = find_trace(lines, index, floor=floor) if _may_open_trace(lines[index]) else None
        if trace:
            _add_trace(trace, lines, scan)
            index = floor = max(trace.last, index) + 1
            continue
        _add_line(lines[index], index, scan)
        index += 1
    return len(lines)


def _may_open_trace(line: str) -> bool:
    return (
        "at " in line or "Traceback" in line or "#" in line or "race" in line or "panic" in line or "goroutine" in line
    )


def _add_line(line: str, index: int, scan: _Scan) -> None:
    level = find_level(line)
    if scan.prose:
        kind = _prose_kind(line, level)
    elif level >= Level.ERROR or (level is Level.NONE and reads_as_failure(line)):
        kind = FindingKind.ERROR
    else:
        kind = FindingKind.WARNING if level is Level.WARNING else None
    if kind is not None:
        head = strip_header(line) if kind is not FindingKind.CODE else line.strip()
        _add(
            scan, Finding(kind, scan.offset + index + 1, line, head, stamp=find_stamp(line), fatal=level is Level.FATAL)
        )


def _prose_kind(line: str, level: Level) -> FindingKind | None:
    if level is not Level.NONE and find_stamp(line):
        if level >= Level.ERROR:
            return FindingKind.ERROR
        return FindingKind.WARNING if level is Level.WARNING else None
    return FindingKind.CODE if find_signatures(line) else None


def _add_trace(trace: Trace, lines: list[str], scan: _Scan) -> None:
    block = lines[trace.first : trace.last + 1]
    kept = block[:_EXCERPT_LINES]
    if len(block) > _EXCERPT_LINES:
        # The end of a trace names the cause (Java) or what was raised (Python): it is kept with the head.
        kept = [*block[: _EXCERPT_LINES // 2], "…", *block[-(_EXCERPT_LINES // 2) :]]
    head = lines[trace.first]
    # The line that raised was read as an error line a moment ago: the trace takes its place.
    scan.found.pop(_key(FindingKind.ERROR, strip_header(head)), None)
    scan.found.pop(_key(FindingKind.CODE, head.strip()), None)
    finding = Finding(
        FindingKind.STACK_TRACE,
        scan.offset + trace.first + 1,
        "\n".join(kept),
        trace.head,
        cause=trace.cause,
        stamp=find_stamp(head),
        fatal=find_level(head) is Level.FATAL,
        flavour=trace.flavour,
    )
    _add(scan, finding)


def _key(kind: FindingKind, head: str) -> str:
    return f"{kind}:{shape_of(head)}"


def _add(scan: _Scan, finding: Finding) -> None:
    key = _key(finding.kind, finding.head)
    known = scan.found.get(key)
    if known is None and len(scan.found) >= _SHAPES:
        scan.cut.add(Cut.FINDINGS)
    elif known is None:
        scan.found[key] = finding
    else:
        first = min(known, finding, key=lambda one: one.line_no)
        scan.found[key] = replace(first, count=known.count + 1)


def _window(start: str, end: str) -> tuple[str, str]:
    """Return the first and the last time stamp, looked for in the first and last lines only."""
    head, tail = start.split("\n")[:_STAMP_LINES], end.split("\n")[-_STAMP_LINES:]
    first = next((stamp for line in head if (stamp := find_stamp(line))), "")
    last = next((stamp for line in reversed(tail) if (stamp := find_stamp(line))), "")
    return first, last


def _reading(scan: _Scan, *, lines: int, encoding: str, window: tuple[str, str]) -> LogReading:
    ranked = sorted(scan.found.values(), key=LogReading.severity)
    if len(ranked) > scan.limits.max_findings:
        scan.cut.add(Cut.FINDINGS)
    kept = sorted(ranked[: scan.limits.max_findings], key=lambda finding: finding.line_no)
    return LogReading(
        findings=tuple(_finish(finding) for finding in kept),
        lines=lines,
        first_stamp=window[0],
        last_stamp=window[1],
        encoding=encoding,
        cut=tuple(sorted(scan.cut)),
    )


def _finish(finding: Finding) -> Finding:
    """Redact the finding's texts and read the codes in them: nothing before this leaves the module."""
    head = redact(finding.head[:MAX_LINE]).text
    cause = redact(finding.cause).text
    codes = tuple(dict.fromkeys(found.value for found in find_signatures(f"{head}\n{cause}")))
    return replace(
        finding,
        text=redact(finding.text[:_EXCERPT]).text,
        head=head,
        cause=cause,
        signature=codes[0] if codes else shape_of(head)[:200],
        codes=codes,
    )
