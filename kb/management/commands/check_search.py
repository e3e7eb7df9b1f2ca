"""`manage.py check_search [--mend]`: whether search looks by meaning, when it did not, why, and what to do.

Exits 1 while something is wrong. `--mend` builds a missing index of vectors, as the owner of the tables.
"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError
from django.utils.formats import date_format
from django.utils.timezone import localtime

from kb.retrieval import health


class Command(BaseCommand):
    help = "Say whether search looks by meaning, and since when it does not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mend", action="store_true", help="build a missing index of vectors")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["mend"]:
            self._mend()
        found = health.check()
        for finding in found.findings:
            self.stdout.write(f"- {finding.what} {finding.to_do}")
        for spell in found.spells:
            began, last = (date_format(localtime(at), "Y-m-d H:i:s") for at in (spell.began_at, spell.last_at))
            state = "goes on" if spell.is_going_on else f"until {last}"
            self.stdout.write(f"- since {began}, {state}, {spell.times} searches: {spell.why} {spell.to_do}")
        if not found.is_well:
            sys.exit(1)
        self.stdout.write("Search looks by meaning and by words.")

    def _mend(self) -> None:
        try:
            built = health.mend()
        except ProgrammingError as error:
            raise CommandError("Run it with HANDRAIL_DB_ROLE=owner: only the tables' owner builds indexes.") from error
        self.stdout.write(f"Built {built}." if built else "The index of vectors is there.")
