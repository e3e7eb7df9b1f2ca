"""The start page: search and writing to us side by side, neither before the other."""

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kb.models import ArticlePage
from kb.sections import front_sections
from portal.models import Ticket
from portal.views.listing import listed

ARTICLES_SHOWN = 6
REQUESTS_SHOWN = 3


@dataclass(frozen=True)
class ListedArticle:
    """An article as lists show it: never without who wrote it and when it was last reviewed."""

    url: str
    title: str
    summary: str
    written_by: str
    reviewed_on: date | None


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show both ways, the visitor's open requests, the topics, and articles revised lately."""
    own = Ticket.objects.none()
    if request.user.is_authenticated:
        mine = Ticket.objects.filter(requester_id=request.user.pk).select_related("organisation")
        own = mine.open().order_by("-updated_at")[:REQUESTS_SHOWN]
    topics = front_sections(request, frozenset(request.audiences))  # type: ignore[attr-defined]
    context = {"articles": _revised_lately(request), "requests": listed(own), "topics": topics}
    return render(request, "portal/home.html", context)


def _revised_lately(request: HttpRequest) -> list[ListedArticle]:
    audiences = frozenset(request.audiences)  # type: ignore[attr-defined]
    articles = ArticlePage.objects.for_audiences(audiences).as_listed().order_by("-last_published_at", "-pk")
    return [
        ListedArticle(
            url=article.get_url(request) or "",
            title=article.title,
            summary=article.summary,
            written_by=article.written_by,
            reviewed_on=article.reviewed_on,
        )
        for article in articles[:ARTICLES_SHOWN]
    ]
