"""Keeps how a person wants the console to behave."""

from django.db import transaction

from agents.models import DeskPreference
from portal import audit
from portal.errors import NotAllowedError
from portal.models import User
from portal.permissions import is_rep


def set_single_keys(*, actor: User, wanted: bool) -> DeskPreference:
    """Turn the shortcuts of one letter on or off for the actor."""
    if not is_rep(actor):
        raise NotAllowedError
    with transaction.atomic():
        kept, _made = DeskPreference.objects.update_or_create(person=actor, defaults={"single_keys": wanted})
        audit.record("preference.single_keys", actor=actor, target=kept, wanted=wanted)
    return kept
