"""The requests of a person and the conversation on one of them.

Invariant: a customer sees a reply only once it is visible and was not stopped, and never a note.
"""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal import ratelimit
from portal.actions.tickets import add_customer_message, reopen_ticket, solve_ticket
from portal.errors import PortalError
from portal.firstresponse import Expectation, Expectations, Known
from portal.forms import ReplyForm
from portal.models import Ticket, User
from portal.permissions import ticket_from_token
from portal.views.access import Access, find_ticket, follow
from portal.views.files import content_key, keep_files
from portal.views.listing import listed
from portal.views.thread import ThreadPage, thread_page

PER_PAGE = 20
REPLIES_PER_TEN_MINUTES = 30
OPEN = Q(status__in=[Ticket.Status.OPEN, Ticket.Status.WAITING])


@dataclass(frozen=True)
class Filter:
    """One tab over the list of requests."""

    value: str
    label: str
    count: int


@never_cache
@login_required
@require_safe
def tickets(request: HttpRequest) -> HttpResponse:
    """The requests that the signed-in person filed, newest first."""
    own = Ticket.objects.filter(requester_id=request.user.pk)
    counts = own.aggregate(all=Count("pk"), open=Count("pk", filter=OPEN))
    filters = [
        Filter("open", _("Open"), counts["open"]),
        Filter("solved", _("Solved"), counts["all"] - counts["open"]),
        Filter("all", _("All"), counts["all"]),
    ]
    chosen = request.GET.get("show", "open")
    if chosen not in {one.value for one in filters}:
        chosen = "all"
    wanted = {"open": own.filter(OPEN), "solved": own.exclude(OPEN)}.get(chosen, own).select_related("organisation")
    page = Paginator(wanted.order_by("-updated_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    lines = listed(page.object_list)
    no_figure = any(line.expected is not None and line.expected.known is Known.TOO_FEW for line in lines)
    context = {"filters": filters, "filter": chosen, "page": page, "requests": lines, "no_figure": no_figure}
    return render(request, "portal/tickets.html", context)


@never_cache
@require_safe
def follow_by_link(request: HttpRequest, token: str) -> HttpResponse:
    """Open a request by the signed link of its receipt, and take the token out of the address."""
    linked = ticket_from_token(token)
    if linked is None:
        raise Http404(_("This link is incomplete or too old."))
    if linked.requester_id != request.user.pk:
        follow(request, linked)
    return redirect("portal:ticket", linked.reference)


@never_cache
@require_safe
def ticket_by_number(request: HttpRequest, number: int) -> HttpResponse:
    """The address with the number that people say aloud; it leads on only for those who may read the request."""
    known = Ticket.objects.visible_to(request.user).filter(pk=number).first()
    if known is None:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        raise Http404(_("There is no such request, or it is somebody else's."))
    return redirect("portal:ticket", known.reference)


@never_cache
@require_safe
def ticket(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The conversation."""
    return _page(request, find_ticket(request, reference), ReplyForm())


@never_cache
@require_POST
def reply(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Add what the requester wrote; on any refusal the page comes back with it."""
    access = writable(request, reference)
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    if not ratelimit.hit(f"reply:{access.ticket.pk}", limit=REPLIES_PER_TEN_MINUTES, seconds=600):
        form.add_error(
            None, _("Those were many messages in a short time. Nothing is lost: please send again in a while.")
        )
        return _page(request, access, form, status=429)
    data = form.cleaned_data
    try:
        add_customer_message(
            actor=access.author,
            ticket=access.ticket,
            text=data["message"],
            attachments=data["attachments"],
            form_key=content_key(data["form_key"], access.author, data["message"], files=data["attachments"]),
        )
    except PortalError as error:
        form.add_error(None, str(error))
        return _page(request, access, form, status=422)
    messages.success(request, _("Sent. A person reads it."))
    return redirect(f"{reverse('portal:ticket', args=[reference])}?arrived=1")


@require_POST
def close_ticket(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The requester says that it is solved."""
    access = writable(request, reference)
    solve_ticket(actor=access.author, ticket=access.ticket)
    messages.success(request, _("Marked as solved. Writing here opens it again."))
    return redirect("portal:ticket", reference)


@require_POST
def reopen(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The requester takes it up again."""
    access = writable(request, reference)
    reopen_ticket(actor=access.author, ticket=access.ticket)
    messages.success(request, _("Open again. The next word is ours."))
    return redirect("portal:ticket", reference)


def writable(request: HttpRequest, reference: uuid.UUID) -> Access:
    """The request, for those who write on it in its requester's name; Http404 for everybody else."""
    access = find_ticket(request, reference)
    if not access.may_write:
        raise Http404(_("Only the person who filed this request writes here."))
    return access


def _page(request: HttpRequest, access: Access, form: ReplyForm, *, status: int = 200) -> HttpResponse:
    keep_files(request, form)
    ticket = access.ticket
    page = thread_page(access, request.user if isinstance(request.user, User) else None, request.GET.get("page"))
    newest_reply = next((entry for entry in reversed(page.entries) if entry.from_support), None)
    answered = newest_reply is not None or page.is_answered(access)
    waits = ticket.status == Ticket.Status.OPEN and not answered
    context = {
        "ticket": ticket,
        "thread": page.entries,
        "page": page.of,
        "form": form,
        "may_reply": access.may_write,
        "follows": access.follows,
        "arrived": "arrived" in request.GET,
        "is_open": ticket.status in {Ticket.Status.OPEN, Ticket.Status.WAITING},
        "answered": answered,
        "waits": waits,
        "expected": _expected(access) if waits else None,
        "reply_to_judge": newest_reply if _may_judge(access, page) else None,
    }
    return render(request, "portal/ticket.html", context, status=status)


def _expected(access: Access) -> Expectation | None:
    waited = timezone.now() - access.ticket.created_at
    return Expectations().of(access.ticket, waited=waited, by_link=access.follows)


def _may_judge(access: Access, page: ThreadPage) -> bool:
    """Only the requester, only while an answer waits for their word, and only beside the newest messages."""
    return access.may_write and access.ticket.status == Ticket.Status.WAITING and page.of.number == 1
