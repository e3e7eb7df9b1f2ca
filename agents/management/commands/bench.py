"""`manage.py bench WHAT …`: parse arguments, run one measurement, print its table and, with --json, its figures."""

import os
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from agents.bench import bench_suggestions
from agents.bench_pages import bench_pages
from agents.bench_triage import bench_triage
from triage.evaluation.report import Report, as_json, as_text


class Command(BaseCommand):
    help = "Measure latency and throughput on throw-away data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        subcommands = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        suggestions = subcommands.add_parser("suggestions", help="the suggestions beside the request form")
        suggestions.add_argument("--passages", type=int, default=10_000)
        suggestions.add_argument("--clients", type=int, default=1)
        suggestions.add_argument("--workers", type=int, default=max(1, min(2, os.cpu_count() or 1)))
        pages = subcommands.add_parser("pages", help="every kind of page, for the people who see it")
        pages.add_argument("--articles", type=Path, metavar="DIR", help="articles to import beside the demo's")
        triage = subcommands.add_parser("triage", help="plain requests through real workers")
        triage.add_argument("--tickets", type=int, default=2_000)
        triage.add_argument("--passages", type=int, default=10_000)
        triage.add_argument("--workers", type=int, default=2, help="processes of one worker")
        for subcommand in (suggestions, pages, triage):
            subcommand.add_argument("--json", action="store_true", help="one JSON object on the last line of stdout")

    def handle(self, *_args: object, **options: object) -> None:
        report = MEASUREMENTS[str(options["what"])](options)
        self.stdout.write(as_text(report))
        if options["json"]:
            self.stdout.write(as_json(report))


def _suggestions(options: dict[str, object]) -> Report:
    passages, clients, workers = _numbers(options, "passages", "clients", "workers")
    return bench_suggestions(passages, clients, workers)


def _triage(options: dict[str, object]) -> Report:
    tickets, passages, workers = _numbers(options, "tickets", "passages", "workers")
    return bench_triage(tickets, passages, workers)


def _numbers(options: dict[str, object], *names: str) -> tuple[int, ...]:
    numbers = tuple(int(str(options[name])) for name in names)
    if min(numbers) < 1:
        raise CommandError(f"{', '.join(f'--{name}' for name in names)} start at 1.")
    return numbers


def _pages(options: dict[str, object]) -> Report:
    articles = options["articles"]
    if isinstance(articles, Path) and not articles.is_dir():
        raise CommandError(f"{articles} is no directory.")
    return bench_pages(articles if isinstance(articles, Path) else None)


MEASUREMENTS = {"suggestions": _suggestions, "pages": _pages, "triage": _triage}
