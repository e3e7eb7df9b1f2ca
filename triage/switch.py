"""Whether anything is drafted at all, and if not, why: the setting, then what a lead last decided.

One switch for all drafting. Requests are still read, classified and searched for while it is off.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from triage.models import DraftingDecision


@dataclass(frozen=True)
class DraftingState:
    """`why` is for reps, and empty while drafting is on. `by_setting`: no lead can turn it on from the console."""

    is_on: bool
    why: str = ""
    by_setting: bool = False
    since: datetime | None = None


def drafting_state() -> DraftingState:
    """Return whether drafts are written now, in one query."""
    if not settings.HANDRAIL_DRAFTING:
        why = _("Drafting is switched off for this site by its settings.")
        return DraftingState(is_on=False, why=why, by_setting=True)
    decision = DraftingDecision.objects.select_related("decided_by").order_by("-pk").first()
    if decision is None or decision.is_on:
        return DraftingState(is_on=True, since=decision.created_at if decision else None)
    words = _("%(name)s switched drafting off on %(day)s: %(reason)s") % {
        "name": decision.decided_by.get_full_name(),
        "day": timezone.localtime(decision.created_at).strftime("%d %B %Y, %H:%M"),
        "reason": decision.reason,
    }
    return DraftingState(is_on=False, why=words, since=decision.created_at)
