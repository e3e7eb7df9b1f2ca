"""`manage.py evaluate WHAT …`: parse arguments, run one evaluation, print its table and, with --json, its figures."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from triage.evaluation import drafts, logs, redaction, safety, search, triage
from triage.evaluation.datasets import DatasetError
from triage.evaluation.report import as_json, as_text
from triage.evaluation.runner import Evaluation

EVALUATIONS: dict[str, Evaluation] = {
    module.EVALUATION.name: module.EVALUATION for module in (search, triage, redaction, drafts, logs, safety)
}


class Command(BaseCommand):
    help = "Measure what Handrail does on labelled data, in a throw-away database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        subcommands = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
        for evaluation in EVALUATIONS.values():
            subcommand = subcommands.add_parser(evaluation.name, help=evaluation.help)
            subcommand.add_argument("--json", action="store_true", help="one JSON object on the last line of stdout")
            evaluation.add_arguments(subcommand)

    def handle(self, *_args: object, **options: object) -> None:
        try:
            report = EVALUATIONS[str(options["what"])].run(options)
        except DatasetError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(as_text(report))
        if options["json"]:
            self.stdout.write(as_json(report))
