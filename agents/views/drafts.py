"""What a rep does with what triage proposed: each a click, none automatic."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agents.actions.compositions import use_draft, use_step
from agents.actions.reviews import reject_draft
from agents.forms import Desk, RejectionForm
from agents.views.access import rep_page
from agents.views.desk import act
from kb.enqueue import enqueue
from portal.errors import InvalidRequestError
from portal.models import Ticket, User
from triage.models import Draft, NextStep, Run
from triage.tasks import triage_message


@rep_page
@require_POST
def use(request: HttpRequest, number: int, draft: int) -> HttpResponse:
    """Fill the editor with the draft."""

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        found = Draft.objects.filter(pk=draft, ticket=ticket).first()
        if found is None:
            raise Http404(_("There is no such draft here."))
        use_draft(actor=rep, ticket=ticket, draft=found)
        return ""

    return act(request, number, do, anchor="reply")


@rep_page
@require_POST
def reject(request: HttpRequest, number: int, draft: int) -> HttpResponse:
    """Say that the draft will not do, and why."""

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        form = RejectionForm(request.POST)
        if not form.is_valid():
            raise InvalidRequestError(" ".join(str(error) for errors in form.errors.values() for error in errors))
        found = Draft.objects.filter(pk=draft, ticket=ticket).first()
        if found is None:
            raise Http404(_("There is no such draft here."))
        read = form.cleaned_data
        reject_draft(actor=rep, ticket=ticket, draft=found, reason=read["reason"], comment=read["comment"])
        return _("Rejected, with your reason.")

    return act(request, number, do, anchor="triage")


@rep_page
@require_POST
def use_next_step(request: HttpRequest, number: int, step: int) -> HttpResponse:
    """Put a proposed question into the editor."""

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        found = NextStep.objects.filter(pk=step, run__ticket=ticket).select_related("run").first()
        if found is None:
            raise Http404(_("There is no such step here."))
        use_step(actor=rep, ticket=ticket, step=found)
        return ""

    return act(request, number, do, anchor="reply")


@rep_page
@require_POST
def read_again(request: HttpRequest, number: int) -> HttpResponse:
    """Ask triage to read the newest message again; whatever it finds, a worker writes it."""

    def do(_rep: User, ticket: Ticket, _desk: Desk) -> str:
        run = Run.objects.filter(ticket=ticket).order_by("-message_id").first()
        newest = ticket.messages.inbound().order_by("-pk").first()
        message_id = run.message_id if run is not None else newest.pk if newest is not None else None
        if message_id is None:
            raise InvalidRequestError(_("There is no message to read here."))
        if not enqueue(triage_message, message_id, 1):
            raise InvalidRequestError(_("The workers cannot be reached just now. They look again by themselves."))
        return _("Asked triage to read it again.")

    return act(request, number, do, anchor="triage")
