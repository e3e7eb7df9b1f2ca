"""Writing: keep, preview, send, take back, note."""

from email.header import decode_header, make_header
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from agents.actions.compositions import forget_note, keep_words, take_back_words
from agents.actions.reviews import withdraw_reply
from agents.forms import Desk, read_desk, words_digest
from agents.models import Composition
from agents.presence import note_presence
from agents.sending import preview_mail, send_reply
from agents.views.access import find_ticket, rep_of, rep_page
from agents.views.desk import act, find_draft, keep_desk, ticket_page
from portal.actions.tickets import add_note
from portal.errors import NotAllowedError
from portal.models import Message, Ticket, User
from portal.permissions import may_reply


@rep_page
@require_POST
def keep(request: HttpRequest, number: int) -> HttpResponse:
    """Keep the half-written words: by themselves while typing, or by the button."""
    if not request.headers.get("HX-Request"):
        return act(request, number, lambda *_desk: _("Kept here for you."), anchor="reply")
    ticket, rep = find_ticket(request, number), rep_of(request)
    desk = read_desk(request.POST)
    keep_desk(ticket, rep, desk)
    note_presence(person=rep, ticket=ticket, is_writing=True)
    kept = Composition.objects.filter(ticket=ticket, author=rep).first()
    return render(request, "agents/_kept.html", {"kept": kept, "was": desk.fingerprint})


@rep_page
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """The mail that would leave. Posting keeps the words first; the page itself is read from what is kept."""
    ticket, rep = find_ticket(request, number), rep_of(request)
    if request.method == "POST":
        return _keep_for_preview(request, ticket, rep)
    if not may_reply(rep, ticket):
        return ticket_page(request, ticket, refusal=NotAllowedError())
    kept = Composition.objects.filter(ticket=ticket, author=rep).first()
    words = kept.text if kept is not None else ""
    mail = preview_mail(actor=rep, ticket=ticket, text=words)
    context = {
        "ticket": ticket,
        "mail": mail,
        # The header as mail programs show it, not as it travels.
        "sender": str(make_header(decode_header(mail.sender))),
        "words": words,
        "version": kept.seen_version if kept is not None else ticket.version,
        "draft_id": kept.draft_id if kept is not None else None,
        "desk": read_desk(request.GET),
        "was": words_digest(words, ""),
        "is_empty": not words.strip(),
        "undo_seconds": settings.HANDRAIL_UNDO_SECONDS,
    }
    return render(request, "agents/preview.html", context)


def _keep_for_preview(request: HttpRequest, ticket: Ticket, rep: User) -> HttpResponse:
    """Keep even what did not change: the preview stands for the conversation as this page showed it."""
    desk = read_desk(request.POST)
    draft = find_draft(ticket, desk)
    keep_words(actor=rep, ticket=ticket, version=desk.version, text=desk.text, note=desk.note, draft=draft)
    seen = {"seen": desk.seen, **({"stale_accepted": "yes"} if desk.stale_accepted else {})}
    return redirect(f"{reverse('agents:preview', args=[ticket.pk])}?{urlencode(seen)}")


@rep_page
@require_POST
def send(request: HttpRequest, number: int) -> HttpResponse:
    """Release the words, exactly, into the conversation as the rep saw it."""

    def do(rep: User, ticket: Ticket, desk: Desk) -> str:
        seconds = settings.HANDRAIL_UNDO_SECONDS
        send_reply(
            actor=rep,
            session_key=request.session.session_key or "",
            ticket=ticket,
            version=desk.version,
            text=desk.text or "",
            draft=find_draft(ticket, desk),
            undo_seconds=seconds,
            stale_accepted=desk.stale_accepted,
        )
        return "" if seconds else _("Sent.")

    return act(request, number, do, keeps_search=False)


@rep_page
@require_POST
def note(request: HttpRequest, number: int) -> HttpResponse:
    """Store a note that only colleagues read."""

    def do(rep: User, ticket: Ticket, desk: Desk) -> str:
        add_note(actor=rep, ticket=ticket, text=(desk.note or "").replace("\r\n", "\n"))
        forget_note(author=rep, ticket=ticket)
        return _("Noted, for colleagues only.")

    return act(request, number, do)


@rep_page
@require_POST
def withdraw(request: HttpRequest, number: int, message: int) -> HttpResponse:
    """Take a reply back before the customer can see it."""

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        withdraw_reply(actor=rep, ticket=ticket, message=_message_of(ticket, message))
        return _("Taken back. The customer saw nothing of it; the text is in the editor again.")

    return act(request, number, do, anchor="reply")


@rep_page
@require_POST
def take_back(request: HttpRequest, number: int, message: int) -> HttpResponse:
    """Bring the text of a stopped reply back into the editor."""

    def do(rep: User, ticket: Ticket, _desk: Desk) -> str:
        take_back_words(actor=rep, ticket=ticket, message=_message_of(ticket, message))
        return ""

    return act(request, number, do, anchor="reply")


def _message_of(ticket: Ticket, message_id: int) -> Message:
    message = ticket.messages.with_text().filter(pk=message_id, direction=Message.Direction.OUTBOUND).first()
    if message is None:
        raise Http404(_("There is no such message here."))
    return message
