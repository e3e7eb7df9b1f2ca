"""What triage learns filing from: requests that a person filed, of accounts that may teach. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Count, Exists, Max, OuterRef, QuerySet

from kb.redaction import redact
from kb.retrieval.embedder import DEFAULT_EMBEDDER, DIMENSIONS
from portal.models import AuditEvent
from triage.learning import Examples, evenly
from triage.models import Run
from triage.wording import with_subject


@dataclass(frozen=True)
class Lessons:
    """How many there are, when one of them last changed, and the newest."""

    count: int
    changed: str
    newest: int


def labelled_runs() -> QuerySet[Run]:
    """Runs whose ticket a person filed. What the requester chose in a form is a wish; a rep's choice is a label."""
    chosen = AuditEvent.objects.filter(verb="ticket.category_changed", ticket_id=OuterRef("ticket_id"))
    return Run.objects.person_labelled().filter(Exists(chosen), embedding_version=DEFAULT_EMBEDDER)


def lessons() -> Lessons:
    """What there is to learn from, as little as tells that it has changed."""
    newest = labelled_runs().aggregate(count=Count("pk"), changed=Max("ticket__updated_at"), run=Max("pk"))
    return Lessons(newest["count"], str(newest["changed"]), newest["run"] or 0)


def read_examples(slugs: Sequence[str], *, limit: int) -> Examples:
    """At most `limit` requests that a person filed under these categories: the newest, as many of each as fit."""
    places = {slug: place for place, slug in enumerate(slugs)}
    mine = labelled_runs().filter(ticket__category__slug__in=places).order_by("-pk")
    filed = list(mine.values_list("pk", "ticket__category__slug"))
    taken = [filed[place] for place in evenly([places[slug] for _pk, slug in filed], limit)]
    texts, vectors, labels, tickets = [], [], [], []
    runs = Run.objects.select_related("ticket", "message__body", "message__payload").in_bulk([pk for pk, _ in taken])
    for pk, slug in taken:
        run = runs[pk]
        texts.append(redact(with_subject(run.ticket.subject, run.message.text)).text)
        vectors.append(list(run.embedding))
        labels.append(places[slug])
        tickets.append(run.ticket_id)
    rows = np.asarray(vectors, dtype=np.float32).reshape(len(vectors), DIMENSIONS)
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return Examples(tuple(texts), rows / lengths, np.asarray(labels, np.int64), np.asarray(tickets, np.int64))
