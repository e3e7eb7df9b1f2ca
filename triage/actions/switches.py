"""Turning drafting off and on for the whole site: a lead's decision, kept with its reason."""

from django.db import transaction
from django.utils.translation import gettext as _

from portal import audit
from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import User
from portal.permissions import is_lead
from triage.models import DraftingDecision

MOST_REASON = 300


def decide_drafting(*, actor: User, on: bool, reason: str = "") -> DraftingDecision:
    """Record that drafts are written, or not, from now on. Off needs a reason: every rep reads it."""
    if not is_lead(actor):
        raise NotAllowedError
    words = " ".join(reason.split())
    if not on and not words:
        raise InvalidRequestError(_("Say why drafting is switched off: the reps will read it. Nothing was changed."))
    if len(words) > MOST_REASON:
        raise InvalidRequestError(
            _("The reason is longer than %(limit)d characters. Nothing was changed.") % {"limit": MOST_REASON}
        )
    with transaction.atomic():
        decision = DraftingDecision.objects.create(is_on=on, reason="" if on else words, decided_by=actor)
        audit.record("triage.drafting_decided", actor=actor, target=decision, on=on)
    return decision
