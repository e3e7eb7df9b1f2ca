"""`bench triage`: how many plain requests a minute's worth of real workers reads, and what each takes of whom.

Requests are filed by the product's own action and wait in the queue before the workers start, so filing is no part of
what is measured: the rate is of the runs' own times, from when the first are warm to when the last one is done.
"""

import secrets
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection

from agents import bench_library
from agents.bench_library import Writer, texts_of, write_library
from agents.bench_worker import Workers, keys_of_its_own, processor_seconds, running_workers, wait_while_busy
from portal.actions.tickets import Filing, file_ticket
from portal.celery import app
from portal.models import Category, Membership, Organisation, User
from triage.evaluation.knowledge import kept_site
from triage.evaluation.metrics import mean, percentile
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import with_progress
from triage.models import Draft, Run, RunState

ROLES = ("web", "worker")
REQUESTS_A_PERSON = 10
WARM_SHARE, MOST_WARM = 0.1, 100
LEAST_RATE = 2.0
"""Tickets a second below which it is given up."""
START_SECONDS = 120
SUBJECT_WORDS = 6
_CATEGORIES = ("Billing", "Installation", "Network", "Performance", "Permissions", "Reports", "Backups", "Mobile")


@dataclass(frozen=True)
class Measured:
    """Of each finished run: when it began and ended, and the milliseconds of its steps."""

    began: Sequence[datetime]
    ended: Sequence[datetime]
    timings: Sequence[dict[str, float]]
    failed: int
    drafted: int
    meter: "Meter"

    @property
    def milliseconds(self) -> list[float]:
        return [(e - b).total_seconds() * 1000 for b, e in zip(self.began, self.ended, strict=True)]

    @property
    def rate(self) -> float:
        """Runs a second, from when the first tenth was done to the end."""
        ends = sorted(self.ended)
        warm = max(1, min(MOST_WARM, round(len(ends) * WARM_SHARE)))
        seconds = (ends[-1] - ends[warm - 1]).total_seconds() if len(ends) > warm else 0.0
        return (len(ends) - warm) / seconds if seconds else 0.0


def bench_triage(tickets: int, passages: int, processes: int) -> Report:
    kept = [str(passages), Path(bench_library.__file__).read_text(), str(bench_library.EMBEDDED)]
    with kept_site(f"{passages} passages", kept, lambda: write_library(passages), also=ROLES) as database:
        prefix = f"handrail-bench-{secrets.token_hex(6)}."
        with keys_of_its_own(app, prefix):
            file_requests(tickets)
            with running_workers(database, prefix=prefix, processes=processes) as workers:
                meter = _await_runs(workers, tickets)
        measured = _read(meter)
    return Report("triage", _figures(tickets, passages, processes, measured), _notes(passages, processes))


def file_requests(count: int) -> None:
    """File so many requests of a hundred words, by people of accounts that may be automated."""
    Category.objects.bulk_create(
        Category(slug=name.lower(), name=name, description=f"Questions about {name.lower()}") for name in _CATEGORIES
    )
    people = list(_people(max(1, count // REQUESTS_A_PERSON)))
    writer = Writer(seed=23)
    for number, text in enumerate(with_progress(texts_of(count), "requests filed")):
        asked = writer.request(text)
        subject = " ".join(asked.split()[:SUBJECT_WORDS])
        filing = Filing(subject=subject, text=asked, filing_key=uuid.uuid4())
        file_ticket(actor=people[number % len(people)], filing=filing, verified=True)


def _people(count: int) -> Iterator[User]:
    for number in range(count):
        organisation = Organisation.objects.create(name=f"Account {number}", kind=Organisation.Kind.STANDARD)
        person = User.objects.create_user(email=f"person{number}@example.com", display_name=f"Person {number}")
        Membership.objects.create(user=person, organisation=organisation)
        yield person


class Meter:
    """What the worker's processes and their sessions with PostgreSQL used, from when the first requests were done."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._used: dict[str, dict[int, float]] = {"workers": {}, "database": {}}
        self._before: dict[str, float] = {}
        self._done_before = self._done = 0
        self.peak_mb = 0.0

    def read(self, done: int) -> None:
        self.peak_mb = max(self.peak_mb, self._workers.peak_megabytes())
        self._used["workers"].update(self._workers.processor_seconds())
        self._used["database"].update({pid: processor_seconds(pid) for pid in _sessions()})
        self._done = done
        if done and not self._before:
            self._before, self._done_before = self._sums(), done

    def _sums(self) -> dict[str, float]:
        return {name: sum(used.values()) for name, used in self._used.items()}

    def milliseconds_a_ticket(self) -> dict[str, float]:
        """Of the processor, by who used it: the same however busy the machine is with something else."""
        count = max(1, self._done - self._done_before)
        return {name: 1000 * (now - self._before.get(name, 0.0)) / count for name, now in self._sums().items()}


def _sessions() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'handrail_worker'"
        )
        return [int(pid) for (pid,) in cursor.fetchall()]


def _await_runs(workers: Workers, count: int) -> Meter:
    """Wait until all runs are over. Raises RuntimeError when they do not end."""
    meter = Meter(workers)

    def is_done() -> bool:
        done = Run.objects.filter(state__in=[RunState.DONE, RunState.FAILED]).count()
        meter.read(done)
        return done >= count

    if not wait_while_busy(workers, is_done=is_done, seconds=START_SECONDS + count / LEAST_RATE):
        raise RuntimeError("the workers under measurement did not come to an end")
    return meter


def _read(meter: Meter) -> Measured:
    runs = Run.objects.filter(state=RunState.DONE).order_by("finished_at")
    rows = list(runs.values_list("started_at", "finished_at", "timings"))
    return Measured(
        began=[began for began, _ended, _timings in rows if began],
        ended=[ended for _began, ended, _timings in rows if ended],
        timings=[timings for _began, _ended, timings in rows],
        failed=Run.objects.filter(state=RunState.FAILED).count(),
        drafted=Draft.objects.count(),
        meter=meter,
    )


def _figures(tickets: int, passages: int, processes: int, measured: Measured) -> Figures:
    whole = measured.milliseconds
    steps = list(dict.fromkeys(step for timings in measured.timings for step in timings))
    embedding = [timings.get("embedding", 0.0) for timings in measured.timings]
    return {
        "tickets": tickets,
        "passages": passages,
        "workers": processes,
        "tickets_per_s": measured.rate,
        "p50_ms": percentile(whole, 0.5),
        "p95_ms": percentile(whole, 0.95),
        "embed_share": sum(embedding) / sum(whole) if whole else None,
        "rss_mb": measured.meter.peak_mb,
        "failed": measured.failed,
        "drafted": measured.drafted / tickets,
        "processor_ms": measured.meter.milliseconds_a_ticket(),
        "steps": {
            step: {
                "p50_ms": percentile([timings.get(step, 0.0) for timings in measured.timings], 0.5),
                "p95_ms": percentile([timings.get(step, 0.0) for timings in measured.timings], 0.95),
                "share": mean([timings.get(step, 0.0) for timings in measured.timings]) / mean(whole),
            }
            for step in steps
        },
    }


def _notes(passages: int, processes: int) -> tuple[str, ...]:
    return (
        f"requests of {bench_library.REQUEST_WORDS} words, filed before; {processes} processes of one Celery worker",
        "measured from when a tenth (at most 100) is done until the last is; rss_mb: the largest process, at its peak",
        f"generated texts over {passages} passages; no quality is claimed; embedding: all embedder time of a run",
    )
