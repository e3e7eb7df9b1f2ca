"""One line of a log or of prose: made printable, its time stamp, its level, its shape.

Pure. Every caller clips a line to `MAX_LINE` first, and every pattern here is linear on such a line, so hostile
input costs time in proportion to its length.
"""

import re
from enum import IntEnum

from triage.headers import message_of
from triage.masking import mask_message

MAX_LINE = 2_000
_SHAPE = 300
_HEADER = 160  # a stamp or a level further right belongs to the message

_ANSI = re.compile(r"\x1b(?:\[[0-9;?]{0,20}[ -/]{0,4}[@-~]|[@-Z\\-_])")
# C0 and C1 but tab, lone surrogates, byte order marks, and the marks that turn the direction of text around.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)

_STAMP = re.compile(
    r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}"
    r"|(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {1,2}\d{1,2} \d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?: \d{4})?"
    r"|\d{1,2}/[A-Z][a-z]{2}/\d{4}:\d{2}:\d{2}:\d{2}(?: [+-]\d{4})?"
    r"|\d{2}[/.-]\d{2}[/.-]\d{2,4} \d{2}:\d{2}:\d{2}"
    r"|^\d{6} \d{6}(?= )"
)
_NAMES = "EMERG(?:ENCY)?|ALERT|CRIT(?:ICAL)?|FATAL|SEVERE|PANIC|ERR(?:OR)?|WARN(?:ING)?|NOTICE|INFO|DEBUG|TRACE|VERBOSE"
# A level is written in capitals, or between brackets, or as the value of a key; "error" in a sentence is none.
_LEVEL = re.compile(
    rf"(?:^|[^\w-])(?P<upper>{_NAMES})(?=$|[^\w-])"
    rf"|[\[<(](?:[\w-]{{1,20}}:)?(?P<bracket>(?i:{_NAMES}))[\]>)]"
    rf"|(?i:\b(?:level|lvl|severity)\"?\s{{0,2}}[=:]\s{{0,2}}\"?)(?P<key>(?i:{_NAMES}))\b"
    r"|^(?P<word>(?i:fatal error|fatal|error|warning|panic|npm err!))\s?:"
)
_SERVER_ERROR = re.compile(r'" (5\d\d) (?:\d|-)')
_FAILURE = re.compile(
    r"\b(?:fatal|errors?|exception|fail(?:ed|ure|ures|s)?|denied|refused|timed? ?out|unreachable|cannot|can't|could not"
    r"|couldn't|unable to|segfault|segmentation fault|out of memory|oom-killer|killed process|panic|abort(?:ed)?"
    r"|corrupt(?:ed)?|uncaught|unhandled)\b|\w(?:Exception|Error)\b",
    re.IGNORECASE,
)
_NO_FAILURE = re.compile(
    r"\b(?:no|0|zero|without(?: an?)?) (?:errors?|failures?|exceptions?)\b|\b(?:errors?|fail(?:ed|ures?))\s?[=:]\s?0\b",
    re.IGNORECASE,
)


class Level(IntEnum):
    """How bad a line says it is; `NONE` where it says nothing."""

    NONE = 0
    CALM = 1
    WARNING = 2
    ERROR = 3
    FATAL = 4


def clean_line(line: str) -> str:
    """Return the line clipped, without terminal colours, control characters or direction marks."""
    clipped = line.lstrip("\x00")[:MAX_LINE]  # log rotation leaves NULs behind
    if clipped.isascii() and clipped.isprintable():
        return clipped
    return _UNPRINTABLE.sub(" ", _ANSI.sub("", clipped)).rstrip()


def find_stamp(line: str) -> str:
    """Return the line's time stamp as it is written, or an empty string."""
    match = _STAMP.search(line[:_HEADER])
    return match.group() if match else ""


def find_level(line: str) -> Level:
    """Return the level that the line declares; the leftmost one counts, so an INFO line about an ERROR is calm."""
    match = _LEVEL.search(line[:_HEADER])
    if match is None:
        return Level.ERROR if _SERVER_ERROR.search(line) else Level.NONE
    name = (match.group("upper") or match.group("bracket") or match.group("key") or match.group("word")).upper()
    if name.startswith(("EMERG", "ALERT", "CRIT", "FATAL", "SEVERE", "PANIC")):
        return Level.FATAL
    if name.startswith(("ERR", "NPM")):
        return Level.ERROR
    return Level.WARNING if name.startswith("WARN") else Level.CALM


def strip_header(line: str) -> str:
    """Return what follows the header: the part that a person would quote."""
    return message_of(line[:MAX_LINE])


def reads_as_failure(line: str) -> bool:
    """Tell whether the words of the line report that something went wrong."""
    return bool(_FAILURE.search(line)) and not _NO_FAILURE.search(line)


def shape_of(line: str) -> str:
    """Return the line's message with what varies in it masked, to group repetitions."""
    return shape_of_message(strip_header(line))


def shape_of_message(message: str) -> str:
    """Return the shape of a message whose header is already off."""
    return " ".join(mask_message(message))[:_SHAPE]
