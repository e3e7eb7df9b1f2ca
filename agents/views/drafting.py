"""The page of the one switch over all drafting: every rep reads how it stands, a lead turns it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.forms import DraftingForm
from agents.views.access import rep_of, rep_page
from portal.errors import NotAllowedError, PortalError
from portal.permissions import is_lead
from triage.actions.switches import decide_drafting
from triage.models import DraftingDecision
from triage.switch import drafting_state

MOST_SHOWN = 20


@rep_page
@require_http_methods(["GET", "POST"])
def drafting(request: HttpRequest) -> HttpResponse:
    """How the switch stands and what was decided before; a lead's form posts to the same address."""
    rep = rep_of(request)
    form, status = DraftingForm(request.POST or None), 200
    if request.method == "POST" and form.is_valid():
        on = form.cleaned_data["drafting"] == "on"
        try:
            decide_drafting(actor=rep, on=on, reason=form.cleaned_data["reason"])
        except NotAllowedError as refusal:
            form.add_error(None, str(refusal))
            status = 403
        except PortalError as refusal:
            form.add_error("reason", str(refusal))
            status = 422
        else:
            messages.success(request, _("Drafting is on again.") if on else _("Drafting is off."))
            return redirect("agents:drafting")
    elif request.method == "POST":
        status = 422
    context = {
        "form": form,
        "state": drafting_state(),
        "is_lead": is_lead(rep),
        "decisions": DraftingDecision.objects.select_related("decided_by")[:MOST_SHOWN],
    }
    return render(request, "agents/drafting.html", context, status=status)
