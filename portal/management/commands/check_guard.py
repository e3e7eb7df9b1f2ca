"""Proves that the send guard is whole: this process's role, release(), the triggers and every grant."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from portal import grants
from portal.guard import check_guard


class Command(BaseCommand):
    """`manage.py check_guard`: exits 1 and lists what is wrong, or says that all is whole."""

    help = "Check the role of this process, the function release(), the triggers and the grants."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--table", action="store_true", help="print the list of grants as docs/grants.md shows it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["table"]:
            self.stdout.write(grants.as_markdown())
            return
        problems = check_guard()
        for problem in problems:
            self.stderr.write(f"- {problem}")
        if problems:
            sys.exit(1)
        self.stdout.write("The send guard is whole: role, release(), triggers and grants are as listed.")
