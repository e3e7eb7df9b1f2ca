"""`manage.py reindex_articles [--all] [--jobs N]`: bring the index up to date here and now, without the queue.

Each article is a transaction of its own and done when it is written, so a run that was stopped goes on where it was.
While one thread waits for the database another embeds, so the embedder is what sets the pace.
"""

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.models import Max

from kb.models import PassageVector
from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.indexing import IndexOutcome, index_article
from kb.retrieval.reconcile import differences, recount_statistics, statistics_drifted

INTERRUPTED = 130
JOBS = 2
"""More compute nothing on two cores: one thread embeds, and the embedder is most of the work."""


class Run:
    """How far the run is, and how fast: articles done of all, and the passages that were embedded for them."""

    def __init__(self, articles: int) -> None:
        self.articles = articles
        self.done = 0
        self.embedded = 0
        self.outcomes: Counter[str] = Counter()
        self._started = time.perf_counter()
        self._last_vector = PassageVector.objects.aggregate(last=Max("pk"))["last"] or 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    @property
    def rate(self) -> float:
        """Passages embedded a second, all else that indexing does included."""
        return self.embedded / max(self.seconds, 0.001)

    def count(self, article_id: int, outcome: IndexOutcome) -> None:
        self.done += 1
        self.outcomes[outcome.value] += 1
        if outcome is IndexOutcome.INDEXED:
            new = PassageVector.objects.filter(passage__article_id=article_id, pk__gt=self._last_vector)
            self.embedded += new.count()

    def __str__(self) -> str:
        left = self.seconds / self.done * (self.articles - self.done) if self.done else 0.0
        told = f"{self.done} of {self.articles} articles, {self.embedded} passages embedded, {self.rate:.1f} a second"
        return f"{told}, about {left:.0f} s left" if self.done < self.articles else told


def index_all(article_ids: Iterable[int], *, jobs: int) -> Iterator[tuple[int, IndexOutcome]]:
    """Each article with what became of it, as they come. A caller that stops waits only for those in hand."""
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="index")
    try:
        indexing = {pool.submit(_index_alone, article_id): article_id for article_id in article_ids}
        for done in as_completed(indexing):
            yield indexing[done], done.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _index_alone(article_id: int) -> IndexOutcome:
    """In a thread, whose connection nobody else would close."""
    try:
        return index_article(article_id)
    finally:
        connection.close()


class Command(BaseCommand):
    help = "Index the articles whose rows differ from them (with --all: look at every article)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="look at every article, not only at those that differ")
        parser.add_argument("--jobs", type=int, default=JOBS, help=f"threads, {JOBS} by default")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *_args: object, **options: object) -> None:
        todo = {difference.article_id for difference in differences()}
        if options["all"]:
            todo |= set(eligible_articles().values_list("pk", flat=True))
        run = Run(len(todo))
        try:
            for article_id, outcome in index_all(sorted(todo), jobs=int(str(options["jobs"]))):
                run.count(article_id, outcome)
                sys.stderr.write(f"\r\033[K{run}" if sys.stderr.isatty() else f"{run}\n" if run.done % 50 == 0 else "")
        except KeyboardInterrupt:
            stopped = f"Stopped: {run}. What is done stays; run it again to go on."
            raise CommandError(stopped, returncode=INTERRUPTED) from None
        finally:
            if sys.stderr.isatty():
                sys.stderr.write("\n")
            if statistics_drifted():
                recount_statistics()
        for word, count in run.outcomes.items():
            self.stdout.write(f"{word:<12}{count:>6}")
        self.stdout.write(
            f"{run.done} articles in {run.seconds:.1f} s, {run.embedded} passages embedded, {run.rate:.1f} a second"
        )
        if options["json"]:
            figures = {"seconds": round(run.seconds, 2), "embedded": run.embedded, "rate": round(run.rate, 2)}
            self.stdout.write(json.dumps({**run.outcomes, **figures}))
