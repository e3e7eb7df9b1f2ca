"""What a rep decides about a draft without sending it, and about a reply before the customer can see it."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from agents.actions.compositions import take_back_words
from agents.errors import DraftClosedError
from agents.models import Composition, Review
from portal import audit
from portal.actions.tickets import withdraw_message
from portal.errors import InvalidRequestError, NotAllowedError, OwnWordsOnlyError
from portal.models import Message, Ticket, User
from portal.permissions import is_rep
from triage.models import Draft
from triage.wall import bar_of

MOST_COMMENT = 5_000


def reject_draft(*, actor: User, ticket: Ticket, draft: Draft, reason: str, comment: str = "") -> Review:
    """Say that a draft will not do, and why. The rejection is kept; the draft is offered to nobody any more."""
    if not is_rep(actor) or draft.ticket_id != ticket.pk:
        raise NotAllowedError
    if bar_of(Ticket.objects.select_related("organisation").get(pk=ticket.pk)):
        raise OwnWordsOnlyError
    if reason not in Review.Reason.values:
        raise InvalidRequestError(_("Choose why the draft will not do. Nothing was changed."))
    try:
        with transaction.atomic():
            review = Review.objects.create(
                draft=draft,
                reviewer=actor,
                verdict=Review.Verdict.REJECTED,
                reason=reason,
                comment=comment.strip()[:MOST_COMMENT],
            )
            audit.record("draft.rejected", actor=actor, target=draft, ticket_id=ticket.pk, reason=reason)
    except IntegrityError as error:
        raise DraftClosedError from error
    return review


def withdraw_reply(*, actor: User, ticket: Ticket, message: Message) -> Composition:
    """Take a released reply back while the customer cannot see it yet; its words return to the editor."""
    if message.ticket_id != ticket.pk:
        raise NotAllowedError
    with transaction.atomic():
        withdraw_message(actor=actor, message=message)
        stopped = Message.objects.with_text().get(pk=message.pk)
        return take_back_words(actor=actor, ticket=ticket, message=stopped)
