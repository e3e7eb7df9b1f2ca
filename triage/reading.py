"""What the console reads of triage: the latest run of a request with everything on it, and the runs of many at once.

Invariant: of a request that may not be automated (any more) nothing is read but that it was not.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from portal.models import Ticket
from triage.models import (
    AppliedValue,
    BlindCheck,
    Draft,
    DraftSentence,
    FieldName,
    FieldProposal,
    LogFinding,
    NextStep,
    Run,
    Verdict,
)
from triage.wall import bar_of, open_to_machines


def runs_in_full() -> QuerySet[Run]:
    """Runs with their draft, its sentences and sources, and the next steps: a fixed number of queries."""
    # The sources apart: joined, a whole article would come once for each sentence that quotes it.
    sentences = DraftSentence.objects.select_related("log_finding").prefetch_related("source_text")
    return (
        Run.objects.select_related("draft")
        .defer("embedding", "outputs")
        .prefetch_related(Prefetch("draft__sentences", queryset=sentences), "next_steps")
    )


def latest_run(ticket: Ticket) -> Run | None:
    """Return the run of the newest triaged message, with everything a rep sees of it; None before the first."""
    if bar := bar_of(ticket):
        return _without_products(ticket, bar)
    return runs_in_full().filter(ticket=ticket).order_by("-message_id").first()


def _without_products(ticket: Ticket, bar: str) -> Run | None:
    """Return the latest run as one that was barred, whatever it found before the account became what it is."""
    products = (
        Prefetch("proposals", queryset=FieldProposal.objects.none()),
        Prefetch("findings", queryset=LogFinding.objects.none()),
        Prefetch("next_steps", queryset=NextStep.objects.none()),
    )
    run = Run.objects.filter(ticket=ticket).defer("embedding", "outputs").prefetch_related(*products)
    latest = run.order_by("-message_id").first()
    if latest is not None:
        latest.no_draft_reason, latest.verdict, latest.duplicate_of = bar, Verdict.PLAIN, None
        latest._state.fields_cache["draft"] = None  # as Django remembers that there is none
    return latest


def runs_of(ticket: Ticket) -> QuerySet[Run]:
    """Return every run of the request, the newest first."""
    return runs_in_full().filter(open_to_machines("ticket__"), ticket=ticket).order_by("-message_id")


def proposals_and_blindness() -> "QuerySet[Any]":
    """Return proposals with `is_blind`: nobody may see it before a person has chosen, so that they choose unswayed."""
    blind = BlindCheck.objects.filter(ticket=OuterRef("run__ticket"), field=OuterRef("field")).unchosen()
    return FieldProposal.objects.annotate(is_blind=Exists(blind))


def proposals_to_show() -> "QuerySet[FieldProposal]":
    """Return the proposals that somebody may see."""
    return proposals_and_blindness().filter(is_blind=False)


def blind_among(ticket_ids: Iterable[int]) -> set[int]:
    """Return those whose category a person has yet to choose without seeing what triage proposes."""
    checks = BlindCheck.objects.filter(ticket__in=list(ticket_ids), field=FieldName.CATEGORY)
    return set(checks.unchosen().values_list("ticket", flat=True))


def applied_among(ticket_ids: Iterable[int]) -> dict[int, AppliedValue]:
    """Return, by request, the category that triage filed and nobody has changed since."""
    applied = AppliedValue.objects.filter(ticket__in=list(ticket_ids), field=FieldName.CATEGORY).unchosen()
    return {row.ticket_id: row for row in applied.select_related("change")}


def latest_draft(ticket: Ticket) -> Draft | None:
    """Return the draft for the newest message, or None when its run has none."""
    run = latest_run(ticket)
    return getattr(run, "draft", None) if run else None


def latest_runs(ticket_ids: Iterable[int]) -> dict[int, Run]:
    """Return the latest run of each request that may be automated, with no part but its draft: in one query."""
    newest = (
        Run.objects.filter(open_to_machines("ticket__"), ticket_id__in=list(ticket_ids))
        .order_by("ticket_id", "-message_id")
        .distinct("ticket_id")
        .select_related("draft")
        .only("ticket", "message", "state", "verdict", "no_draft_reason", "failure", "draft__run")
    )
    return {run.ticket_id: run for run in newest}
