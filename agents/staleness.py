"""Which drafts still stand, for many requests at once: the queryset twins of `Draft.is_stale`.

A draft stands while the customer wrote nothing after what it answers and every text it quotes is what its article says.
"""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from kb.models import SourceText
from portal.models import Message, Ticket
from portal.permissions import PUBLIC, own_audience_of_requester
from triage.models import Draft, DraftSentence
from triage.models.drafts import live_sources
from triage.wall import open_to_machines


def stale_among(drafts: Iterable[Draft]) -> set[int]:
    """The numbers of those that are stale, in one query at most."""
    numbers = [draft.pk for draft in drafts]
    if not numbers:
        return set()
    asked = Draft.objects.filter(pk__in=numbers)
    return set(asked.filter(_overtaken() | _unfounded()).values_list("pk", flat=True))


def ready_drafts() -> QuerySet[Draft]:
    """Drafts of requests to answer that nobody has reviewed and that still stand; none behind the high-touch wall."""
    waiting = Draft.objects.filter(
        open_to_machines("ticket__"), ticket__status=Ticket.Status.OPEN, reviews__isnull=True
    )
    return waiting.filter(~_overtaken(), ~_unfounded())


def _overtaken() -> Exists:
    """The customer has written again since."""
    newer = Message.objects.filter(ticket=OuterRef("ticket"), direction="inbound", pk__gt=OuterRef("answers"))
    return Exists(newer.exclude(automatic__in=["auto_reply", "bounce"]))


def _unfounded() -> Exists:
    """It quotes a text that its article no longer says, or not to this customer."""
    cited = DraftSentence.objects.filter(draft=OuterRef("pk"), source_text__isnull=False)
    cited = cited.alias(own=own_audience_of_requester("draft__ticket"))
    live = live_sources(SourceText.objects.filter(pk=OuterRef("source_text")), [PUBLIC, OuterRef("own")])
    return Exists(cited.exclude(Exists(live)))
