"""Finds stack traces in lines: Python, Java, JavaScript, .NET, PHP, Ruby and Go, each a block with head and cause.

Pure. The head is the line that names what was raised last; the cause is the innermost one that it wraps, or empty.
A block is bounded by `MAX_TRACE` lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from triage.loglines import find_stamp, strip_header

MAX_TRACE = 1_000
_LOOK_BACK = 5

_PYTHON_HEAD = "Traceback (most recent call last)"
_PYTHON_CHAIN = re.compile(
    r"During handling of the above exception|The above exception was the direct cause of the following exception"
)
_PYTHON_RAISED = re.compile(r"^(?:[A-Za-z_][\w.]{0,200})(?::|$|\s\()")
_AT = re.compile(
    r"(?:^|(?<=[\s|:\]>]))at (?:async |new )?"
    r"(?:[\w$.<>\[\]`/@,+~-]{1,300}(?: \[as [\w.]{1,80}\])? ?\([^()]{0,500}\)|(?:[a-z-]{1,30}:|/|[A-Za-z]:\\)"
    r"\S{1,400}:\d+)"
)
_AT_MORE = re.compile(
    r"^\s*(?:at \S{1,200}$|\.\.\. \d+ (?:more|common frames omitted)|--- End of .{0,80}---|<\d+ internal calls?>)"
)
_CAUSE = re.compile(r"(?:^|\s)(?:Caused by: |---> |\[cause\]: )(?P<cause>.{1,600})")
_SUPPRESSED = re.compile(r"^\s*Suppressed: ")
_EXCEPTION = re.compile(r"(?:Exception|Error|Throwable|Failure|Fault)\b|Unhandled|Uncaught")
_WRAPPED = ("---> ", "Caused by: ", "[cause]: ")
_PHP_FRAME = re.compile(r"(?:^|(?<=[\s|:\]>]))#\d{1,4} (?:\{main\}|\[internal function\]|\S{1,400}[(:]\d+)")
_PHP_START = re.compile(r"^\W{0,8}(?:Stack trace:|\[stacktrace\])\s*$", re.IGNORECASE)
_PHP_NEXT = re.compile(r"^\s*Next (?P<head>[\w\\]{1,200}(?:Exception|Error)\w*\b.{0,600})")
_PHP_PREVIOUS = re.compile(r"^\s*\[previous exception\] \[object\] \((?P<cause>.{1,600}?)\)?\s*$")
_RUBY_FRAME = re.compile(r"(?:^|(?<=[\s|:\]>]))(?:from )?\S{1,300}:\d{1,6}:in [`'\u2018].{1,200}?['\u2019]")
_RUBY_RAISED = re.compile(
    r":\d{1,6}:in [`'\u2018].{1,200}?['\u2019]: (?P<said>.{0,600}?)\s?\((?P<name>[A-Z][\w:]{1,200})\)\s*$"
)
_FIREFOX_FRAME = re.compile(r"^\s*[\w$.<>/*\[\] ()-]{0,200}@(?:[a-z-]{2,30}://|/)\S{1,400}:\d{1,7}(?::\d{1,7})?\s*$")
_GO_HEAD = re.compile(r"(?:^|(?<=[\s|:\]>]))(?P<head>(?:panic|fatal error): .{1,600}|http: panic serving .{1,600})")
_GO_FRAME = re.compile(
    r"^\s*(?:[\w./*()\[\]-]{1,300}\([^()]{0,300}\)|\S{1,300}\.go:\d+|created by \S+.{0,200}|goroutine \d+ \[.{0,80})"
)


class Flavour(StrEnum):
    PYTHON = "python"
    JVM = "jvm"
    NODE = "node"
    DOTNET = "dotnet"
    PHP = "php"
    GO = "go"
    RUBY = "ruby"


@dataclass(frozen=True, slots=True)
class Trace:
    """A stack trace in lines[first..last]; `head` and `cause` without their log headers."""

    flavour: Flavour
    first: int
    last: int
    head: str
    cause: str


def may_open_trace(line: str) -> bool:
    """Tell, quickly, whether it is worth asking `find_trace`."""
    return (
        "at " in line
        or "Traceback" in line
        or "#" in line
        or "race" in line
        or "panic" in line
        or "goroutine" in line
        or "fatal error" in line
        or ":in " in line
        or ("@" in line and ":" in line)
    )


def find_trace(lines: Sequence[str], at: int, *, floor: int = 0) -> Trace | None:
    """Return the trace whose first sure sign stands at `lines[at]`, or None; it never reaches back before `floor`."""
    line = lines[at]
    if _PYTHON_HEAD in line:
        return _python(lines, at)
    if _AT.search(line):
        return _at_family(lines, at, floor)
    if _PHP_START.search(line) or _PHP_FRAME.search(line):
        return _php(lines, at, floor)
    if ":in " in line and _RUBY_FRAME.search(line):
        return _ruby(lines, at, floor)
    if "@" in line and _FIREFOX_FRAME.match(line):
        return _firefox(lines, at, floor)
    if _GO_HEAD.search(line) or "goroutine " in line[:40]:
        return _go(lines, at)
    return None


def _python(lines: Sequence[str], at: int) -> Trace:
    first, raised, index, end = at, [], at, min(len(lines), at + MAX_TRACE)
    last = at
    while index < end and _PYTHON_HEAD in lines[index]:
        indent = lines[index].index(_PYTHON_HEAD)
        index += 1
        prefixed = index < end and bool(lines[index][:1].strip()) and 'File "' in lines[index]
        while index < end and _python_body(lines[index], indent, prefixed=prefixed):
            last, index = index, index + 1
        if index < end and _PYTHON_RAISED.match(lines[index][indent:] if prefixed else lines[index].strip()):
            raised.append((lines[index][indent:] if prefixed else lines[index]).strip())
            last, index = index, index + 1
        following = _next_filled(lines, index, end)
        if following < end and _PYTHON_CHAIN.search(lines[following]):
            index = _next_filled(lines, following + 1, end)
    head = raised[-1] if raised else _PYTHON_HEAD
    return Trace(Flavour.PYTHON, first, last, head, raised[0] if len(raised) > 1 else "")


def _python_body(line: str, indent: int, *, prefixed: bool) -> bool:
    body = line[indent:] if prefixed else line
    return body[:1] in (" ", "\t", "|", "+") or body.lstrip().startswith('File "')


def _next_filled(lines: Sequence[str], index: int, end: int) -> int:
    while index < end and not lines[index].strip():
        index += 1
    return index


def _at_family(lines: Sequence[str], at: int, floor: int) -> Trace | None:
    last, frames, cause = at, 0, ""
    for index in range(at, min(len(lines), at + MAX_TRACE)):
        line = lines[index]
        inner = _CAUSE.search(line)
        if _AT.search(line):
            frames += 1
        elif inner:
            cause = inner.group("cause")
        elif not (_AT_MORE.search(line) or _SUPPRESSED.search(line)):
            break
        last = index
    head_at = _head_before(lines, at, floor)
    named = head_at < at and bool(_EXCEPTION.search(lines[head_at]))
    if not named and frames < 2:
        return None
    head = strip_header(lines[head_at])
    if not cause:
        # .NET writes the wrapped exceptions before the first frame, on the head's own line or below it.
        above = [match for line in lines[head_at:at] if (match := _CAUSE.search(line))]
        cause = above[-1].group("cause") if above else ""
    return Trace(_flavour(lines[at : last + 1]), head_at, last, head.split(" ---> ")[0], cause.strip())


def _head_before(lines: Sequence[str], at: int, floor: int) -> int:
    """Return the index of the line that raised: the nearest one above that names an exception, else the one above."""
    lowest = max(floor, at - _LOOK_BACK)
    for index in range(at - 1, lowest - 1, -1):
        if not lines[index].strip():
            break
        if _EXCEPTION.search(lines[index]) and not lines[index].lstrip().startswith(_WRAPPED):
            return index
        if find_stamp(lines[index]):
            break
    above = lines[at - 1].strip() if at > floor else ""
    return at - 1 if above and not above.startswith(("```", "at ")) else at


def _flavour(frames: Sequence[str]) -> Flavour:
    text = "\n".join(frames[:40])
    if re.search(r"\.(?:m?[jt]sx?|cjs):\d+|node:", text):
        return Flavour.NODE
    if re.search(r"\.(?:java|kt|scala|groovy):\d+\)|Native Method\)|Unknown Source\)|Caused by: ", text):
        return Flavour.JVM
    return Flavour.DOTNET


def _php(lines: Sequence[str], at: int, floor: int) -> Trace | None:
    frames, last, outer, previous = 0, at, "", ""
    for index in range(at, min(len(lines), at + MAX_TRACE)):
        line = lines[index]
        if _PHP_FRAME.search(line):
            frames += 1
        elif found := _PHP_NEXT.match(line):
            outer = found["head"]
        elif found := _PHP_PREVIOUS.match(line):
            previous = found["cause"]
        elif line.strip() in ("", '"}') or _PHP_START.search(line) or re.match(r"^\s+thrown in ", line):
            continue  # part of the trace only if more of it follows
        elif index > at:
            break
        last = index
    head_at = _head_before(lines, at, floor)
    if frames < 2 and not (frames and head_at < at and _EXCEPTION.search(lines[head_at])):
        return None
    head = strip_header(lines[head_at])
    # PHP writes the innermost exception first and what wraps it below; Laravel the other way round.
    return Trace(Flavour.PHP, head_at, last, outer or head, head if outer else previous)


def _ruby(lines: Sequence[str], at: int, floor: int) -> Trace | None:
    """Ruby writes where and what on the first line, or what above the frames; a cause follows as another such line."""
    raised: list[str] = []
    frames, last = 0, at
    for index in range(at, min(len(lines), at + MAX_TRACE)):
        line = lines[index]
        if ":in " not in line or not _RUBY_FRAME.search(line):
            if line.strip() or index == at:
                break
            continue
        frames, last = frames + 1, index
        if said := _RUBY_RAISED.search(line):
            raised.append(f"{said['name']}: {said['said']}")
    if raised:
        return Trace(Flavour.RUBY, at, last, raised[0], raised[-1] if len(raised) > 1 else "")
    head_at = _head_before(lines, at, floor)
    if head_at == at or frames < 2:
        return None
    return Trace(Flavour.RUBY, head_at, last, strip_header(lines[head_at]), "")


def _firefox(lines: Sequence[str], at: int, floor: int) -> Trace | None:
    last = at
    while last + 1 < min(len(lines), at + MAX_TRACE) and _FIREFOX_FRAME.match(lines[last + 1]):
        last += 1
    head_at = _head_before(lines, at, floor)
    if head_at == at or (last == at and not _EXCEPTION.search(lines[head_at])):
        return None
    return Trace(Flavour.NODE, head_at, last, strip_header(lines[head_at]), "")


def _go(lines: Sequence[str], at: int) -> Trace | None:
    """The panic above the goroutines; one that came while another was handled names the first as its cause."""
    said = _GO_HEAD.search(lines[at])
    heads = [said["head"]] if said else []
    frames, last = 0, at
    for index in range(at + 1, min(len(lines), at + MAX_TRACE)):
        line = lines[index]
        if _GO_FRAME.match(line):
            frames += 1
            last = index
        elif again := re.match(r"^\s+(panic: .{1,600})", line):
            heads.append(again[1])
        elif line.strip() and not line.startswith("[signal"):
            break
    if frames < 2:
        return None
    head = heads[-1] if heads else lines[at].strip()
    return Trace(Flavour.GO, at, last, head, heads[0] if len(heads) > 1 else "")
