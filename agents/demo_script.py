"""Reads the demo's requests from `demo_requests/*.md`: who wrote what when, and what the staff did about it.

Pure: no Django. Times are told from now ("12d 09:30": twelve working days ago; "-2h35m": before now), so that the story
is always a recent one; {D-1} (a date), {S-1} (as in a syslog) and {W-1} (a weekday) are days around the filing.
"""

import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path

SCRIPTS = Path(__file__).parent / "demo_requests"
FILES = SCRIPTS / "files"

# Makes the demo's filings the same filings on every run.
NAMESPACE = uuid.UUID("7c5d1f0e-5a0b-4a53-9f0c-6d3f0f5f2a11")

_EVENT = re.compile(
    r"## (?P<at>\d+d \d\d:\d\d|-\S+) (?P<who>\w+) "
    r"(?P<verb>writes|replies|sends draft|edits draft|rejects draft|notes|sets|solves)"
    r"(?: with (?P<file>\S+)| (?P<detail>\S.*))?"
)
_FIELD = re.compile(r"(by|at|category|priority|language|unverified|attach|shown): (.+)")
_AGO = re.compile(r"(?P<days>\d+)d (?P<hour>\d\d):(?P<minute>\d\d)|-(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?")
_DAY = re.compile(r"\{(?P<form>[DSW])(?P<days>[+-]\d+)?\}")
_FORMS = {"D": "%Y-%m-%d", "S": "%b %d", "W": "%A"}


class Verb(StrEnum):
    WRITES = "writes"
    REPLIES = "replies"
    SENDS_DRAFT = "sends draft"
    EDITS_DRAFT = "edits draft"
    REJECTS_DRAFT = "rejects draft"
    NOTES = "notes"
    SETS = "sets"
    SOLVES = "solves"


@dataclass(frozen=True)
class Event:
    """One thing that somebody did. `detail` is a rejection's reason, or the fields that were set."""

    moment: datetime
    who: str
    verb: Verb
    text: str = ""
    detail: str = ""
    file: str = ""


@dataclass(frozen=True)
class DemoRequest:
    """A request as its writer filled in the form, and everything that happened to it since, in order."""

    key: str
    subject: str
    by: str
    moment: datetime
    text: str
    category: str
    priority: str
    language: str
    is_verified: bool
    file: str
    shown: tuple[tuple[str, bool], ...]
    """Paths of the articles beside the form, and whether the writer opened them."""
    events: tuple[Event, ...]

    def on_its_days(self, text: str) -> str:
        """The text with its {D-1} and the like as days around the filing."""

        def day(match: re.Match[str]) -> str:
            moment = self.moment + timedelta(days=int(match["days"] or 0))
            return moment.strftime(_FORMS[match["form"]])

        return _DAY.sub(day, text)

    def file_text(self, name: str) -> str:
        """The text of one of its files; a name that ends in .gz is that of the plain one."""
        return self.on_its_days((FILES / name.removesuffix(".gz")).read_text(encoding="utf-8"))

    @property
    def filing_key(self) -> uuid.UUID:
        return uuid.uuid5(NAMESPACE, self.key)


def read_requests(now: datetime) -> list[DemoRequest]:
    """Every request of the demo, the earliest first."""
    found = []
    for script in sorted(SCRIPTS.glob("*.md")):
        parts = re.split(r"^# ", script.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
        found += [_read(part, now) for part in parts]
    return sorted(found, key=lambda request: request.moment)


def moment_of(text: str, now: datetime) -> datetime:
    """The moment that "12d 09:30" or "-2h35m" names."""
    match = _AGO.fullmatch(text)
    if match is None or text == "-":
        raise ValueError(f"not a time: {text}")
    if match["days"] is None:
        return now - timedelta(hours=int(match["hours"] or 0), minutes=int(match["minutes"] or 0))
    day = now.date()
    for _number in range(int(match["days"])):
        day -= timedelta(days=3 if day.weekday() == 0 else 2 if day.weekday() == 6 else 1)
    return datetime.combine(day, time(int(match["hour"]), int(match["minute"])), UTC)


def _read(part: str, now: datetime) -> DemoRequest:
    subject, *lines = part.rstrip("\n").split("\n")
    heads = [number for number, line in enumerate(lines) if line.startswith("## ")]
    opening = lines[: heads[0]] if heads else lines
    fields: dict[str, str] = {}
    while opening and (match := _FIELD.fullmatch(opening[0])):
        fields[match[1]] = match[2]
        opening = opening[1:]
    request = DemoRequest(
        key=f"{fields['by']}: {subject.strip()}",
        subject=subject.strip(),
        by=fields["by"],
        moment=moment_of(fields["at"], now),
        text="\n".join(opening).strip(),
        category=fields.get("category", ""),
        priority=fields.get("priority", ""),
        language=fields.get("language", "en"),
        is_verified="unverified" not in fields,
        file=fields.get("attach", ""),
        shown=tuple(_shown(fields.get("shown", ""))),
        events=tuple(_events(lines, heads, now)),
    )
    _check(request)
    return request


def _shown(text: str) -> Iterator[tuple[str, bool]]:
    for path in filter(None, text.split(", ")):
        yield path.removesuffix("*"), path.endswith("*")


def _events(lines: Sequence[str], heads: Sequence[int], now: datetime) -> Iterator[Event]:
    for head, end in zip(heads, [*heads, len(lines)][1:], strict=True):
        match = _EVENT.fullmatch(lines[head])
        if match is None:
            raise ValueError(f"not an event: {lines[head]}")
        yield Event(
            moment=moment_of(match["at"], now),
            who=match["who"],
            verb=Verb(match["verb"]),
            text="\n".join(lines[head + 1 : end]).strip(),
            detail=match["detail"] or "",
            file=match["file"] or "",
        )


def _check(request: DemoRequest) -> None:
    moments = [request.moment, *(event.moment for event in request.events)]
    if moments != sorted(moments):
        raise ValueError(f"{request.key}: somebody acts before what they act on")
