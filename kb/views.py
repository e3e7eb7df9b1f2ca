"""The search page: parse the question, ask `kb.search`, present. It works without scripts and stores nothing."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language

from kb.audiences import audiences_of
from kb.highlight import Piece, Sought, pieces, sought
from kb.search import Hit, find
from kb.sections import front_sections

QUERY_LENGTH = 2_000
TITLE_LENGTH = 120
"""A question up to here can be the title of a request; a longer one is its text."""
SHOWN = 10
MOST_PAGES = 5


@dataclass(frozen=True)
class ShownHit:
    """A hit with what the reader's own words answer to in its title and excerpt."""

    hit: Hit
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]


def search_articles(request: HttpRequest) -> HttpResponse:
    """Articles that fit `?q=`, ten to a page; without a question, the sections."""
    asked = " ".join(request.GET.get("q", "").replace("\x00", " ").split())
    query = asked[:QUERY_LENGTH]
    audiences = audiences_of(request)
    if not query:
        return render(request, "kb/search.html", {"sections": front_sections(request, audiences)})
    page = _page_number(request.GET.get("page", ""))
    outcome = find(query, audiences=audiences, limit=SHOWN * page + 1)
    wanted = sought(query, (get_language() or "en").partition("-")[0])
    first = SHOWN * (page - 1)
    hits = outcome.hits[first : first + SHOWN]
    context = {
        "query": query,
        "was_cut": len(asked) > len(query),
        "hits": [_shown(hit, wanted) for hit in hits],
        "first": first + 1,
        "degraded": outcome.degraded,
        "page": page,
        "previous": _address(query, page - 1) if page > 1 else "",
        "next": _address(query, page + 1) if len(outcome.hits) > first + SHOWN and page < MOST_PAGES else "",
        "write_url": _write_url(query),
    }
    response = render(request, "kb/search.html", context)
    response["X-Robots-Tag"] = "noindex"  # the articles are what an engine should show, not our answers to a question
    return response


def _shown(hit: Hit, wanted: Sought) -> ShownHit:
    return ShownHit(hit, pieces(hit.title, wanted), pieces(hit.snippet, wanted))


def _page_number(given: str) -> int:
    return min(max(int(given), 1), MOST_PAGES) if given.isascii() and given.isdigit() and len(given) < 4 else 1


def _address(query: str, page: int) -> str:
    words = {"q": query}
    return "?" + urlencode(words | {"page": str(page)} if page > 1 else words)


def _write_url(query: str) -> str:
    """The request form, with the words that found nothing already in it."""
    name = "subject" if len(query) <= TITLE_LENGTH else "message"
    return f"{reverse('portal:file_ticket')}?{urlencode({name: query})}"
