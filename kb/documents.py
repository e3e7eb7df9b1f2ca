"""The typed blocks of an article before it meets the database: what the Markdown reader yields and the importer stores.

Every `html` and table cell here has passed `kb.sanitize`; a link to another imported file is `article:PATH`.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class ArticleError(ValueError):
    """A file that cannot become an article; the message says why, for a person."""


class CalloutKind(StrEnum):
    INFO = "info"
    TIP = "tip"
    WARNING = "warning"
    DANGER = "danger"


class FindingKind(StrEnum):
    """What an import could not carry over as it was."""

    UNSAFE_REMOVED = "unsafe content removed"
    IMAGE_ABSENT = "image absent"
    IMAGE_REMOTE = "image on another site"
    LINK_BY_NUMBER = "link by article number"
    LINK_UNRESOLVED = "link to a file that is not there"
    LINK_BY_LOCATION = "link to a place on the old site"
    ANCHOR_UNRESOLVED = "link to a heading that is not there"
    FRONT_MATTER = "front matter is odd"


@dataclass(frozen=True)
class Finding:
    kind: FindingKind
    detail: str


@dataclass(frozen=True)
class Heading:
    """`level` is 2 to 4: the only h1 of an article is its title."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class RichText:
    html: str


@dataclass(frozen=True)
class Code:
    language: str
    code: str


@dataclass(frozen=True)
class KnownError:
    """An error message as the product prints it, which a customer may paste."""

    message: str


@dataclass(frozen=True)
class Callout:
    kind: CalloutKind
    html: str


@dataclass(frozen=True)
class Table:
    """`header` is empty or as long as each row; cells are safe HTML."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Image:
    source: str
    alt: str


@dataclass(frozen=True)
class Steps:
    """Numbered steps; each step holds blocks of its own (steps inside steps go one level deep)."""

    items: tuple[tuple["Block", ...], ...]
    start: int = 1


Block = Heading | RichText | Code | KnownError | Callout | Table | Image | Steps


@dataclass(frozen=True)
class Document:
    title: str
    blocks: tuple[Block, ...]
    summary: str = ""
    labels: tuple[str, ...] = ()
    product: str = ""
    versions: tuple[str, ...] = ()
    audience: str = "public"
    author: str = ""
    language: str = "en"
    reviewed_on: date | None = None
    review_by: date | None = None
    findings: tuple[Finding, ...] = field(default=())
    links: tuple[str, ...] = ()
    """Paths of the imported files that this one links to."""
