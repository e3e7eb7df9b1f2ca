"""The page of priority's weights: every rep reads what each signal weighs and how people decided, a lead changes it."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from agents.views.access import rep_of, rep_page
from agents.weighting import WeightsForm, read_page, read_preview
from portal.errors import NotAllowedError, PortalError
from portal.models import User
from portal.permissions import is_lead
from triage.actions.signals import decide_weights, reset_weights
from triage.judged import PREVIEWED, decided_by_people
from triage.models import SignalDecision
from triage.screening import upheld
from triage.urgency import BY_CODE
from triage.weighing import current_settings
from triage.weights import HIGH_FROM, LOW_UP_TO, URGENT_FROM

MOST_SHOWN = 20


@dataclass(frozen=True)
class Happened:
    """A decision in words of the list; a signal that is no longer in it goes by its code."""

    decision: SignalDecision
    name: str


@rep_page
@require_http_methods(["GET", "POST"])
def weights(request: HttpRequest) -> HttpResponse:
    """The list of signals; a lead's form posts to the same address, to be shown the effect or to be kept."""
    rep, settings = rep_of(request), current_settings()
    form, status, refusal = WeightsForm(request.POST or None, settings=settings), 200, ""
    decided, preview = decided_by_people(rep), None
    if request.method == "POST":
        do = request.POST.get("do", "")
        if not is_lead(rep):
            status, refusal = 403, str(NotAllowedError())
        elif not form.is_valid():
            status, refusal = 422, _("A weight is a whole number from −9 to 9. Nothing was changed.")
        elif do == "preview":
            preview = read_preview(form.wanted(), settings, decided, rep)
        else:
            try:
                messages.success(request, _save(rep, form, reset=do == "reset"))
            except PortalError as error:
                status, refusal = 409, str(error)
            else:
                return redirect("agents:weights")
    context = {
        "form": form,
        "page": read_page(form, settings, decided),
        "preview": preview,
        "refusal": refusal,
        "is_lead": is_lead(rep),
        "history": _history(),
        "screening": upheld(),
        "high_from": HIGH_FROM,
        "low_up_to": -LOW_UP_TO,
        "urgent_from": URGENT_FROM,
        "previewed": PREVIEWED,
    }
    return render(request, "agents/weights.html", context, status=status)


def _save(rep: User, form: WeightsForm, *, reset: bool) -> str:
    seen = form.cleaned_data["seen"]
    if reset:
        reset_weights(actor=rep, seen=seen)
        return _("Every signal weighs what it was shipped with.")
    changed = decide_weights(actor=rep, wanted=form.wanted(), seen=seen)
    return _("Saved. The next requests are weighed so.") if changed else _("Nothing was different.")


def _history() -> list[Happened]:
    newest = SignalDecision.objects.select_related("decided_by")[:MOST_SHOWN]
    return [Happened(one, str(BY_CODE[one.code].name) if one.code in BY_CODE else one.code) for one in newest]
