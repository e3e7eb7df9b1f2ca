"""Retriever over `kb.search`: the articles that this requester may read and that speak about the request, whole.

Audiences are the requester's own: a rep may read more, but a draft cites only what its reader may see.
"""

from haystack import component

from kb.search import find
from triage.components.read_logs import signatures_of, telling_lines
from triage.facts import Evidence, FileReading, Request
from triage.sources import read_articles
from triage.wording import with_subject

# Nobody waits at a page for a draft: better late than none because the machine was busy.
PATIENCE_MS = 10_000


@component
class Retrieve:
    """`limit`: articles to bring, however relevant: which are worth a person's look or a draft is decided later."""

    def __init__(self, *, limit: int = 5) -> None:
        self.limit = limit

    @component.output_types(evidence=Evidence)
    def run(self, request: Request, readings: list[FileReading]) -> dict[str, Evidence]:
        query = query_of(request, readings)
        if not query:
            return {"evidence": Evidence()}
        outcome = find(
            query, audiences=request.audiences, limit=self.limit, floor=0.0, patience_ms=PATIENCE_MS, snippets=False
        )
        articles = read_articles(outcome.hits, query)
        return {"evidence": Evidence(articles=articles, query=query[:2_000], degraded=outcome.degraded or "")}


def query_of(request: Request, readings: list[FileReading]) -> str:
    """Return what to search for: subject and text, then what only the logs tell, as a person would type it."""
    text = with_subject(request.subject, request.text)
    folded = text.casefold()
    told = [*signatures_of(readings), *telling_lines(readings)]
    return "\n".join([text, *(line for line in told if line.casefold() not in folded)]).strip()
