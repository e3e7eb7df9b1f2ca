"""A person's word on what the screen thinks of a request. It moves the request in the queue's order and no further."""

from django.db import transaction
from django.utils.translation import gettext as _

from portal import audit
from portal.errors import ErasedError, InvalidRequestError, NotAllowedError
from portal.models import Ticket, User
from portal.permissions import is_rep
from triage.choices import About
from triage.models import Run, ScreeningWord
from triage.wall import open_to_machines


def say_of_request(
    *, actor: User, ticket: Ticket, about: About, holds: bool, duplicate_of: Ticket | None = None
) -> ScreeningWord:
    """Record that a rep calls the request spam or a duplicate, or says that it is not.

    Of a high-touch account's request nothing is said here, nor is one named: its engineer looks at each.
    """
    if not is_rep(actor):
        raise NotAllowedError
    current = Ticket.objects.select_related("organisation").get(pk=ticket.pk)
    if current.erased_at is not None:
        raise ErasedError
    if current.is_high_touch:
        raise InvalidRequestError(_("Requests of high-touch accounts are not screened. Nothing was changed."))
    duplicate_of = _other(actor, current, duplicate_of) if about == About.DUPLICATE and holds else None
    with transaction.atomic():
        word = ScreeningWord.objects.create(
            ticket=current,
            about=about,
            holds=holds,
            duplicate_of=duplicate_of,
            machine_said=_machine_says(current, about),
            said_by=actor,
        )
        audit.record(
            "triage.screening_said",
            actor=actor,
            target=word,
            ticket_id=current.pk,
            about=str(about),
            holds=holds,
            duplicate_of=duplicate_of.pk if duplicate_of is not None else None,
        )
    return word


def _other(actor: User, ticket: Ticket, named: Ticket | None) -> Ticket:
    """The named request as this person may see it; one that they may not see is refused as one that is not there."""
    seen = Ticket.objects.visible_to(actor).select_related("organisation")
    other = seen.filter(pk=named.pk).first() if named is not None else None
    if other is None or other.pk == ticket.pk or other.is_high_touch:
        raise InvalidRequestError(_("Give the number of another request, as in 123. Nothing was changed."))
    return other


def _machine_says(ticket: Ticket, about: About) -> bool:
    newest = Run.objects.filter(open_to_machines("ticket__"), ticket=ticket).order_by("-message_id")
    return newest.values_list("verdict", flat=True).first() == about
