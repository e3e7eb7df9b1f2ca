"""One triage run, from a message's id to a stored run: claim, read, pass the wall or stop at it, think, store.

Whatever happens is recorded: a run is done with a result, done with the reason why nothing was done, or failed with
its reason. The sweep continues what a lost process left.
"""

import logging

from billiard.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, InterfaceError, OperationalError
from haystack import Pipeline
from haystack.core.errors import PipelineRuntimeError

from kb.retrieval.embedder import EmbedderUnavailable, embed_query, get_embedder
from triage.actions.ladder import apply_earned
from triage.actions.runs import begin_run, fail_run, record_barred, store_outcome
from triage.errors import RunTakenOver
from triage.facts import Request
from triage.gathering import gather, get_message
from triage.models import Failure, Run
from triage.pipeline import PIPELINE_VERSION, run_pipeline
from triage.wall import bar_of

log = logging.getLogger(__name__)

# Vectors that a worker keeps: a request's own, and those of titles and sentences that are found often. Eight megabytes.
REMEMBERED = 5_000

REHEARSAL = Request(
    ticket_id=0,
    message_id=0,
    requester_name="",
    subject="Rehearsal",
    text="Nothing is asked and nothing is stored.",
    language="en",
    audiences=frozenset({"public"}),
    is_first=True,
    is_latest=True,
    drafting=False,
)


def run_triage(
    message_id: int, *, task_id: str, asked_again: bool = False, pipeline: Pipeline | None = None
) -> Run | None:
    """Triage a message once; None when there is nothing (more) to do. Raises what the task may retry.

    `pipeline`: one other than this process's, for an evaluation.
    """
    message = get_message(message_id)
    if message is None:
        return None
    run = begin_run(
        message=message, task_id=task_id, pipeline_version=PIPELINE_VERSION, actor=None, asked_again=asked_again
    )
    if run is None:
        return None
    try:
        bar = bar_of(message.ticket)
        if bar:
            return record_barred(run=run, reason=bar, actor=None)
        gathered = gather(message)
        outcome = run_pipeline(gathered.request, pipeline=pipeline)
        done = store_outcome(run=run, outcome=outcome, inputs=gathered.inputs, input_digest=gathered.digest, actor=None)
        apply_earned(run=done, actor=None)
        return done
    except RunTakenOver:
        log.info("triage_run_taken_over", extra={"run_id": run.pk})
        return None
    except (OperationalError, InterfaceError):
        raise  # the database is away, so nothing can be recorded: the task retries and the sweep continues
    except PipelineRuntimeError as error:
        return _fail_step(run, error)
    except Exception as error:  # noqa: BLE001 - whatever it was, the run says so, and a person sees it
        return _fail(run, error, "")


def prepare() -> None:
    """Load the embedder, build the pipeline and run it once on nothing, so that the first request waits for none."""
    try:
        get_embedder().remembers = REMEMBERED
        embed_query("warm up")
    except EmbedderUnavailable as error:
        log.warning("embedder_unavailable", extra={"reason": str(error)})
    try:
        run_pipeline(REHEARSAL)
    except PipelineRuntimeError as error:
        log.warning("rehearsal_failed", extra={"step": error.component_name})


def _fail_step(run: Run, error: PipelineRuntimeError) -> Run | None:
    cause = error.__cause__
    if isinstance(cause, OperationalError | InterfaceError):
        raise cause
    return _fail(run, cause or error, f"{error.component_name}: ")


def _fail(run: Run, error: BaseException, where: str) -> Run | None:
    """Record what failed by the names of step and class: an exception's message may hold a customer's words."""
    detail = f"{where}{type(error).__name__}"
    log.error("triage_failed", extra={"run_id": run.pk, "detail": detail})
    failure = Failure.STEP
    if isinstance(error, SoftTimeLimitExceeded):
        failure = Failure.TIMEOUT
    elif isinstance(error, DatabaseError):
        failure = Failure.DATABASE
    try:
        return fail_run(run=run, failure=failure, detail=detail, actor=None)
    except RunTakenOver:
        return None
