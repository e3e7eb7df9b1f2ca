"""The conversation as its reader sees it: newest page first, oldest message on top.

Invariant: a customer sees a reply only once it is visible and was not stopped, and never a note.
"""

from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Page, Paginator
from django.utils.translation import gettext as _

from portal.models import Attachment, Message, User
from portal.views.access import Access

PER_PAGE = 50
_SHOWN = (
    *("ticket", "direction", "automatic", "visible_from", "created_at", "body__text", "payload__text"),
    *(f"{person}__{field}" for person in ("author", "released_by") for field in ("email", "display_name")),
    *("payload", "author", "released_by"),
)


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


@dataclass(frozen=True)
class ThreadPage:
    """One page of a conversation, its entries oldest first; page 1 holds the newest ones."""

    of: Page[Message]
    entries: list[ThreadEntry]

    def is_answered(self, access: Access) -> bool:
        """Whether a reply stands anywhere in the conversation; asks again only where this page cannot tell."""
        if any(entry.from_support for entry in self.entries):
            return True
        if not self.of.has_other_pages():
            return False
        return access.ticket.messages.visible_to_customer().filter(direction=Message.Direction.OUTBOUND).exists()


def thread_page(access: Access, reader: User | None, number: str | None) -> ThreadPage:
    """What this reader may see of the conversation now."""
    visible = access.ticket.messages.visible_to_customer().select_related("body", "payload", "author", "released_by")
    page = Paginator(visible.only(*_SHOWN).order_by("-visible_from", "-pk"), PER_PAGE).get_page(number)
    messages = list(reversed(page.object_list))
    files = _files_of(messages)
    return ThreadPage(page, [_entry(message, files.get(message.pk, []), access, reader) for message in messages])


def _files_of(messages: list[Message]) -> dict[int, list[Attachment]]:
    files: dict[int, list[Attachment]] = {}
    for file in Attachment.objects.filter(message__in=[message.pk for message in messages]):
        files.setdefault(file.message_id, []).append(file)
    return files


def _entry(message: Message, files: list[Attachment], access: Access, reader: User | None) -> ThreadEntry:
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
        attachments=tuple(files),
    )
