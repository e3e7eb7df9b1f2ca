"""`manage.py reindex_articles [--all]`: bring the index up to date here and now, without the queue."""

import json
import sys
import time
from argparse import ArgumentParser
from collections import Counter

from django.core.management.base import BaseCommand

from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.indexing import index_article
from kb.retrieval.reconcile import differences, recount_statistics, statistics_drifted


class Command(BaseCommand):
    help = "Index the articles whose rows differ from them (with --all: look at every article)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--all", action="store_true", help="look at every article, not only at those that differ")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *_args: object, **options: object) -> None:
        started = time.perf_counter()
        todo = {difference.article_id for difference in differences()}
        if options["all"]:
            todo |= set(eligible_articles().values_list("pk", flat=True))
        outcomes: Counter[str] = Counter()
        for number, article_id in enumerate(sorted(todo), 1):
            outcomes[index_article(article_id).value] += 1
            sys.stderr.write(f"\r{number} of {len(todo)}")
        if todo:
            sys.stderr.write("\n")
        if statistics_drifted():
            recount_statistics()
        seconds = time.perf_counter() - started
        for outcome, count in outcomes.items():
            self.stdout.write(f"{outcome:<12}{count:>6}")
        self.stdout.write(f"{len(todo)} articles in {seconds:.1f} s")
        if options["json"]:
            self.stdout.write(json.dumps({**outcomes, "seconds": round(seconds, 2)}))
