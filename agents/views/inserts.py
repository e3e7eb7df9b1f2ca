"""Putting ready words into a reply: macros, and passages that a rep looked up. The words are the rep's from then on.

Each works as a plain button that keeps the page and adds the words below; a script asks for the words alone and puts
them where the cursor is.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from agents.actions.citations import cite_passage
from agents.actions.compositions import use_macro
from agents.errors import MacroGoneError
from agents.forms import Desk, read_desk, read_number
from agents.models import Macro
from agents.passages import find_passages
from agents.views.access import find_ticket, rep_of, rep_page
from agents.views.desk import MOST_ASKED, act, keep_desk
from portal.errors import InvalidRequestError, NotAllowedError, PortalError
from portal.models import Ticket, User
from portal.permissions import may_reply


@rep_page
@require_POST
def macro(request: HttpRequest, number: int) -> HttpResponse:
    """Put the chosen macro into the reply."""
    asked = request.POST.get("macro", "")
    chosen = Macro.objects.filter(pk=read_number(asked) or 0).first()

    def words(rep: User, ticket: Ticket, *, append: bool) -> str:
        if not asked:
            raise InvalidRequestError(_("Choose a macro first."))
        if chosen is None:
            raise MacroGoneError
        return use_macro(actor=rep, ticket=ticket, macro=chosen, append=append)

    return _insert(request, number, words)


@rep_page
@require_POST
def cite(request: HttpRequest, number: int, passage: int) -> HttpResponse:
    """Put a passage and its source into the reply."""

    def words(rep: User, ticket: Ticket, *, append: bool) -> str:
        return cite_passage(actor=rep, ticket=ticket, passage_id=passage, append=append)

    return _insert(request, number, words)


@rep_page
@require_GET
def passages(request: HttpRequest, number: int) -> HttpResponse:
    """What a search for passages gave, as a part of the ticket page."""
    ticket, rep = find_ticket(request, number), rep_of(request)
    found = find_passages(ticket, rep, request.GET.get("find", "")[:MOST_ASKED])
    context = {"ticket": ticket, "found": found, "may_reply": may_reply(rep, ticket)}
    return render(request, "agents/_passages.html", context)


@rep_page
@require_POST
def look_up(request: HttpRequest, number: int) -> HttpResponse:
    """The same search without scripts: keep the words, then show the page with what was found."""
    return act(request, number, lambda *_desk: "", anchor="passages")


def _insert(request: HttpRequest, number: int, words: Callable[..., str]) -> HttpResponse:
    if request.POST.get("place") != "cursor":

        def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
            _check(rep, ticket)
            words(rep, ticket, append=True)
            return ""

        return act(request, number, do, anchor="reply")
    ticket, rep = find_ticket(request, number), rep_of(request)
    try:
        _check(rep, ticket)
        keep_desk(ticket, rep, read_desk(request.POST))
        return JsonResponse({"text": words(rep, ticket, append=False)})
    except PortalError as refusal:
        return JsonResponse({"refusal": str(refusal)}, status=422)


def _check(rep: User, ticket: Ticket) -> None:
    if not may_reply(rep, ticket):
        raise NotAllowedError
