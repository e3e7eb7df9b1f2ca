"""Facts to test steps with: a plain request by default."""

from dataclasses import replace

from triage.facts import ArticleEvidence, FileReading, PassageEvidence, Request
from triage.logs import read_log

PLAIN = Request(
    ticket_id=1,
    message_id=1,
    requester_name="Jane Roe",
    subject="Export stops",
    text="Our nightly export stops after the first hundred orders. What can we do?",
    language="en",
    audiences=frozenset({"public"}),
    is_first=True,
    is_latest=True,
    drafting=True,
)


def a_request(subject: str = PLAIN.subject, text: str = PLAIN.text, **fields: object) -> Request:
    return replace(PLAIN, subject=subject, text=text, **fields)  # type: ignore[arg-type]


def a_reading(log: bytes) -> FileReading:
    return FileReading(7, "app.log", read_log(log))


def an_article(text: str, headings: dict[tuple[str, ...], str] | None = None, **fields: object) -> ArticleEvidence:
    """An article whose passages are the given bodies under their heading paths (or the whole text as one)."""
    passages = []
    for number, (path, body) in enumerate((headings or {(): text}).items()):
        start = text.index(body)
        passages.append(PassageEvidence(100 + number, path, start, start + len(body), 0.5))
    article = ArticleEvidence(
        article_id=1,
        source_text_id=11,
        title="Export stops after a hundred orders",
        url="/articles/export/",
        language="en",
        text=text,
        digest="d" * 64,
        score=0.9,
        matched=("title", "meaning"),
        written_by="Ada",
        reviewed_on=None,
        best_start=0,
        best_end=len(text),
        passages=tuple(passages),
    )
    return replace(article, **fields)  # type: ignore[arg-type]
