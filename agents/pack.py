"""The evidence pack: what stands in for a draft where none is sure enough. The nearest articles, each with why.

Reads only. The run recorded what it found; what is shown is asked of the articles again, for the customer's own eyes.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from kb.retrieval.ranking import FLOORS, FOLLOWERS_SHARE, Use
from kb.search import readable_articles
from portal.models import Ticket
from portal.permissions import audiences_of_requester
from triage.models import Run
from triage.wall import bar_of

MOST_SHOWN = 4


@dataclass(frozen=True)
class Nearest:
    """An article worth reading, and in words why it was found."""

    title: str
    url: str
    why: str
    written_by: str
    reviewed_on: date | None


def nearest_articles(ticket: Ticket, run: Run | None) -> list[Nearest]:
    """Return the articles that a search page would show for the request, best first; none behind the wall."""
    if run is None or bar_of(ticket):
        return []
    recorded = Run.objects.filter(pk=run.pk).values_list("outputs__retrieve__articles", flat=True).first() or []
    worth = _worth_reading([entry for entry in recorded if isinstance(entry, dict)])[:MOST_SHOWN]
    numbers = {int(entry["article"]): entry for entry in worth}
    readable = readable_articles(list(numbers), audiences_of_requester(ticket)) if numbers else {}
    return [
        Nearest(
            article.title, article.url, ", ".join(entry.get("matched", ())), article.written_by, article.reviewed_on
        )
        for number, entry in numbers.items()
        if (article := readable.get(number)) is not None
    ]


def _worth_reading(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The twin of `Evidence.worth_reading` for what was recorded."""
    shares = [float(str(entry.get("relevance", 0.0))) for entry in entries]
    floor = FLOORS[Use.PAGE]
    if not shares or shares[0] < floor:
        return []
    return [entry for entry, share in zip(entries, shares, strict=True) if share >= floor * FOLLOWERS_SHARE]
