"""The wiring of triage: which step hears which. Built once per process; a run takes facts and gives a typed record."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version

from django.conf import settings
from haystack import Pipeline
from haystack.tracing.tracer import Span, Tracer, disable_tracing, enable_tracing

from kb.retrieval.chunking import EXTRACTOR_VERSION
from kb.retrieval.embedder import DEFAULT_EMBEDDER, seconds_spent
from portal.environment import ConfigurationError
from triage.components.advise import Advise
from triage.components.classify import Classify
from triage.components.draft import Draft
from triage.components.ground import Ground
from triage.components.prioritise import Prioritise
from triage.components.read_logs import ReadLogs
from triage.components.retrieve import Retrieve
from triage.components.reword import Reword
from triage.components.screen import Screen
from triage.components.warn import Warn
from triage.facts import Request
from triage.generators import Writer, configured_writer
from triage.outcome import Outcome
from triage.outward import AllowList, Way, allow_list, find_outward
from triage.prompts import PROMPT_VERSION
from triage.schooling import Teacher
from triage.screening import read_taught
from triage.sources import read_sources
from triage.weighing import current_weights

log = logging.getLogger(__name__)

# On a failure haystack snapshots every input, finds that ours are not its own types and says so once per step.
logging.getLogger("haystack.utils.base_serialization").setLevel(logging.ERROR)

# Raised by hand when a step changes what it puts out.
_HAYSTACK = version("haystack-ai")
PIPELINE_VERSION = f"6 haystack-{_HAYSTACK} {DEFAULT_EMBEDDER} extractor-{EXTRACTOR_VERSION} prompt-{PROMPT_VERSION}"
STEPS = ("screen", "read_logs", "classify", "prioritise", "retrieve", "draft", "reword", "ground", "advise", "warn")


def build_pipeline(*, writer: Writer | None = None) -> Pipeline:
    """Return a pipeline whose drafts `writer` words, or nobody."""
    pipeline = Pipeline()
    pipeline.add_component("screen", Screen(read_taught=read_taught))
    pipeline.add_component("read_logs", ReadLogs())
    pipeline.add_component("classify", Classify(teach=Teacher()))
    pipeline.add_component("prioritise", Prioritise(read_weights=current_weights))
    pipeline.add_component("retrieve", Retrieve())
    pipeline.add_component(
        "draft",
        Draft(
            site_url=settings.HANDRAIL_PUBLIC_URL,
            greeting=settings.HANDRAIL_DRAFT_GREETING,
            sign_off=settings.HANDRAIL_DRAFT_SIGN_OFF,
        ),
    )
    pipeline.add_component("reword", Reword(writer=writer))
    pipeline.add_component("ground", Ground(read_sources=read_sources, allowed=site_allow_list()))
    pipeline.add_component("advise", Advise())
    pipeline.add_component("warn", Warn())
    pipeline.connect("read_logs.readings", "prioritise.readings")
    pipeline.connect("read_logs.readings", "retrieve.readings")
    pipeline.connect("read_logs.readings", "advise.readings")
    pipeline.connect("screen.screening", "draft.screening")
    pipeline.connect("screen.screening", "advise.screening")
    pipeline.connect("retrieve.evidence", "draft.evidence")
    pipeline.connect("retrieve.evidence", "advise.evidence")
    pipeline.connect("prioritise.priority", "advise.priority")
    pipeline.connect("draft.drafted", "reword.drafted")
    pipeline.connect("reword.drafted", "ground.drafted")
    pipeline.connect("ground.grounded", "advise.grounded")
    return pipeline


def _writer() -> Writer | None:
    """Return the configured chat model; a mistake in its settings costs better prose and nothing else."""
    try:
        return configured_writer()
    except ConfigurationError as error:
        log.error("model_misconfigured", extra={"reason": str(error)})
        return None


@lru_cache(maxsize=1)
def get_pipeline() -> Pipeline:
    """Return this process's pipeline, its components warm."""
    pipeline = build_pipeline(writer=_writer())
    pipeline.warm_up()
    return pipeline


def site_allow_list() -> AllowList:
    """Return what drafts may name: this site's own address, what operators listed, and what their own words name."""
    own_words = find_outward(f"{settings.HANDRAIL_DRAFT_GREETING}\n{settings.HANDRAIL_DRAFT_SIGN_OFF}")
    named = [found.host or found.value for found in own_words if found.host or found.way is not Way.LINK]
    return allow_list([settings.HANDRAIL_PUBLIC_URL, *settings.HANDRAIL_ALLOWED_CONTACTS, *named])


def run_pipeline(request: Request, *, pipeline: Pipeline | None = None) -> Outcome:
    """Run every step on the request, in this process's pipeline if no other is given.

    Raises haystack's PipelineRuntimeError, which names the step that failed.
    """
    facts: dict[str, object] = {"request": request}
    data: dict[str, dict[str, object]] = {step: facts for step in STEPS if step != "ground"}
    data["ground"] = {"audiences": request.audiences}
    embedded_before = seconds_spent()
    with _stopwatch() as timings:
        put_out = (pipeline or get_pipeline()).run(data, include_outputs_from=set(STEPS))
    timings["embedding"] = round(1000 * (seconds_spent() - embedded_before), 1)
    return Outcome(
        screening=put_out["screen"]["screening"],
        readings=tuple(put_out["read_logs"]["readings"]),
        coverages=tuple(put_out["read_logs"]["coverages"]),
        category=put_out["classify"]["category"],
        unfiled=put_out["classify"]["unfiled"],
        vector=tuple(put_out["classify"]["vector"]),
        priority=put_out["prioritise"]["priority"],
        evidence=put_out["retrieve"]["evidence"],
        drafted=put_out["draft"]["drafted"],
        reworded=put_out["reword"]["drafted"],
        grounded=put_out["ground"]["grounded"],
        dropped=put_out["ground"]["dropped"],
        withheld=put_out["ground"]["withheld"],
        steps=tuple(put_out["advise"]["steps"]),
        timings=timings,
        addressed=put_out["warn"]["addressed"],
    )


class _Span(Span):
    def set_tag(self, key: str, value: object) -> None:
        """Tags are not kept: they may hold customers' words."""


class _Stopwatch(Tracer):
    """Times the components of the runs in this process; a worker's child runs one at a time."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}

    @contextmanager
    def trace(
        self,
        operation_name: str,  # noqa: ARG002 - haystack's protocol
        tags: dict[str, object] | None = None,
        parent_span: Span | None = None,  # noqa: ARG002
    ) -> Iterator[Span]:
        began = time.perf_counter()
        try:
            yield _Span()
        finally:
            name = (tags or {}).get("haystack.component.name")
            if isinstance(name, str):
                self.timings[name] = round(1000 * (time.perf_counter() - began), 1)

    def current_span(self) -> Span | None:
        return None


@contextmanager
def _stopwatch() -> Iterator[dict[str, float]]:
    watch = _Stopwatch()
    enable_tracing(watch)
    try:
        yield watch.timings
    finally:
        disable_tracing()
