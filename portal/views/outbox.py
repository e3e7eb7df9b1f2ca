"""Mail that was set aside: what it was, to whom, why it did not leave, and what a lead decides about it.

Invariant: never a word of the mail itself. Who may not decide is told that there is no such page.
"""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portal.actions.outbox import decide_on_mail
from portal.errors import PortalError
from portal.models import OutboxDecision, OutboxEntry, User
from portal.permissions import may_resolve_mail

PER_PAGE = 25


@dataclass(frozen=True)
class MailAside:
    """One mail that waits for a decision, as much of it as deciding needs."""

    id: int
    what: str
    ticket_number: int | None
    recipient: str
    reason: str
    attempts: int
    may_have_left: bool
    since: datetime


@never_cache
@login_required
@require_safe
def aside(request: HttpRequest) -> HttpResponse:
    """The mails that wait for a person, oldest first."""
    _require(request)
    waiting = OutboxEntry.objects.aside().select_related(
        "message__ticket__requester", "message__payload", "ticket__requester", "user", "email_address"
    )
    page = Paginator(waiting.order_by("pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/mail_aside.html", {"page": page, "mails": [_shown(entry) for entry in page]})


@never_cache
@login_required
@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Have one sent again or given up."""
    actor = _require(request)
    entry = get_object_or_404(OutboxEntry, pk=pk)
    retry = request.POST.get("decision") == "retry"
    try:
        decide_on_mail(
            actor=actor, entry=entry, verb=OutboxDecision.Verb.RETRY if retry else OutboxDecision.Verb.GIVE_UP
        )
    except PortalError as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, _("It is sent again within seconds.") if retry else _("Given up: it will not be sent.")
        )
    return redirect("portal:mail_aside")


def _require(request: HttpRequest) -> User:
    if not may_resolve_mail(request.user):
        raise Http404
    return request.user  # type: ignore[return-value]


def _shown(entry: OutboxEntry) -> MailAside:
    ticket = entry.message.ticket if entry.message is not None else entry.ticket
    return MailAside(
        id=entry.pk,
        what=entry.get_notice_display() if entry.notice else _("A reply"),
        ticket_number=ticket.pk if ticket is not None else None,
        recipient=_hint(_recipient(entry)),
        reason=_reason(entry),
        attempts=entry.attempts,
        may_have_left=entry.state == OutboxEntry.State.STUCK,
        since=entry.claimed_at or entry.created_at,
    )


def _recipient(entry: OutboxEntry) -> str:
    if entry.message is not None and entry.message.payload is not None:
        return ", ".join(entry.message.payload.recipients)
    person = entry.user or (entry.ticket.requester if entry.ticket is not None else None)
    return entry.email_address.email if entry.email_address is not None else person.email if person is not None else ""


def _hint(address: str) -> str:
    """Enough of an address to see a mistyped domain or to ask the mail server's log, and no more."""
    local, at, domain = address.partition("@")
    return f"{local[:2]}…{at}{domain}" if at else address


def _reason(entry: OutboxEntry) -> str:
    """The stored code in words."""
    if entry.failure == "mailer_died":
        return _("The mailer stopped while sending it. Nobody knows whether it left.")
    if entry.failure == "connection_lost":
        return _("The line to the mail server broke while sending it. Nobody knows whether it left.")
    if entry.failure.startswith("refused_"):
        return _("The mail server refused it (code {code}).").format(code=entry.failure.removeprefix("refused_"))
    return _("It could not be sent.")
