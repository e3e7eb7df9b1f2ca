"""Reads what triage needs to know about a message, as facts. It reads for the pipeline and writes nothing."""

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import chain

from django.conf import settings

from portal.models import Attachment, Category, Message, Ticket
from portal.permissions import audiences_of_requester
from triage.bundles import is_packed
from triage.excerpts import Excerpt, excerpt_of_stream
from triage.facts import CategoryOption, LogFile, OpenRequest, Request
from triage.switch import drafting_state
from triage.taught import domain_of

log = logging.getLogger(__name__)

# A packed file is held whole, a longer one is read as a beginning; of a plain one head and tail are kept, streaming.
MAX_LOG_BYTES = 12 * 1024 * 1024
_CHUNK = 1024 * 1024
_OTHER_OPEN = 10
_LOG_NAMES = (".log", ".txt", ".out", ".err", ".trace", ".gz", ".tgz", ".tar", ".zip")
_PACKED_TYPES = ("application/gzip", "application/x-gzip", "application/zip")
_AUTOMATIC = (Message.Automatic.AUTO_REPLY, Message.Automatic.BOUNCE)


@dataclass(frozen=True)
class Gathered:
    """A request with the digests of what it was made of."""

    request: Request
    inputs: dict[str, str]
    digest: str


def get_message(message_id: int) -> Message | None:
    """Return a customer's message with what triage reads of it, or None when there is nothing to triage."""
    inbound = Message.objects.inbound().exclude(automatic__in=_AUTOMATIC)
    return inbound.select_related("ticket__organisation", "ticket__requester", "body").filter(pk=message_id).first()


def is_first_message(message: Message) -> bool:
    return not Message.objects.inbound().filter(ticket_id=message.ticket_id, id__lt=message.pk).exists()


def gather(message: Message) -> Gathered:
    """Read the facts about a message whose ticket may be automated."""
    ticket = message.ticket
    files = _log_files(message.attachments.all())
    is_first = is_first_message(message)
    request = Request(
        ticket_id=ticket.pk,
        message_id=message.pk,
        requester_name=ticket.requester.display_name,
        subject=ticket.subject,
        text=message.text,
        language=ticket.language or "en",
        audiences=audiences_of_requester(ticket),
        is_first=is_first,
        is_latest=not has_newer(ticket_id=ticket.pk, message_id=message.pk),
        drafting=drafting_state().is_on,
        files=files,
        other_open=_other_open(ticket),
        categories=tuple(
            CategoryOption(c.slug, c.name, c.description) for c in Category.objects.filter(is_active=True)
        ),
        sender=domain_of(ticket.requester.email),
        unanswered_hours=None if is_first else _unanswered_hours(message),
    )
    inputs = {
        "subject": _digest(request.subject),
        "text": _digest(request.text),
        **{f"attachment:{file.attachment_id}": file.sha256 for file in files},
    }
    return Gathered(request, inputs, _digest("\n".join(f"{name}={value}" for name, value in sorted(inputs.items()))))


def _log_files(attachments: Iterable[Attachment]) -> tuple[LogFile, ...]:
    return tuple(_log_file(attachment) for attachment in attachments if is_readable(attachment))


def is_readable(attachment: Attachment) -> bool:
    """Tell whether an attachment says that it is text or packs some. What it is, the reading of its bytes decides.

    Office documents are zip files too: a packed type counts only where the name says nothing else.
    """
    name, said = attachment.name.lower(), attachment.content_type
    packed = said in _PACKED_TYPES and "." not in name
    return name.endswith(_LOG_NAMES) or said.startswith("text/plain") or packed


def _log_file(attachment: Attachment) -> LogFile:
    data: bytes | None = None
    kept: Excerpt | None = None
    try:
        with attachment.open() as stored:
            head = stored.read(MAX_LOG_BYTES)
            if attachment.size > MAX_LOG_BYTES and not is_packed(head):
                kept = excerpt_of_stream(chain((head,), iter(partial(stored.read, _CHUNK), b"")))
            else:
                data = head
    except OSError as error:
        log.warning("attachment_unreadable", extra={"attachment_id": attachment.pk, "error": type(error).__name__})
    is_cut = attachment.size > (MAX_LOG_BYTES if kept is None else kept.size)
    return LogFile(attachment.pk, attachment.name, attachment.sha256, data, is_cut, kept)


def has_newer(*, ticket_id: int, message_id: int) -> bool:
    """Tell whether the customer has written again since."""
    newer = Message.objects.inbound().filter(ticket_id=ticket_id, id__gt=message_id)
    return newer.exclude(automatic__in=_AUTOMATIC).exists()


def _unanswered_hours(message: Message) -> int | None:
    """Return how long the request had waited for its first answer when this was written; None once it has one."""
    replies = Message.objects.visible_to_customer().filter(direction=Message.Direction.OUTBOUND)
    if replies.filter(ticket_id=message.ticket_id).exists():
        return None
    return int((message.created_at - message.ticket.created_at).total_seconds() // 3600)


def _other_open(ticket: Ticket) -> tuple[OpenRequest, ...]:
    """Return the requester's other open requests that came before, of those that may be compared at all."""
    allowed = Ticket.objects.automatable(unknown_accounts=settings.HANDRAIL_AUTOMATE_UNKNOWN).open()
    # Somebody who only claims an address is not shown to share requests with the person who proved to own it.
    same = allowed.filter(
        requester_id=ticket.requester_id, identity_verified=ticket.identity_verified, id__lt=ticket.pk
    )
    others = list(same.order_by("-id")[:_OTHER_OPEN])
    first = Message.objects.inbound().filter(ticket__in=others).order_by("ticket_id", "id").distinct("ticket_id")
    texts = {message.ticket_id: message.text for message in first.select_related("body", "payload")}
    return tuple(OpenRequest(other.pk, other.subject, texts.get(other.pk, "")) for other in others)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
