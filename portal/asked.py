"""Questions that people filed, each with the article that they opened for it: what an index must go on finding.

Only of accounts that automation may learn from. Nothing here leaves the process: kb asks, compares ranks and forgets.
"""

from typing import Any

from django.conf import settings
from django.dispatch import receiver

from kb.signals import recorded_questions_wanted
from portal.models import DeflectionShown
from portal.models.tickets import automatable


@receiver(recorded_questions_wanted, dispatch_uid="portal.recorded_questions")
def recorded_questions(*, most: int, **_: Any) -> list[tuple[str, int]]:
    """The newest ones."""
    allowed = automatable(unknown_accounts=settings.HANDRAIL_AUTOMATE_UNKNOWN, prefix="ticket__")
    opened = DeflectionShown.objects.filter(allowed, opened=True, article__isnull=False).order_by("-ticket_id")
    return list(opened.values_list("ticket__subject", "article_id")[:most])
