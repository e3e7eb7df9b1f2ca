"""What the steps of triage hand to each other: frozen facts, never database rows.

Text in here is what customers, logs and articles said: data to compare, quote and cite. No field of prose steers a
step; what steers is typed (audiences, verdicts, reasons).
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Self

from kb.retrieval.ranking import FLOORS, FOLLOWERS_SHARE, NO_AGREEMENT, Agreement, Use
from triage.bundles import Coverage
from triage.excerpts import Excerpt
from triage.logs import LogReading
from triage.weights import Claim


class Fact:
    """Haystack copies a step's inputs deeply, so that no step changes another's. Nothing can change a frozen fact."""

    __slots__ = ()

    def __deepcopy__(self, _memo: object) -> Self:
        return self


@dataclass(frozen=True, slots=True)
class LogFile:
    """An attachment worth reading: `data`, a beginning when `is_cut`; or `kept` of a plain one too long to hold.

    Both are None when the stored bytes are gone.
    """

    attachment_id: int
    name: str
    sha256: str
    data: bytes | None = field(repr=False)
    is_cut: bool = False
    kept: Excerpt | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Another open request of the same person."""

    ticket_id: int
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class CategoryOption:
    slug: str
    name: str
    description: str

    @property
    def described(self) -> str:
        """What stands for it before anybody filed anything there."""
        return f"{self.name}. {self.description}".strip()


@dataclass(frozen=True, slots=True)
class Request(Fact):
    """A message to triage with what belongs to it. `audiences` are those of the requester, never of the reader.

    `sender` is the domain of the requester's address. `unanswered_hours`: since the request was filed, where it goes on
    and nobody has answered; else None.
    """

    ticket_id: int
    message_id: int
    requester_name: str
    subject: str
    text: str
    language: str
    audiences: frozenset[str]
    is_first: bool
    is_latest: bool
    drafting: bool
    files: tuple[LogFile, ...] = ()
    other_open: tuple[OpenRequest, ...] = ()
    categories: tuple[CategoryOption, ...] = ()
    unanswered_hours: int | None = None
    sender: str = ""


class ScreenVerdict(StrEnum):
    PLAIN = ""
    EMPTY = "empty"
    DUPLICATE = "duplicate"
    SPAM = "spam"


@dataclass(frozen=True, slots=True)
class Screening(Fact):
    verdict: ScreenVerdict = ScreenVerdict.PLAIN
    reasons: tuple[str, ...] = ()
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True)
class FileReading(Fact):
    """What one input told; `attachment_id` is None for the message, `member` names the file inside an archive."""

    attachment_id: int | None
    name: str
    reading: LogReading
    member: str = ""


@dataclass(frozen=True, slots=True)
class FileCoverage(Fact):
    """How much of one attachment was read."""

    attachment_id: int
    coverage: Coverage


@dataclass(frozen=True, slots=True)
class Proposal(Fact):
    """A value for a field. `confidence` is measured on `n` held-out cases, or None."""

    value: str
    reasons: tuple[str, ...]
    confidence: float | None = None
    n: int = 0
    measured_on: str = ""


@dataclass(frozen=True, slots=True)
class Priority(Fact):
    """`value` is low, normal or high; `urgent_reasons` is non-empty when a person should think of urgent.

    `claims`: every signal that is there, switched off or not.
    """

    value: str
    reasons: tuple[str, ...]
    score: int = 0
    urgent_reasons: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class PassageEvidence:
    """A passage of an article as a span of its source text; `similarity` is the cosine to the request, 0 if unknown."""

    passage_id: int
    heading_path: tuple[str, ...]
    start: int
    end: int
    similarity: float


@dataclass(frozen=True, slots=True)
class ArticleEvidence(Fact):
    """An article that the requester may read, whole, with why search found it.

    `score` orders the articles of one request, `relevance` can be compared between requests; `agreement` is what both
    are made of. `named`, `named_mean`: how near the title is to the nearest sentence of the request, and to the mean.
    """

    article_id: int
    source_text_id: int
    title: str
    url: str
    language: str
    text: str = field(repr=False)
    digest: str
    score: float
    matched: tuple[str, ...]
    written_by: str
    reviewed_on: date | None
    best_start: int
    best_end: int
    passages: tuple[PassageEvidence, ...]
    relevance: float = 1.0
    agreement: Agreement = NO_AGREEMENT
    named: float = 0.0
    named_mean: float = 0.0


@dataclass(frozen=True, slots=True)
class Evidence(Fact):
    """What search found, best first; `degraded` says why it searched by words alone."""

    articles: tuple[ArticleEvidence, ...] = ()
    query: str = ""
    degraded: str = ""

    @property
    def worth_reading(self) -> tuple[ArticleEvidence, ...]:
        """What a person is shown: of the articles that were weighed, those that are relevant enough for a page."""
        floor = FLOORS[Use.PAGE]
        first = next((article.relevance for article in self.articles), 0.0)
        return tuple(a for a in self.articles if a.relevance >= floor * FOLLOWERS_SHARE) if first >= floor else ()


class Kind(StrEnum):
    """A quoted sentence is its span, a worded one says what its span says, the third has no source."""

    QUOTED = "quoted"
    WORDED = "worded"
    NEEDS_WORDS = "needs_words"


class Form(StrEnum):
    SENTENCE = "sentence"
    STEP = "step"
    ITEM = "item"
    COMMAND = "command"
    HEADING = "heading"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a draft. A sourced one says what `source[start:end]` says; `quote` is that span."""

    text: str
    kind: Kind
    form: Form = Form.SENTENCE
    source_text_id: int | None = None
    passage_id: int | None = None
    heading: str = ""
    start: int = 0
    end: int = 0
    quote: str = ""
    digest: str = ""

    @property
    def is_sourced(self) -> bool:
        return self.kind is not Kind.NEEDS_WORDS


@dataclass(frozen=True, slots=True)
class Drafted(Fact):
    """A draft, or why there is none (a value of `NoDraftReason`).

    `model` worded it; empty for a quotation. `not_worded` (a value of `NotWorded`): why a model's words are not used.
    """

    sentences: tuple[Sentence, ...] = ()
    no_draft_reason: str = ""
    detail: str = ""
    model: str = ""
    not_worded: str = ""


@dataclass(frozen=True, slots=True)
class Step(Fact):
    """Something a person may do next, with the reason; nothing here happens by itself. `commands` are of a runbook."""

    kind: str
    text: str
    reason: str
    url: str = ""
    commands: str = ""
