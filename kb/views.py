"""The search page: parse the question, ask `kb.search`, present. It works without scripts and stores nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from wagtail.models import Site

from kb.models import ArticleIndexPage
from kb.models.pages import audiences_of
from kb.search import find

QUERY_LENGTH = 500
SHOWN = 10


def search_articles(request: HttpRequest) -> HttpResponse:
    """Articles that fit `?q=`; without a question, the sections."""
    query = " ".join(request.GET.get("q", "")[:QUERY_LENGTH].replace("\x00", " ").split())
    audiences = audiences_of(request)
    if not query:
        return render(request, "kb/search.html", {"sections": _sections(request, audiences)})
    outcome = find(query, audiences=audiences, limit=SHOWN)
    context = {"query": query, "hits": outcome.hits, "degraded": outcome.degraded}
    return render(request, "kb/search.html", context)


def _sections(request: HttpRequest, audiences: frozenset[str]) -> list[ArticleIndexPage]:
    site = Site.find_for_request(request)
    home = ArticleIndexPage.objects.filter(pk=site.root_page_id).first() if site else None
    return home.front_sections(audiences) if home else []
