"""What triage may file: every rep reads it, leads decide on the whole and on each category."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.forms import LadderForm
from agents.ladderpage import read_ladder
from agents.views.access import rep_of, rep_page
from portal.errors import NotAllowedError, PortalError
from portal.models import Category
from portal.permissions import is_lead
from triage.actions.ladder import decide_ladder, switch_rung


@rep_page
@require_http_methods(["GET", "POST"])
def ladder(request: HttpRequest) -> HttpResponse:
    """How every category stands; a lead's form posts to the same address."""
    refusal, status = "", 200
    form = LadderForm(request.POST or None)
    if request.method == "POST":
        try:
            policy = decide_ladder(actor=rep_of(request), **form.values())
        except PortalError as error:
            refusal, status = str(error), 403 if isinstance(error, NotAllowedError) else 422
        else:
            files = _("Triage files what it has earned.")
            messages.success(request, files if policy.applies else _("Triage files nothing by itself."))
            return redirect("agents:ladder")
    page = read_ladder()
    context = {
        "page": page,
        "form": LadderForm.standing(page.policy) if request.method == "GET" else form,
        "refusal": refusal,
        "is_lead": is_lead(request.user),
    }
    return render(request, "agents/ladder.html", context, status=status)


@rep_page
@require_POST
def rung(request: HttpRequest, category: int) -> HttpResponse:
    """Switch one category off or on."""
    of = Category.objects.filter(pk=category).first()
    if of is None:
        raise Http404(_("There is no such category."))
    on = request.POST.get("on") == "yes"
    try:
        switch_rung(actor=rep_of(request), category=of, on=on)
    except PortalError as refusal:
        context = {"page": read_ladder(), "refusal": str(refusal), "is_lead": is_lead(request.user)}
        return render(request, "agents/ladder.html", context, status=403)
    done = _("“%(name)s” is filed as far as it is earned.") if on else _("“%(name)s” is proposed only, from now on.")
    messages.success(request, done % {"name": of.name})
    return redirect("agents:ladder")
