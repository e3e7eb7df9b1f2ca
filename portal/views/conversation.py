"""The requests of a person and the conversation on one of them.

Invariant: a customer sees a reply only once it is visible and was not stopped, and never a note.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

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
from portal.forms import ReplyForm, chosen_file_names
from portal.models import Attachment, Message, Ticket, User
from portal.permissions import ticket_from_token
from portal.views.access import Access, find_ticket, follow
from portal.views.errors import too_often

PER_PAGE = 20
REPLIES_PER_TEN_MINUTES = 30
SAME_PRESS = timedelta(minutes=2)
OPEN = Q(status__in=[Ticket.Status.OPEN, Ticket.Status.WAITING])


@dataclass(frozen=True)
class Filter:
    """One tab over the list of requests."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class ThreadEntry:
    """A message as its reader sees it."""

    id: int
    who: str
    when: datetime
    text: str
    from_support: bool
    is_yours: bool
    is_automatic: bool
    attachments: tuple[Attachment, ...]


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
    wanted = {"open": own.filter(OPEN), "solved": own.exclude(OPEN)}.get(chosen, own)
    page = Paginator(wanted.order_by("-updated_at", "-pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/tickets.html", {"filters": filters, "filter": chosen, "page": page})


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
    access = _writable(request, reference)
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, access, form, status=422)
    text = form.cleaned_data["message"]
    if not _is_second_press(access, text):
        if not ratelimit.hit(f"reply:{access.ticket.pk}", limit=REPLIES_PER_TEN_MINUTES, seconds=600):
            return too_often(request, minutes=10)
        try:
            add_customer_message(
                actor=access.author, ticket=access.ticket, text=text, attachments=form.cleaned_data["attachments"]
            )
        except PortalError as error:
            form.add_error(None, str(error))
            return _page(request, access, form, status=422)
    messages.success(request, _("Sent. A person reads it."))
    return redirect(f"{reverse('portal:ticket', args=[reference])}?arrived=1")


@require_POST
def close_ticket(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The requester says that it is solved."""
    access = _writable(request, reference)
    solve_ticket(actor=access.author, ticket=access.ticket)
    messages.success(request, _("Marked as solved. Writing here opens it again."))
    return redirect("portal:ticket", reference)


@require_POST
def reopen(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """The requester takes it up again."""
    access = _writable(request, reference)
    reopen_ticket(actor=access.author, ticket=access.ticket)
    messages.success(request, _("Open again. The next word is ours."))
    return redirect("portal:ticket", reference)


def _writable(request: HttpRequest, reference: uuid.UUID) -> Access:
    access = find_ticket(request, reference)
    if not access.may_write:
        raise Http404(_("Only the person who filed this request writes here."))
    return access


def _page(request: HttpRequest, access: Access, form: ReplyForm, *, status: int = 200) -> HttpResponse:
    context = {
        "ticket": access.ticket,
        "thread": thread(access, request.user if isinstance(request.user, User) else None),
        "form": form,
        "files_to_choose_again": chosen_file_names(request.FILES),
        "may_reply": access.may_write,
        "follows": access.follows,
        "arrived": "arrived" in request.GET,
        "is_open": access.ticket.status in {Ticket.Status.OPEN, Ticket.Status.WAITING},
    }
    return render(request, "portal/ticket.html", context, status=status)


def thread(access: Access, reader: User | None) -> list[ThreadEntry]:
    """What this reader may see of the conversation now, oldest first."""
    visible = access.ticket.messages.visible_to_customer().with_text().order_by("visible_from", "pk")
    return [_entry(message, access, reader) for message in visible]


def _entry(message: Message, access: Access, reader: User | None) -> ThreadEntry:
    from_support = message.direction == Message.Direction.OUTBOUND
    person = message.released_by if from_support else message.author
    yours = not from_support and (access.follows or (reader is not None and person == reader))
    # A link proves nothing about who holds it: it must not tell them the name that an account goes by.
    name = _("You") if yours and access.follows else (person.get_full_name() if person else _("Unknown"))
    return ThreadEntry(
        id=message.pk,
        who=name,
        when=message.visible_from if from_support else message.created_at,
        text=message.text,
        from_support=from_support,
        is_yours=yours and not access.follows,
        is_automatic=message.automatic in {Message.Automatic.AUTO_REPLY, Message.Automatic.BOUNCE},
        attachments=tuple(message.attachments.all()),
    )


def _is_second_press(access: Access, text: str) -> bool:
    """Whether the newest message is this very text, stored a moment ago by the first press of the same button."""
    newest = access.ticket.messages.inbound().with_text().order_by("-pk").first()
    return (
        newest is not None
        and newest.author_id == access.author.pk
        and newest.text == text
        and newest.created_at > timezone.now() - SAME_PRESS
    )
