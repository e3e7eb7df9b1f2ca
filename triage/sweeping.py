"""Finds customer messages that triage missed: without a run (a lost signal), with a lost one, or one to try again."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from portal.models import Message, Ticket
from triage.models import Run

# A message younger than this is on its way by the signal; the sweep need not send it twice.
GRACE = timedelta(seconds=15)
BATCH = 200


def missed_messages(*, limit: int = BATCH) -> list[int]:
    """Return ids of messages to triage, the oldest first.

    What opened a request is always read: it teaches. A later message is read while the request waits for us; after an
    outage nothing is drafted for what people have long answered.
    """
    inbound = Message.objects.inbound().exclude(automatic__in=["auto_reply", "bounce"])
    unknown = inbound.filter(created_at__lt=timezone.now() - GRACE).exclude(
        Exists(Run.objects.filter(message=OuterRef("pk")))
    )
    earlier = Message.objects.inbound().filter(ticket=OuterRef("ticket"), pk__lt=OuterRef("pk"))
    unknown = unknown.filter(Q(ticket__status=Ticket.Status.OPEN) | ~Exists(earlier))
    again = Run.objects.due_again().order_by("message_id").values_list("message_id", flat=True)
    ids = {*unknown.order_by("id").values_list("id", flat=True)[:limit], *again[:limit]}
    return sorted(ids)[:limit]
