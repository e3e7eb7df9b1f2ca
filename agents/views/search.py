"""Whether search looks by meaning, for leads: what is wrong now, what was, and what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents.views.access import lead_page
from kb.retrieval import health


@lead_page
@require_GET
def search_health(request: HttpRequest) -> HttpResponse:
    return render(request, "agents/search_health.html", {"health": health.check()})
