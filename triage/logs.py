"""Reads logs and messages for what went wrong: error lines, stack traces, codes, the time window.

Pure and bounded: bytes or text in, frozen findings out, whatever a hostile file holds. No finding leaves this
module before `kb.redaction` has seen it. What was not read is said (`unread`, `cut`), never passed over.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum

from kb.redaction import redact
from kb.signatures import Signature, SignatureKind, find_signatures
from triage.excerpts import KEPT, Excerpt, encoding_of, excerpt_of
from triage.grouping import Grouping, Shape
from triage.headers import header_end
from triage.inputlines import Lines, lines_of
from triage.loglines import MAX_LINE, Level, find_level, find_stamp, reads_as_failure, strip_header
from triage.masking import mask_message
from triage.mentions import find_hosts, find_versions
from triage.traces import Trace, find_trace, may_open_trace

_SHAPES = 4_000  # distinct shapes remembered; a file of noise with more is summarised by its first ones
_EXCERPT_LINES = 12
_EXCERPT = 2_400
_STAMP_LINES = 200
_MENTION_LINES = 300  # of the head, and as many of the tail, are read for versions and hosts
_CONTINUED = 6  # indented lines below an error line that are its own
_TEMPLATE = 300
_MARKS = 8
_SHAPE_WORDS = 3  # a template with fewer words of its own names no fault


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

    max_bytes: int = KEPT
    max_lines: int = 60_000
    max_findings: int = 12
    seconds: float = 1.5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that went wrong. `text`, `head`, `cause` and `template` are redacted; `line_no` counts from 1.

    `template` is the message with what varies masked, `count` how many lines have it; `marks` name the fault as the
    index of articles does ("code:ORA-00942"), so that articles and past findings can be asked whether they know it.
    """

    kind: FindingKind
    line_no: int
    text: str
    head: str
    cause: str = ""
    signature: str = ""
    codes: tuple[str, ...] = ()
    template: str = ""
    marks: tuple[str, ...] = ()
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
    versions: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

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
    prose: bool = False
    found: dict[tuple[FindingKind, Shape], Finding] = field(default_factory=dict)
    cut: set[Cut] = field(default_factory=set)
    mentions: list[str] = field(default_factory=list)
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
    for before, text in reversed(tuple(excerpt.texts(encoding))):
        reading_lines += _walk(_lines(text, scan, before=before), scan)
    return _reading(scan, lines=reading_lines, encoding=encoding, window=_window(*excerpt.ends(encoding)))


def read_message(text: str, *, limits: Limits | None = None) -> LogReading:
    """Read what a person wrote: pasted log lines, traces and codes count, a sentence with "error" in it does not."""
    limits = limits or Limits()
    scan = _Scan(limits, prose=True, deadline=time.monotonic() + limits.seconds)
    lines = _lines(text[: limits.max_bytes], scan)
    count = _walk(lines, scan)
    stamps = [stamp for line in lines.texts[:_STAMP_LINES] if (stamp := find_stamp(line))]
    window = (stamps[0], stamps[-1]) if stamps else ("", "")
    return _reading(scan, lines=count, encoding="", window=window)


def _lines(text: str, scan: _Scan, *, before: int = 0) -> Lines:
    lines = lines_of(text, most=scan.limits.max_lines, before=before)
    if lines.has_more:
        scan.cut.add(Cut.LINES)
    if lines.is_clipped:
        scan.cut.add(Cut.LINE_LENGTH)
    scan.mentions += [*lines.texts[:_MENTION_LINES], *lines.texts[_MENTION_LINES:][-_MENTION_LINES:]]
    return lines


def _walk(lines: Lines, scan: _Scan) -> int:
    """Collect the findings of the lines; return how many lines were read before the time was up."""
    texts, numbers = lines.texts, lines.numbers
    index = floor = 0
    while index < len(texts):
        if index % 8 == 0 and time.monotonic() > scan.deadline:
            scan.cut.add(Cut.TIME)
            return numbers[index] - numbers[0]
        trace = find_trace(texts, index, floor=floor) if may_open_trace(texts[index]) else None
        if trace:
            _add_trace(trace, lines, scan)
            index = floor = max(trace.last, index) + 1
        else:
            index += _add_line(lines, index, scan)
    return numbers[-1] - numbers[0] + 1 if numbers else 0


def _add_line(lines: Lines, index: int, scan: _Scan) -> int:
    """Take the line in, with those that are its own, if it tells of anything; return how many lines that was."""
    line = lines.texts[index]
    level = find_level(line)
    if scan.prose:
        kind = _prose_kind(line, level)
    elif level >= Level.ERROR or (level is Level.NONE and reads_as_failure(line)):
        kind = FindingKind.ERROR
    else:
        kind = FindingKind.WARNING if level is Level.WARNING else None
    if kind is None:
        return 1
    head = strip_header(line) if kind is not FindingKind.CODE else line.strip()
    own = [line, *_continued(lines.texts, index)] if kind is not FindingKind.CODE and header_end(line) else [line]
    fatal = level is Level.FATAL
    text = "\n".join(own)
    _add(scan, Finding(kind, lines.numbers[index], text, head, stamp=find_stamp(line), fatal=fatal))
    return len(own)


def _continued(texts: list[str], index: int) -> list[str]:
    """The indented lines below a line, which say more of the same; a trace among them is read by itself."""
    own: list[str] = []
    for line in texts[index + 1 : index + 1 + _CONTINUED]:
        if line[:1] not in (" ", "\t") or not line.strip() or may_open_trace(line):
            break
        own.append(line)
    return own


def _prose_kind(line: str, level: Level) -> FindingKind | None:
    if level is not Level.NONE and find_stamp(line):
        if level >= Level.ERROR:
            return FindingKind.ERROR
        return FindingKind.WARNING if level is Level.WARNING else None
    return FindingKind.CODE if find_signatures(line) else None


def _add_trace(trace: Trace, lines: Lines, scan: _Scan) -> None:
    block = lines.texts[trace.first : trace.last + 1]
    kept = block[:_EXCERPT_LINES]
    if len(block) > _EXCERPT_LINES:
        # The end of a trace names the cause (Java) or what was raised (Python): it is kept with the head.
        kept = [*block[: _EXCERPT_LINES // 2], "…", *block[-(_EXCERPT_LINES // 2) :]]
    head = lines.texts[trace.first]
    # The line that raised was read as an error line a moment ago: the trace takes its place.
    _take_back(scan, FindingKind.ERROR, strip_header(head), lines.numbers[trace.first])
    _take_back(scan, FindingKind.CODE, head.strip(), lines.numbers[trace.first])
    finding = Finding(
        FindingKind.STACK_TRACE,
        lines.numbers[trace.first],
        "\n".join(kept),
        trace.head,
        cause=trace.cause,
        stamp=find_stamp(head),
        fatal=find_level(head) is Level.FATAL,
        flavour=trace.flavour,
    )
    _add(scan, finding)


def _take_back(scan: _Scan, kind: FindingKind, head: str, line_no: int) -> None:
    key = (kind, mask_message(head))
    known = scan.found.get(key)
    if known is not None and known.count > 1 and known.line_no != line_no:
        scan.found[key] = replace(known, count=known.count - 1)
    else:
        scan.found.pop(key, None)


def _add(scan: _Scan, finding: Finding) -> None:
    key = (finding.kind, mask_message(finding.head))
    if key not in scan.found and len(scan.found) >= _SHAPES:
        scan.cut.add(Cut.FINDINGS)
    else:
        scan.found[key] = _joined(scan.found.get(key), finding)


def _joined(known: Finding | None, finding: Finding) -> Finding:
    if known is None:
        return finding
    return replace(min(known, finding, key=lambda one: one.line_no), count=known.count + finding.count)


def _grouped(scan: _Scan) -> list[Finding]:
    """One finding per kind and template."""
    groupings: dict[FindingKind, Grouping] = defaultdict(Grouping)
    for (kind, shape), finding in scan.found.items():
        groupings[kind].add_shape(shape, count=finding.count)
    templates = {kind: grouping.groups() for kind, grouping in groupings.items()}
    found: dict[tuple[FindingKind, str], Finding] = {}
    for (kind, shape), finding in scan.found.items():
        template = templates[kind][shape]
        found[kind, template] = _joined(found.get((kind, template)), replace(finding, template=template))
    return list(found.values())


def _window(start: str, end: str) -> tuple[str, str]:
    """Return the first and the last time stamp, looked for in the first and last lines only."""
    head, tail = start.split("\n")[:_STAMP_LINES], end.split("\n")[-_STAMP_LINES:]
    first = next((stamp for line in head if (stamp := find_stamp(line))), "")
    last = next((stamp for line in reversed(tail) if (stamp := find_stamp(line))), "")
    return first, last


def _reading(scan: _Scan, *, lines: int, encoding: str, window: tuple[str, str]) -> LogReading:
    ranked = sorted(_grouped(scan), key=LogReading.severity)
    if len(ranked) > scan.limits.max_findings:
        scan.cut.add(Cut.FINDINGS)
    kept = sorted(ranked[: scan.limits.max_findings], key=lambda finding: finding.line_no)
    mentions = [*scan.mentions, *(line for finding in kept for line in finding.text.split("\n"))]
    return LogReading(
        findings=tuple(_finish(finding) for finding in kept),
        lines=lines,
        first_stamp=window[0],
        last_stamp=window[1],
        encoding=encoding,
        cut=tuple(sorted(scan.cut)),
        versions=tuple(_unredacted(find_versions(mentions))),
        hosts=tuple(_unredacted(find_hosts(mentions))),
    )


def _unredacted(names: tuple[str, ...]) -> list[str]:
    """Those that hold nothing to redact."""
    return [name for name in names if redact(name).text == name]


def _finish(finding: Finding) -> Finding:
    """Redact the finding's texts and read the codes in them: nothing before this leaves the module."""
    head = redact(finding.head[:MAX_LINE]).text
    cause = redact(finding.cause[:MAX_LINE]).text
    template = redact(finding.template[:_TEMPLATE].replace("= ", "=")).text
    signatures = find_signatures(f"{head}\n{cause}")
    codes = tuple(dict.fromkeys(found.value for found in signatures))
    return replace(
        finding,
        text=redact(finding.text[:_EXCERPT]).text,
        head=head,
        cause=cause,
        template=template,
        signature=codes[0] if codes else template[:200],
        codes=codes,
        marks=_marks(signatures, template),
    )


def _marks(signatures: tuple[Signature, ...], template: str) -> tuple[str, ...]:
    """What names the fault: its codes and messages; a class or a status alone only where there is nothing better."""
    telling = [one for one in signatures if one.kind in (SignatureKind.CODE, SignatureKind.MESSAGE)]
    marks = [f"{one.kind}:{one.value}" for one in telling or signatures]
    if sum(word.isalpha() for word in template.split()) >= _SHAPE_WORDS:
        marks.append(f"template:{template}")
    return tuple(dict.fromkeys(marks))[:_MARKS]
