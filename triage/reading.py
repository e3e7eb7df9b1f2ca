"""What the console reads of triage: the latest run of a request with everything on it, and the runs of many at once."""

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from portal.models import Ticket
from triage.models import Draft, DraftSentence, Run


def runs_in_full() -> QuerySet[Run]:
    """Runs with draft, sentences, sources, proposals, findings and next steps: a fixed number of queries."""
    sentences = DraftSentence.objects.select_related("source_text__article", "log_finding")
    return (
        Run.objects.select_related("draft", "message", "duplicate_of")
        .defer("embedding", "outputs")
        .prefetch_related(
            Prefetch("draft__sentences", queryset=sentences),
            "proposals",
            "findings__attachment",
            "next_steps",
        )
    )


def latest_run(ticket: Ticket) -> Run | None:
    """Return the run of the newest triaged message, with everything a rep sees of it; None before the first."""
    return runs_in_full().filter(ticket=ticket).order_by("-message_id").first()


def runs_of(ticket: Ticket) -> QuerySet[Run]:
    """Return every run of the request, the newest first."""
    return runs_in_full().filter(ticket=ticket).order_by("-message_id")


def latest_draft(ticket: Ticket) -> Draft | None:
    """Return the draft for the newest message, or None when its run has none."""
    run = latest_run(ticket)
    return getattr(run, "draft", None) if run else None


def latest_runs(ticket_ids: Iterable[int]) -> dict[int, Run]:
    """Return each request's latest run, without its parts but for the draft: for a queue, in one query."""
    newest = (
        Run.objects.filter(ticket_id__in=list(ticket_ids))
        .order_by("ticket_id", "-message_id")
        .distinct("ticket_id")
        .select_related("draft")
        .defer("embedding", "outputs", "inputs", "timings")
    )
    return {run.ticket_id: run for run in newest}
