"""`manage.py reindex_articles [--all]`: bring the index up to date here and now, without the queue.

Each article is a transaction of its own and done when it is written, so a run that was stopped goes on where it was.
"""

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max

from kb.models import PassageVector
from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.indexing import IndexOutcome, index_article
from kb.retrieval.reconcile import differences, recount_statistics, statistics_drifted

INTERRUPTED = 130


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


class Command(BaseCommand):
    help = "Index the articles whose rows differ from them (with --all: look at every article)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="look at every article, not only at those that differ")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *_args: object, **options: object) -> None:
        todo = {difference.article_id for difference in differences()}
        if options["all"]:
            todo |= set(eligible_articles().values_list("pk", flat=True))
        run = Run(len(todo))
        try:
            for article_id in sorted(todo):
                run.count(article_id, index_article(article_id))
                sys.stderr.write(f"\r\033[K{run}" if sys.stderr.isatty() else f"{run}\n" if run.done % 50 == 0 else "")
        except KeyboardInterrupt:
            stopped = f"Stopped: {run}. What is done stays; run it again to go on."
            raise CommandError(stopped, returncode=INTERRUPTED) from None
        finally:
            if sys.stderr.isatty():
                sys.stderr.write("\n")
            if statistics_drifted():
                recount_statistics()
        for outcome, count in run.outcomes.items():
            self.stdout.write(f"{outcome:<12}{count:>6}")
        self.stdout.write(
            f"{run.done} articles in {run.seconds:.1f} s, {run.embedded} passages embedded, {run.rate:.1f} a second"
        )
        if options["json"]:
            figures = {"seconds": round(run.seconds, 2), "embedded": run.embedded, "rate": round(run.rate, 2)}
            self.stdout.write(json.dumps({**run.outcomes, **figures}))
