"""The queue page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from agents.forms import QueueForm
from agents.queue import read_queue
from agents.views.access import rep_of, rep_page


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
    }
    template = "agents/_queue.html" if request.headers.get("HX-Request") else "agents/queue.html"
    return render(request, template, context)
