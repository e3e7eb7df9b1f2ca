"""The parts of an article by what they are for: what goes wrong, why, what to do, where it applies, what else to read.

Pure. Read from headings; where they say nothing the part is plain body. The role decides what a draft may be made of.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from triage.facts import ArticleEvidence, PassageEvidence


class Role(StrEnum):
    INTRO = "intro"
    ISSUE = "issue"
    CAUSE = "cause"
    SOLUTION = "solution"
    SCOPE = "scope"
    MORE = "more"
    BODY = "body"


_ROLES = (
    (Role.MORE, r"related|see also|more (?:help|info\w*)|references?|resources?|further reading|feedback|links?"),
    (
        Role.ISSUE,
        (
            r"steps to reproduce|issues?|symptoms?|problems?|what you (?:may )?see|what happens|expected|actual"
            "|error messages?|description|details"
        ),
    ),
    (
        Role.SCOPE,
        (
            r"affected|^versions?$|(?:compatible|supported|applicable)\b.{0,40} versions?|applies to|prerequisites?"
            r"|requirements?|before you start|environment|compatib\w+"
        ),
    ),
    (Role.CAUSE, r"causes?|root cause|reasons?|why"),
    (
        Role.SOLUTION,
        (
            r"solutions?|resolution|resolve|fix(?:es|ing)?|workarounds?|work around|how to|steps?|apply|procedure"
            r"|instructions?|what (?:to do|you should do|can you do)|recommend(?:ed|ation|ations)?|mitigation|actions?"
            r"|patch(?:es)?|remedy"
        ),
    ),
)
_PATTERNS = tuple((role, re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)) for role, pattern in _ROLES)
_BARE = re.compile(
    r"^\W*(?:the )?(?:possible |suggested )?(?:solutions?|resolution|workarounds?|fix|steps?)\W*$", re.IGNORECASE
)
# Headings of support articles as they stand in plain text, where an import or an author lost their mark-up.
_HEADING_LINE = re.compile(
    r"^[ \t]{0,8}(affected (?:products and )?versions?(?: and products)?|issues?|symptoms?|description"
    r"|(?:root )?causes?|(?:possible )?solutions?|resolution|workarounds?|fix|apply the patch"
    r"|how to apply (?:the|a) patch"
    r"|steps to reproduce|expected results?|actual results?|related reading|see also|more help"
    r"|prerequisites?)[ \t:?]{0,4}$",
    re.IGNORECASE | re.MULTILINE,
)
_SURE_SOLUTION = re.compile(
    r"^\W*(?:the )?(?:possible |suggested )?(?:solution|resolution|workaround|fix|how to fix)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Part:
    """Neighbouring passages under one heading path: text[start:end], with the similarity of the best passage."""

    path: tuple[str, ...]
    role: Role
    start: int
    end: int
    similarity: float
    passages: tuple[PassageEvidence, ...]

    @property
    def heading(self) -> str:
        return self.path[-1] if self.path else ""

    @property
    def says_only_its_role(self) -> bool:
        """Tell whether the heading names the role and nothing else: "Solution", "Workaround:"."""
        return self.role is Role.SOLUTION and bool(_BARE.match(self.heading))

    def passage_at(self, position: int) -> int | None:
        """Return the id of the passage that holds the position, or None between two."""
        return next((p.passage_id for p in self.passages if p.start <= position < p.end), None)


def role_of(path: tuple[str, ...]) -> Role:
    """Return what a heading path announces; a heading under "Solution" belongs to the solution, whatever it says."""
    if not path:
        return Role.INTRO
    if any(_SURE_SOLUTION.search(heading) for heading in path):
        return Role.SOLUTION
    for heading in reversed(path):
        for role, pattern in _PATTERNS:
            if pattern.search(heading):
                return role
    return Role.BODY


def parts_of(article: ArticleEvidence) -> tuple[Part, ...]:
    """Return the article's parts in order; a line that can only be a heading begins one, marked as heading or not."""
    ordered = sorted(article.passages, key=lambda passage: passage.start)
    parts: list[Part] = []
    for path, group in groupby(ordered, key=lambda passage: passage.heading_path):
        parts += _split(article.text, path, tuple(group))
    return tuple(parts)


def _split(text: str, path: tuple[str, ...], passages: tuple[PassageEvidence, ...]) -> Iterator[Part]:
    start, end = passages[0].start, passages[-1].end
    headings = [(match.start(), match.end(), match.group(1)) for match in _HEADING_LINE.finditer(text, start, end)]
    starts = [(start, path)] + [(after, (*path, heading)) for _at, after, heading in headings]
    ends = [at for at, _after, _heading in headings] + [end]
    for (begin, named), stop in zip(starts, ends, strict=True):
        held = tuple(passage for passage in passages if passage.start < stop and passage.end > begin)
        if held and text[begin:stop].strip():
            best = max(passage.similarity for passage in held)
            yield Part(named, role_of(named), begin, stop, best, held)


def with_role(parts: Iterable[Part], *roles: Role) -> tuple[Part, ...]:
    """Return the parts that have one of the roles, in order."""
    return tuple(part for part in parts if part.role in roles)
