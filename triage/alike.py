"""Resolved requests that ask the same, nearest first: evidence for a rep, never for a machine's decision.

Nothing of a high-touch, erased or unknown account is compared, on either side, by the account's record at the moment of
reading; and only what this reader may see is named. The index is asked for so many neighbours and no more: what a page
waits for does not grow with the requests.
"""

from dataclasses import dataclass

from pgvector.django import CosineDistance

from kb.retrieval.embedder import DEFAULT_EMBEDDER
from portal.models import Ticket, User
from triage.models import Run
from triage.wall import bar_of

# As many as the index looks at by default (hnsw.ef_search); those that may not be shown fall away afterwards.
LOOKED_AT = 40
MOST_SHOWN = 4
LEAST_ALIKE = 0.6
RESOLVED = (Ticket.Status.SOLVED, Ticket.Status.CLOSED)


@dataclass(frozen=True)
class Alike:
    """A resolved request and how near it is, by the cosine of what both asked."""

    ticket: Ticket
    cosine: float


def resolved_alike(ticket: Ticket, reader: User) -> list[Alike]:
    """Return the nearest resolved requests that this reader may see; none behind the wall, or without a vector."""
    if bar_of(ticket):
        return []
    runs = Run.objects.filter(is_first=True, embedding__isnull=False)
    own = runs.filter(ticket=ticket, embedding_version=DEFAULT_EMBEDDER).values_list("embedding", flat=True).first()
    if own is None:
        return []
    near = runs.annotate(distance=CosineDistance("embedding", own)).order_by("distance")
    cosines = {pk: 1.0 - float(distance) for pk, distance in near.values_list("pk", "distance")[:LOOKED_AT]}
    alike = [pk for pk, cosine in cosines.items() if cosine >= LEAST_ALIKE]
    shown = Run.objects.shareable().filter(pk__in=alike, embedding_version=DEFAULT_EMBEDDER).exclude(ticket=ticket)
    readable = Ticket.objects.visible_to(reader).filter(status__in=RESOLVED)
    found = shown.filter(ticket__in=readable).select_related("ticket").only("ticket")
    ordered = sorted(found, key=lambda run: (-cosines[run.pk], -run.pk))
    return [Alike(run.ticket, cosines[run.pk]) for run in ordered[:MOST_SHOWN]]
