"""Setting what a request is about, how urgent it is, whose it is and where it stands: a person's word each time."""

from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from agents.forms import AssigneeForm, CategoryForm, Desk, PriorityForm, read_number
from agents.views.access import rep_page
from agents.views.desk import act
from portal.actions.tickets import reopen_ticket, set_assignee, set_category, set_priority, solve_ticket
from portal.errors import InvalidRequestError
from portal.models import Ticket, User
from triage.actions.screening import say_of_request
from triage.choices import About

_SAID = {
    "spam": (About.SPAM, True),
    "not_spam": (About.SPAM, False),
    "duplicate": (About.DUPLICATE, True),
    "not_duplicate": (About.DUPLICATE, False),
}


@rep_page
@require_POST
def category(request: HttpRequest, number: int) -> HttpResponse:
    """Set the category: the one chosen, or the one proposed if that button was pressed."""
    chosen = {"category": request.POST.get("proposed_category", request.POST.get("category", ""))}

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        set_category(actor=rep, ticket=ticket, category=_read(CategoryForm(chosen))["category"])
        return _("Category changed.")

    return act(request, number, do, anchor="facts")


@rep_page
@require_POST
def priority(request: HttpRequest, number: int) -> HttpResponse:
    """Set the priority; nothing but a person's click makes a request urgent."""
    chosen = {"priority": request.POST.get("proposed_priority", request.POST.get("priority", ""))}

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        set_priority(actor=rep, ticket=ticket, priority=_read(PriorityForm(chosen))["priority"])
        return _("Priority changed.")

    return act(request, number, do, anchor="facts")


@rep_page
@require_POST
def assignee(request: HttpRequest, number: int) -> HttpResponse:
    """Make somebody responsible, or nobody."""

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        if "mine" in request.POST:
            set_assignee(actor=rep, ticket=ticket, assignee=rep)
            return _("It is yours.")
        set_assignee(actor=rep, ticket=ticket, assignee=_read(AssigneeForm(request.POST))["assignee"])
        return _("Responsibility changed.")

    return act(request, number, do, anchor="facts")


@rep_page
@require_POST
def screening(request: HttpRequest, number: int) -> HttpResponse:
    """Say that it is spam or a duplicate, or that it is not: it moves in the queue's order, and stays in it."""
    said = request.POST.get("screening", "")

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        if said not in _SAID:
            raise InvalidRequestError(_("That cannot be said of a request. Nothing was changed."))
        about, holds = _SAID[said]
        named = read_number(request.POST.get("duplicate_of", "").strip().removeprefix("#"))
        other = Ticket.objects.visible_to(rep).filter(pk=named).first() if named is not None else None
        say_of_request(actor=rep, ticket=ticket, about=about, holds=holds, duplicate_of=other)
        return _("Noted. The request stays in the queue; only its place changes.")

    return act(request, number, do, anchor="screening")


@rep_page
@require_POST
def solve(request: HttpRequest, number: int) -> HttpResponse:
    """Mark the request as solved."""

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        solve_ticket(actor=rep, ticket=ticket)
        return _("Marked as solved.")

    return act(request, number, do)


@rep_page
@require_POST
def reopen(request: HttpRequest, number: int) -> HttpResponse:
    """Take the request up again."""

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        reopen_ticket(actor=rep, ticket=ticket)
        return _("Open again.")

    return act(request, number, do)


def _read(form: Form) -> dict[str, Any]:
    if not form.is_valid():
        raise InvalidRequestError(_("That cannot be chosen any more. Nothing was changed; choose again."))
    return form.cleaned_data
