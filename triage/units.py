"""Cuts the text of an article into what one would quote whole: sentences, steps, list items, commands, headings.

Pure. Every unit is an exact span of the text that it was cut from, so a quotation can be checked by character.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from triage.facts import Form

_STEP = re.compile(r"\s{0,12}(\d{1,3})[.)]\s+")
_ITEM = re.compile(r"\s{0,12}[-*•–]\s+")
_SENTENCE_END = re.compile(r"[.!?…][\"”’')\]*_]{0,3}\s+(?=[\"“‘'(\[*_`]{0,2}[A-Z0-9`$/])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|incl|resp|mr|mrs|dr|st|ver|min|max)|\b[A-Z]|^\d{1,2})\.$", re.I
)
_PROGRAMS = (
    "bin/magento composer magento-cloud php git curl ssh mysql mysqldump redis-cli docker docker-compose kubectl npm"
    " npx yarn pip pip3 python python3 systemctl service chmod chown rm cp mv ls cd tar grep cat echo vi nano patch"
    " unzip wget rsync nginx apt apt-get yum brew export crontab openssl ping dig nslookup netstat ps kill tail msiexec"
)
_STATEMENTS = "SELECT INSERT UPDATE DELETE ALTER CREATE DROP SHOW OPTIMIZE ANALYZE SET GRANT TRUNCATE"
_COMMAND = re.compile(
    r"\s{0,8}(?:[$#>] |\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d|(?:sudo |php )?(?:"
    + "|".join(map(re.escape, _PROGRAMS.split()))
    + r")(?:$| [-./~<{$\w\"'])"
    r"|(?:" + "|".join(_STATEMENTS.split()) + r") .{0,300};$"
    r"|<[/?!\w]|[{}\]];?,?$|[\w.\[\]\"'-]{1,60}\s?[:=]\s?[\"'{\[]|--\w)"
)
# What stands alone after "Run:" or "this message:" is to be typed or was printed, unless it reads like words.
_TYPED = re.compile(
    r"(?=[^!?]{0,200}(?:\s--?\w|[/_=<>{}$\\()]|\w: ))[A-Za-z./$<{\[\"'~-]|(?:[a-z][\w.-]{0,40} ?){1,6}$"
)
# Of plain words only those are typed that are announced so: "Run:", not "one of these:".
_PLAIN_WORDS = re.compile(r"(?:[a-z][\w.-]{0,40} ?){1,6}$")
_SAYS_TYPED = re.compile(
    r"^\s{0,12}\d{1,3}[.)]\s|\b(?:runs?|running|types?|enter|execut\w+|commands?|pastes?|query|code|output|messages?|errors?|logs?|prompt)\b",
    re.IGNORECASE,
)
_LONG = 400
_PROSE = re.compile(r"(?:\b[a-z]{2,}\b[ ,]{1,2}){4}.*[.:]$")


@dataclass(frozen=True, slots=True)
class Unit:
    """text == source[start:end]. `number` is a step's own; `block` counts the paragraphs, from 0."""

    text: str
    start: int
    end: int
    form: Form
    block: int
    number: int = 0


def cut_units(text: str, start: int, end: int) -> tuple[Unit, ...]:
    """Return the units of text[start:end] in order; together they cover all but white space and list marks."""
    return tuple(_units(text, start, end))


def is_command(line: str) -> bool:
    """Tell whether a line is to be typed or pasted, by its beginning; prose that begins like one ends as a sentence."""
    return bool(_COMMAND.match(line)) and not _PROSE.search(line.strip())


def _units(text: str, start: int, end: int) -> Iterator[Unit]:
    held: list[tuple[int, int]] = []  # lines of the paragraph being read
    form, number, block, announced = Form.SENTENCE, 0, 0, ""
    for first, last in _lines(text, start, end):
        line = text[first:last]
        step, item = _STEP.match(line), _ITEM.match(line)
        opens = step or item
        inside = form is Form.COMMAND and bool(held) and not _PROSE.search(line.strip())
        typed = bool(announced) and _is_typed(line.strip(), announced)
        command = not opens and bool(line.strip()) and (is_command(line) or inside or typed)
        if not line.strip() or opens or command is not (form is Form.COMMAND and bool(held)):
            yield from _flush(text, held, form, number, block)
            held = []
            block += not line.strip()
            form, number = Form.COMMAND if command else Form.SENTENCE, 0
        if step:
            form, number, first = Form.STEP, int(step.group(1)), first + step.end()
        elif item:
            form, first = Form.ITEM, first + item.end()
        if line.strip():
            held.append((first, last))
            announced = line if line.rstrip().endswith(":") else ""
    yield from _flush(text, held, form, number, block)


def _is_typed(line: str, announced: str) -> bool:
    if not _TYPED.match(line) or line.endswith((".", ":", "?", "!")):
        return False
    return not _PLAIN_WORDS.match(line) or bool(_SAYS_TYPED.search(announced))


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    position = start
    while position < end:
        stop = text.find("\n", position, end)
        stop = end if stop < 0 else stop
        yield position, stop
        position = stop + 1


def _flush(text: str, held: list[tuple[int, int]], form: Form, number: int, block: int) -> Iterator[Unit]:
    if not held:
        return
    first, last = _trim(text, held[0][0], held[-1][1])
    if first >= last:
        return
    if form is Form.SENTENCE and len(held) > 1:
        yield from _lines_together(text, held, block)
    elif form is Form.SENTENCE:
        for begin, stop in _sentences(text, first, last):
            yield Unit(text[begin:stop], begin, stop, form, block)
    else:
        yield Unit(text[first:last], first, last, form, block, number)


def _lines_together(text: str, held: list[tuple[int, int]], block: int) -> Iterator[Unit]:
    """Paragraphs are one line each in the source: several lines are a table, code, or lines broken on purpose."""
    lines = [text[first:last].strip() for first, last in held]
    if sum(" | " in line for line in lines) * 2 > len(lines):
        for first, last in held:
            begin, stop = _trim(text, first, last)
            yield Unit(text[begin:stop], begin, stop, Form.ITEM, block)
    elif sum(line.endswith((".", "!", "?", ":")) for line in lines) * 2 >= len(lines):
        for first, last in held:
            for begin, stop in _sentences(text, first, last):
                yield Unit(text[begin:stop], begin, stop, Form.SENTENCE, block)
    else:
        first, last = _trim(text, held[0][0], held[-1][1])
        yield Unit(text[first:last], first, last, Form.COMMAND, block)


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _SENTENCE_END.finditer(text, start, end):
        stop = match.start() + len(match.group().rstrip())
        said = text[begin:stop]
        inside_quotes = said.count('"') % 2 or said.count("“") > said.count("”")
        if _ABBREVIATION.search(text[begin : match.start() + 1]) or (inside_quotes and len(said) < _LONG):
            continue
        yield _trim(text, begin, stop)
        begin = match.end()
    if begin < end:
        yield _trim(text, begin, end)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
