"""Weighing the signals of priority: a lead's decision, each kept with what was before. Nothing is applied by it."""

from collections.abc import Mapping

from django.db import connection, transaction
from django.utils.translation import gettext as _

from portal import audit
from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import User
from portal.permissions import is_lead
from triage.models import SignalDecision
from triage.urgency import SIGNALS
from triage.weighing import Setting, Weighed, current_settings, newest_decision
from triage.weights import LEAST, MOST

_LOCK = 0x48_52_53_49


def decide_weights(*, actor: User, wanted: Mapping[str, Weighed], seen: int) -> list[SignalDecision]:
    """Weigh the named signals so from now on; what stays as it is leaves no trace.

    `seen` is the newest decision that the lead saw. Raises InvalidRequestError when another was made since.
    """
    if not is_lead(actor):
        raise NotAllowedError
    if any(not LEAST <= one.weight <= MOST for one in wanted.values()):
        raise InvalidRequestError(
            _("A weight is a whole number from %(least)d to %(most)d. Nothing was changed.")
            % {"least": LEAST, "most": MOST}
        )
    with transaction.atomic():
        # Two leads who save at once: the second waits here, and then sees that the first was there.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if newest_decision() != seen:
            raise InvalidRequestError(
                _("The weights were changed meanwhile. Nothing of yours was saved: look at them and decide again.")
            )
        changed = [
            (setting, wanted[setting.signal.code])
            for setting in current_settings()
            if setting.signal.code in wanted
            and wanted[setting.signal.code] != Weighed(setting.weight, is_on=setting.is_on)
        ]
        return [_decide(actor, setting, after) for setting, after in changed]


def reset_weights(*, actor: User, seen: int) -> list[SignalDecision]:
    """Weigh every signal as it was shipped."""
    return decide_weights(actor=actor, wanted={s.code: Weighed(s.weight) for s in SIGNALS}, seen=seen)


def _decide(actor: User, setting: Setting, after: Weighed) -> SignalDecision:
    decision = SignalDecision.objects.create(
        code=setting.signal.code,
        weight_before=setting.weight,
        weight=after.weight,
        was_on=setting.is_on,
        is_on=after.is_on,
        decided_by=actor,
    )
    audit.record(
        "triage.signal_decided",
        actor=actor,
        target=decision,
        signal=decision.code,
        before=decision.weight_before,
        after=decision.weight,
        was_on=decision.was_on,
        on=decision.is_on,
    )
    return decision
