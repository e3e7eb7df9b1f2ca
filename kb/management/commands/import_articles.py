"""`manage.py import_articles DIR [--section NAME]`: parse arguments, call `kb.importing`, present the report."""

import json
import sys
import time
from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from kb.errors import ImportBusyError
from kb.importing import ImportReport, Outcome, import_directory

SHOWN = 12


class Command(BaseCommand):
    help = "Import a folder of Markdown files with front matter as articles. A second run changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--section", default="", help="name of the section they go under (default: the folder's name)"
        )
        parser.add_argument(
            "--replace",
            action="append",
            default=[],
            metavar="FILE",
            help="let this file win over the article edited here",
        )
        parser.add_argument("--all", action="store_true", help="list every file with a remark, not only the first")
        parser.add_argument("--json", action="store_true", help="one JSON object on the last line")

    def handle(self, *_args: object, **options: object) -> None:
        directory = options["directory"]
        if not isinstance(directory, Path) or not directory.is_dir():
            message = f"There is no folder {directory}."
            raise CommandError(message)
        started = time.perf_counter()
        try:
            report = import_directory(
                directory,
                actor=None,
                section=str(options["section"]),
                replace=_names(options["replace"]),
                progress=_show_progress,
            )
        except ImportBusyError as error:
            message = f"Nothing was imported: {error}."
            raise CommandError(message) from error
        seconds = time.perf_counter() - started
        sys.stderr.write("\n")
        self._present(report, seconds, limit=None if options["all"] else SHOWN)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(report, seconds)))

    def _present(self, report: ImportReport, seconds: float, *, limit: int | None) -> None:
        self.stdout.write(f"{report.section}: {len(report.files)} files in {seconds:.1f} s")
        for outcome in Outcome:
            if report.count(outcome):
                self.stdout.write(f"  {outcome.value:<10} {report.count(outcome):>6}")
        if report.count(Outcome.UNCHANGED) == len(report.files):
            self.stdout.write("  Nothing changed.")
        for outcome in (Outcome.SKIPPED, Outcome.CONFLICT, Outcome.GONE):
            self._list(outcome.value, [(f.path, f.reason) for f in report.files if f.outcome is outcome], limit)
        for kind, count in report.findings().items():
            found = [
                (file.path, finding.detail)
                for file in report.files
                for finding in file.findings
                if finding.kind is kind
            ]
            self._list(f"{kind.value} ({count})", found, limit if limit is None else limit // 4)

    def _list(self, heading: str, rows: list[tuple[str, str]], limit: int | None) -> None:
        if not rows:
            return
        self.stdout.write(f"\n{heading}")
        for path, remark in rows[:limit]:
            self.stdout.write(f"  {path}: {remark}")
        if limit is not None and len(rows) > limit:
            self.stdout.write(f"  ... and {len(rows) - limit} more (--all shows them)")


def _names(given: object) -> frozenset[str]:
    return frozenset(map(str, given)) if isinstance(given, list) else frozenset()


def _show_progress(done: int, total: int) -> None:
    sys.stderr.write(f"\r{done} of {total} articles")
    sys.stderr.flush()


def _as_json(report: ImportReport, seconds: float) -> dict[str, object]:
    return {
        "section": report.section,
        "files": len(report.files),
        **{outcome.value: report.count(outcome) for outcome in Outcome},
        "findings": {kind.name.lower(): count for kind, count in report.findings().items()},
        "reasons": {
            outcome.value: {file.path: file.reason for file in report.files if file.outcome is outcome}
            for outcome in (Outcome.SKIPPED, Outcome.CONFLICT, Outcome.GONE)
        },
        "seconds": round(seconds, 2),
    }
