"""The ticket page and the two parts of it that refresh themselves."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from agents.evidence import who_serves
from agents.models import Review
from agents.presence import forget_presence, note_presence, others_at
from agents.views.access import find_ticket, rep_of, rep_page
from agents.views.desk import known_news, read_pane, ticket_page
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
    pane = read_pane(found, rep_of(request))
    if request.GET.get("known") == pane.mark:
        return HttpResponse(status=204)
    context = {
        "ticket": found,
        "pane": pane,
        "may_reply": may_reply(rep_of(request), found),
        "who_serves": who_serves(found),
        "reasons": Review.Reason.choices,
    }
    return render(request, "agents/_triage.html", context)


@rep_page
@require_GET
def news(request: HttpRequest, number: int) -> HttpResponse:
    """Whether something was written since the page was opened, and who else is here; it also says that we are.

    An empty answer where nothing changed: what stands on the page is not announced again and again.
    """
    found, rep = find_ticket(request, number), rep_of(request)
    note_presence(person=rep, ticket=found)
    seen, others = request.GET.get("version", ""), others_at(found, rep)
    moved_on = seen != str(found.version)
    if request.GET.get("known") == known_news(others, moved_on=moved_on):
        return HttpResponse(status=204)
    context = {"ticket": found, "seen": seen, "moved_on": moved_on, "others": others, "oob": may_reply(rep, found)}
    return render(request, "agents/_news.html", {**context, "known": known_news(others, moved_on=moved_on)})


@rep_page
@require_POST
def leave(request: HttpRequest, number: int) -> HttpResponse:
    """The page was closed: nobody need think that we are still here."""
    forget_presence(person=rep_of(request), ticket=find_ticket(request, number))
    return HttpResponse(status=204)
