"""The search page: parse the question, ask `kb.search`, present. It works without scripts and stores nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from kb.models.pages import audiences_of
from kb.search import find
from kb.sections import front_sections

QUERY_LENGTH = 500
SHOWN = 10


def search_articles(request: HttpRequest) -> HttpResponse:
    """Articles that fit `?q=`; without a question, the sections."""
    query = " ".join(request.GET.get("q", "")[:QUERY_LENGTH].replace("\x00", " ").split())
    audiences = audiences_of(request)
    if not query:
        return render(request, "kb/search.html", {"sections": front_sections(request, audiences)})
    outcome = find(query, audiences=audiences, limit=SHOWN)
    context = {"query": query, "hits": outcome.hits, "degraded": outcome.degraded}
    return render(request, "kb/search.html", context)
