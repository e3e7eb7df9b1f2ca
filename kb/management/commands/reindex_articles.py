"""`manage.py reindex_articles`: bring the index up to date here and now, or build another one beside it and switch.

Each article is a transaction of its own and done when it is written, so a run that was stopped goes on where it was.
Nothing is switched that is not whole, or that finds less than what is live.
"""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from kb.errors import GenerationRefusedError
from kb.models import ArticlePage, Generation
from kb.retrieval.bulk import JOBS, Run
from kb.retrieval.checking import Check, check, completeness
from kb.retrieval.eligibility import eligible_articles
from kb.retrieval.embedder import GRAPHS
from kb.retrieval.generations import (
    begin_generation,
    drop_generation,
    generation_beside,
    live_generation,
    mark_built,
    switch_to,
)
from kb.retrieval.reconcile import differences, recount_statistics, statistics_drifted

INTERRUPTED = 130
ROUNDS = 20
"""What editors publish during a build is looked for again, this many times at most."""
MOST_NAMED = 10


class Command(BaseCommand):
    help = (
        "Index the articles whose rows differ from them, or build another index beside the live one and switch to it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--all", action="store_true", help="look at every article, not only at those that differ")
        what.add_argument("--beside", metavar="NAME", help="build this index beside the live one, or go on building it")
        what.add_argument("--check", action="store_true", help="say whether the one beside may answer")
        what.add_argument("--switch", action="store_true", help="check the one beside, and let it answer")
        what.add_argument("--back", action="store_true", help="let the one answer again that answered before")
        what.add_argument("--drop", metavar="NAME", help="take the one beside out")
        parser.add_argument("--embedder", choices=sorted(GRAPHS), help="of the index that is built")
        parser.add_argument("--pieces", type=int, help="word pieces of its longest passages")
        parser.add_argument("--questions", type=Path, help='questions to check by: lines of {"question", "article"}')
        parser.add_argument("--jobs", type=int, default=JOBS, help=f"threads, {JOBS} by default")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *_args: object, **options: object) -> None:
        jobs, figures = int(str(options["jobs"])), {}
        try:
            if options["beside"]:
                embedder, pieces = options["embedder"], options["pieces"]
                begun = begin_generation(
                    str(options["beside"]),
                    embedder=str(embedder) if embedder else None,
                    pieces=int(str(pieces)) if pieces else None,
                )
                figures = self._build(begun, jobs)
            elif options["check"] or options["switch"]:
                questions = _read_questions(options["questions"])
                figures = self._check(_beside(), questions, switch=bool(options["switch"]))
            elif options["back"]:
                self._go_back(_beside(), jobs)
            elif options["drop"]:
                drop_generation(str(options["drop"]))
                self.stdout.write(f"{options['drop']} is gone.")
            else:
                figures = self._bring_up_to_date(jobs, look_at_all=bool(options["all"]))
        except GenerationRefusedError as error:
            raise CommandError(f"{error}.") from None
        beside = generation_beside()
        live = live_generation()
        self.stdout.write(f"Live: {live}." + (f" Beside it: {beside}." if beside else ""))
        if options["json"]:
            standing = {"live": live.name, "beside": beside.name if beside else None}
            self.stdout.write(json.dumps({**figures, **standing}))

    def _bring_up_to_date(self, jobs: int, *, look_at_all: bool) -> dict[str, object]:
        todo = {difference.article_id for difference in differences()}
        if look_at_all:
            todo |= set(eligible_articles().values_list("pk", flat=True))
        run = Run(len(todo))
        self._index(run, todo, jobs)
        return self._told(run, jobs)

    def _build(self, generation: Generation, jobs: int) -> dict[str, object]:
        """Until nothing differs: what is published meanwhile is written by whoever indexes it, and looked at here."""
        run = Run(0)
        for _round in range(ROUNDS):
            todo = {difference.article_id for difference in differences(generation)}
            if not todo:
                mark_built(generation)
                break
            run.articles += len(todo)
            self._index(run, todo, jobs, into=generation)
        figures = self._told(run, jobs)
        if generation_beside() is None or not Generation.objects.filter(pk=generation.pk, built_at__isnull=False):
            raise CommandError(f"{generation.name} is not whole yet; run it again to go on.")
        self.stdout.write(
            f"{generation.name} is whole. --check compares it with what is live, --switch lets it answer."
        )
        return figures

    def _index(self, run: Run, todo: set[int], jobs: int, into: Generation | None = None) -> None:
        try:
            for _outcome in run.index(sorted(todo), jobs=jobs, into=into):
                sys.stderr.write(f"\r\033[K{run}" if sys.stderr.isatty() else f"{run}\n" if run.done % 50 == 0 else "")
        except KeyboardInterrupt:
            stopped = f"Stopped: {run}. What is done stays; run it again to go on."
            raise CommandError(stopped, returncode=INTERRUPTED) from None
        finally:
            if sys.stderr.isatty():
                sys.stderr.write("\n")
            if statistics_drifted():
                recount_statistics()

    def _told(self, run: Run, jobs: int) -> dict[str, object]:
        processor_share = run.end()
        alone = run.meter.alone(jobs)
        for word, count in run.outcomes.items():
            self.stdout.write(f"{word:<12}{count:>6}")
        self.stdout.write(
            f"{run.done} articles in {run.seconds:.1f} s, {run.embedded} passages embedded, {run.rate:.1f} a second"
        )
        figures = {"seconds": round(run.seconds, 2), "embedded": run.embedded, "rate": round(run.rate, 2)}
        if alone:
            self.stdout.write(
                f"The embedder alone does {alone:.1f} a second: indexing runs at {run.rate / alone:.0%} of that,"
                f" and spends {processor_share:.0%} of its processor time in the embedder"
            )
            figures |= {"embedder_rate": round(alone, 2), "share": round(run.rate / alone, 3)}
            figures["processor_share"] = round(processor_share, 3)
        return {**run.outcomes, **figures}

    def _check(
        self, generation: Generation, questions: Iterable[tuple[str, int]], *, switch: bool
    ) -> dict[str, object]:
        checked = check(generation, questions=questions)
        self._tell(generation, checked)
        if not checked.passed:
            raise CommandError(f"{generation.name} may not answer: {'; '.join(checked.faults)}.")
        if switch:
            switch_to(generation)
            self.stdout.write(f"{generation.name} answers from now on. --back undoes it.")
        golden = asdict(checked.golden) if checked.golden else None
        return {"articles": checked.articles, "passages": checked.passages, "golden": golden}

    def _tell(self, generation: Generation, checked: Check) -> None:
        self.stdout.write(f"{generation.name}: {checked.articles} articles, {checked.passages} passages")
        golden = checked.golden
        if golden is None:
            return
        self.stdout.write(f"{golden.questions} golden questions{'first':>12}{'first 3':>10}{'MRR':>8}")
        for name, found in (("live", golden.live), (generation.name, golden.beside)):
            self.stdout.write(f"{name[:24]:<27}{found.first:>9.3f}{found.first_three:>10.3f}{found.mrr:>8.3f}")
        titles = ArticlePage.objects.in_bulk(list(golden.lost[:MOST_NAMED]))
        for pk in golden.lost[:MOST_NAMED]:
            self.stdout.write(f"  no longer in the first three: {titles[pk].title}")

    def _go_back(self, generation: Generation, jobs: int) -> None:
        if generation.left_at is None:
            raise GenerationRefusedError(f"{generation.name} has never answered; --switch checks it first")
        todo = {difference.article_id for difference in differences(generation)}
        self._index(Run(len(todo)), todo, jobs, into=generation)
        faults = completeness(generation)
        if faults:
            raise GenerationRefusedError(f"{generation.name} is not whole: {'; '.join(faults)}")
        switch_to(generation)
        self.stdout.write(f"{generation.name} answers again.")


def _beside() -> Generation:
    generation = generation_beside()
    if generation is None:
        raise GenerationRefusedError("nothing stands beside the live index; --beside NAME builds it")
    return generation


def _read_questions(path: object) -> list[tuple[str, int]]:
    """Lines of {"question": …, "article": id}. Raises CommandError."""
    if path is None:
        return []
    try:
        rows = [json.loads(line) for line in Path(str(path)).read_text().splitlines() if line.strip()]
        return [(str(row["question"]), int(row["article"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f'{path}: not lines of {{"question": …, "article": id}} ({type(error).__name__})') from None
