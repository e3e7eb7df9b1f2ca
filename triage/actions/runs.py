"""The life of a run: claim it, store what came out, or record why it failed. Audited; one row per message for ever.

Every write locks the run's row and checks that this attempt still owns it, so a redelivered task, the sweep and a
process that was thought dead can never both store.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from kb.retrieval.embedder import DEFAULT_EMBEDDER
from portal import audit
from portal.models import Message, Ticket, User
from triage.actions.ladder import draw_blind_check
from triage.errors import RunTakenOver
from triage.facts import Drafted, FileCoverage, FileReading
from triage.gathering import has_newer, is_first_message
from triage.logs import LogReading
from triage.models import (
    Draft,
    DraftSentence,
    Failure,
    FieldName,
    FieldProposal,
    LogCoverage,
    LogFinding,
    NextStep,
    NoDraftReason,
    Run,
    RunState,
)
from triage.models.runs import MAX_ATTEMPTS, STALE_AFTER
from triage.outcome import Outcome
from triage.records import outputs_of
from triage.switch import drafting_state
from triage.wall import bar_of

log = logging.getLogger(__name__)

_MARK = 320
_NAMES = 8


def begin_run(
    *, message: Message, task_id: str, pipeline_version: str, actor: User | None, asked_again: bool = False
) -> Run | None:
    """Claim the run of a message; None when it is done, exhausted, or in the hands of another live task.

    An exhausted run is tried once more for each time that a person asks.
    """
    with transaction.atomic():
        # One statement where looking first, and again after a race, takes four.
        Run.objects.bulk_create([Run(message=message, ticket_id=message.ticket_id)], ignore_conflicts=True)
        # Closes the race of two deliveries of one task: the second waits here and then sees the first one's claim.
        run = Run.objects.select_for_update(of=("self",)).get(message=message)
        if not _may_begin(run, task_id, asked_again=asked_again):
            return None
        if run.state == RunState.RUNNING and run.attempts >= MAX_ATTEMPTS:
            _fail(run, Failure.LOST, "", actor)
            return None
        run.state = RunState.RUNNING
        run.attempts += 1
        run.claimed_by = task_id[:64]
        run.started_at = timezone.now()
        run.finished_at = None
        run.pipeline_version = pipeline_version[:120]
        run.is_first = is_first_message(message)
        run.save()
        audit.record("triage.run_began", actor=actor, target=run, ticket_id=run.ticket_id, attempt=run.attempts)
    return run


def _may_begin(run: Run, task_id: str, *, asked_again: bool) -> bool:
    if run.state == RunState.DONE or (run.is_exhausted and not asked_again):
        return False
    if run.state != RunState.RUNNING:
        return True
    # The broker hands a task out again only when its process is gone; otherwise a run is lost after its time limit.
    lost = run.started_at is None or run.started_at < timezone.now() - STALE_AFTER
    return lost or run.claimed_by == task_id


def record_barred(*, run: Run, reason: str, actor: User | None) -> Run:
    """Close a run that may not be automated: no step was taken and nothing was read, only the reason is kept."""
    with transaction.atomic():
        owned = _own(run)
        _close(owned, reason)
        audit.record("triage.run_barred", actor=actor, target=owned, ticket_id=owned.ticket_id, reason=reason)
    return owned


def store_outcome(
    *, run: Run, outcome: Outcome, inputs: Mapping[str, str], input_digest: str, actor: User | None
) -> Run:
    """Store everything that came out, in one transaction; raises RunTakenOver when another attempt has the run."""
    with transaction.atomic():
        owned = _own(run)
        # Accounts change hands while a pipeline runs: the wall is checked again where it counts, at the write.
        ticket = Ticket.objects.select_related("organisation").get(pk=owned.ticket_id)
        if not ticket.may_automate:
            return record_barred(run=owned, reason=bar_of(ticket), actor=actor)
        owned.inputs = dict(inputs)
        owned.input_digest = input_digest
        owned.outputs = outputs_of(outcome)
        owned.timings = dict(outcome.timings)
        owned.verdict = outcome.screening.verdict
        owned.duplicate_of_id = outcome.screening.duplicate_of
        if outcome.vector:
            owned.embedding = list(outcome.vector)
            owned.embedding_version = DEFAULT_EMBEDDER
        _store_findings(owned, outcome.readings)
        _store_coverages(owned, outcome.coverages, outcome.readings)
        _store_proposals(owned, outcome)
        drafted = _still_wanted(owned, outcome.grounded)
        _store_draft(owned, drafted)
        _store_steps(owned, outcome)
        _close(owned, drafted.no_draft_reason)
        audit.record(
            "triage.run_done",
            actor=actor,
            target=owned,
            ticket_id=owned.ticket_id,
            drafted=bool(drafted.sentences),
            model=drafted.model,
            input=input_digest,
        )
    return owned


def _still_wanted(run: Run, drafted: Drafted) -> Drafted:
    """Discard a draft that was overtaken: drafting was turned off since it was begun, or the customer wrote again.

    A message that comes in this very moment makes it stale at the next look, and `release()` refuses it by version.
    """
    if not drafting_state().is_on:
        return Drafted(no_draft_reason=NoDraftReason.DRAFTING_OFF)
    if drafted.sentences and has_newer(ticket_id=run.ticket_id, message_id=run.message_id):
        return Drafted(no_draft_reason=NoDraftReason.SUPERSEDED)
    return drafted


def fail_run(*, run: Run, failure: str, detail: str, actor: User | None) -> Run:
    """Record why an attempt failed. The sweep tries again until the attempts are used up."""
    with transaction.atomic():
        owned = _own(run)
        _fail(owned, failure, detail, actor)
    return owned


def _fail(run: Run, failure: str, detail: str, actor: User | None) -> None:
    run.state = RunState.FAILED
    run.failure = failure
    run.failure_detail = detail[:200]
    run.finished_at = timezone.now()
    run.no_draft_reason = NoDraftReason.FAILED
    run.save()
    audit.record(
        "triage.run_failed",
        actor=actor,
        target=run,
        ticket_id=run.ticket_id,
        failure=failure,
        attempt=run.attempts,
        exhausted=run.is_exhausted,
    )


def _own(run: Run) -> Run:
    """Lock the run's row; raises RunTakenOver unless this attempt still has it."""
    current = Run.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if current.state != RunState.RUNNING or current.attempts != run.attempts:
        raise RunTakenOver
    return current


def _close(run: Run, no_draft_reason: str) -> None:
    run.state = RunState.DONE
    run.failure = Failure.NONE
    run.failure_detail = ""
    run.no_draft_reason = no_draft_reason
    run.finished_at = timezone.now()
    run.save()


def _store_findings(run: Run, readings: tuple[FileReading, ...]) -> None:
    found = [(reading, finding) for reading in readings for finding in reading.reading.findings]
    LogFinding.objects.bulk_create(
        LogFinding(
            run=run,
            attachment_id=reading.attachment_id,
            member=reading.member[:200],
            position=position,
            line_no=finding.line_no,
            kind=finding.kind,
            head=finding.head,
            cause=finding.cause,
            text=finding.text,
            signature=finding.signature[:300],
            template=finding.template,
            marks=[mark[:_MARK] for mark in finding.marks],
            mark=finding.marks[0][:_MARK] if finding.marks else "",
            stamp=finding.stamp[:60],
            count=finding.count,
        )
        for position, (reading, finding) in enumerate(found)
    )


def _store_coverages(run: Run, coverages: tuple[FileCoverage, ...], readings: tuple[FileReading, ...]) -> None:
    read: dict[int | None, list[LogReading]] = defaultdict(list)
    for reading in readings:
        read[reading.attachment_id].append(reading.reading)
    LogCoverage.objects.bulk_create(
        LogCoverage(
            run=run,
            attachment_id=one.attachment_id,
            container=one.coverage.container,
            bytes_read=one.coverage.bytes_read,
            members=one.coverage.members,
            members_read=one.coverage.members_read,
            has_more=one.coverage.has_more,
            remarks=[[remark.member, remark.trouble] for remark in one.coverage.remarks],
            remarks_left_out=one.coverage.remarks_left_out,
            cut=list(one.coverage.cut),
            unread=one.coverage.unread or "",
            damage=one.coverage.damage or "",
            **_told_by(read[one.attachment_id]),
        )
        for one in coverages
    )


def _told_by(readings: list[LogReading]) -> dict[str, Any]:
    """What the logs of one file say of themselves. Stamps of several logs are not compared: each has its own form."""
    only = readings[0] if len(readings) == 1 else None
    return {
        "lines": sum(reading.lines for reading in readings),
        "first_stamp": only.first_stamp[:60] if only else "",
        "last_stamp": only.last_stamp[:60] if only else "",
        "versions": list(dict.fromkeys(name for reading in readings for name in reading.versions))[:_NAMES],
        "hosts": list(dict.fromkeys(name for reading in readings for name in reading.hosts))[:_NAMES],
    }


def _store_proposals(run: Run, outcome: Outcome) -> None:
    proposals = []
    if outcome.category:
        category = outcome.category
        proposals.append(
            FieldProposal(
                run=run,
                field=FieldName.CATEGORY,
                value=category.value,
                confidence=category.confidence,
                n=category.n,
                measured_on=category.measured_on,
                reasons=list(category.reasons),
            )
        )
    if run.is_first or outcome.priority.value == "high":
        reasons = list(outcome.priority.reasons)
        proposals.append(
            FieldProposal(run=run, field=FieldName.PRIORITY, value=outcome.priority.value, reasons=reasons)
        )
    FieldProposal.objects.bulk_create(proposals)
    for proposal in proposals:
        if proposal.field == FieldName.CATEGORY:
            draw_blind_check(run=run, proposal=proposal)


def _store_draft(run: Run, drafted: Drafted) -> None:
    if not any(sentence.is_sourced for sentence in drafted.sentences):
        return
    draft = Draft.objects.create(
        run=run,
        ticket_id=run.ticket_id,
        answers_id=run.message_id,
        model=drafted.model[:100],
        not_worded=drafted.not_worded,
    )
    DraftSentence.objects.bulk_create(
        DraftSentence(
            draft=draft,
            position=position,
            text=sentence.text,
            kind=sentence.kind,
            form=sentence.form,
            source_text_id=sentence.source_text_id,
            passage_id=sentence.passage_id,
            heading=sentence.heading,
            start=sentence.start if sentence.is_sourced else None,
            end=sentence.end if sentence.is_sourced else None,
            quote=sentence.quote,
            digest=sentence.digest,
        )
        for position, sentence in enumerate(drafted.sentences)
    )


def _store_steps(run: Run, outcome: Outcome) -> None:
    NextStep.objects.bulk_create(
        NextStep(
            run=run,
            position=position,
            kind=step.kind,
            text=step.text,
            url=step.url[:500],
            reason=step.reason,
            commands=step.commands,
        )
        for position, step in enumerate(outcome.steps)
    )
