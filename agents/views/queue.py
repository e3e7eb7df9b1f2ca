"""The queue page, taking a request from it, and the notice of what came in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.actions.assignments import take_ticket
from agents.actions.preferences import set_single_keys
from agents.arrivals import arrivals_since
from agents.forms import QueueForm, read_number
from agents.queue import read_queue
from agents.views.access import find_ticket, rep_of, rep_page
from agents.views.place import keep_place, read_place
from kb.retrieval.health import is_troubled
from portal.errors import PortalError
from portal.permissions import is_lead


@rep_page
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Requests in order, with the reasons for the order."""
    form = QueueForm(request.GET)
    wanted = form.wanted()
    found = read_queue(reader=rep_of(request), wanted=wanted, page=request.GET.get("page"))
    asked = request.GET.copy()
    asked.pop("page", None)
    without_tab = asked.copy()
    without_tab.pop("show", None)
    context = {
        "queue": found,
        "form": form,
        "wanted": wanted,
        "asked": asked.urlencode(),
        "asked_without_tab": without_tab.urlencode(),
        "queue_url": request.get_full_path(),
        "search_troubled": is_lead(request.user) and is_troubled(),
    }
    response = render(request, "agents/queue.html", context)
    keep_place(response, query=request.GET.urlencode(), numbers=[row.ticket.pk for row in found.rows])
    return response


@rep_page
@require_POST
def take(request: HttpRequest, number: int) -> HttpResponse:
    """Take a request that is nobody's, and go back to its line in the queue."""
    ticket = find_ticket(request, number)
    try:
        take_ticket(actor=rep_of(request), ticket=ticket)
    except PortalError as refusal:
        messages.warning(request, f"#{ticket.number}: {refusal}")
    else:
        messages.success(request, _("#%(number)d is yours.") % {"number": ticket.number})
    return redirect(read_place(request).back_to(ticket.pk))


@rep_page
@require_GET
def arrivals(request: HttpRequest) -> HttpResponse:
    """What came in since the page was opened; an empty answer where nothing changed."""
    found = arrivals_since(rep_of(request), read_number(request.GET.get("since")) or 0)
    if request.GET.get("known") == f"{found.requests}.{found.yours}":
        return HttpResponse(status=204)
    return render(request, "agents/_arrivals.html", {"arrivals": found, "queue_url": read_place(request).queue_url})


@rep_page
@require_POST
def single_keys(request: HttpRequest) -> HttpResponse:
    """Turn the shortcuts of one letter on or off for the person signed in."""
    wanted = request.POST.get("single_keys") == "on"
    set_single_keys(actor=rep_of(request), wanted=wanted)
    messages.success(request, _("Single letters are on.") if wanted else _("Single letters are off."))
    return redirect(_page_to_return_to(request))


def _page_to_return_to(request: HttpRequest) -> str:
    """The page of the console that the button stood on, where it can be opened again; else the queue."""
    back = request.POST.get("back", "")
    try:
        name = resolve(back).view_name
    except Resolver404:
        name = ""
    return back if name in {"agents:ticket", "agents:macros"} else read_place(request).queue_url
