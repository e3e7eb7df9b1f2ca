"""The ticket page and the two parts of it that refresh themselves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents.evidence import who_serves
from agents.models import Review
from agents.views.access import find_ticket, rep_of, rep_page
from agents.views.desk import read_pane, ticket_page
from portal.permissions import may_reply


@rep_page
@require_GET
def ticket(request: HttpRequest, number: int) -> HttpResponse:
    """Conversation, draft beside its sources, and facts."""
    return ticket_page(request, find_ticket(request, number))


@rep_page
@require_GET
def triage_pane(request: HttpRequest, number: int) -> HttpResponse:
    """What triage says, while the page waits for it."""
    found = find_ticket(request, number)
    context = {
        "ticket": found,
        "pane": read_pane(found),
        "may_reply": may_reply(rep_of(request), found),
        "who_serves": who_serves(found),
        "reasons": Review.Reason.choices,
    }
    return render(request, "agents/_triage.html", context)


@rep_page
@require_GET
def news(request: HttpRequest, number: int) -> HttpResponse:
    """Whether something was written since the page was opened."""
    found = find_ticket(request, number)
    seen = request.GET.get("version", "")
    return render(request, "agents/_news.html", {"ticket": found, "seen": seen, "moved_on": seen != str(found.version)})
