"""`manage.py article_review [on|off] [--emergency on|off]`: whether a second person reviews articles, and whether
people with the right may publish alone in an emergency. Run it as the owner of the tables.

`HANDRAIL_DB_ROLE=owner`: no page and no worker can change this. With `off` one editor publishes alone, and no article
claims a reviewer that it did not have.
"""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, transaction

from kb.models import EditorialPolicy


class Command(BaseCommand):
    help = "Show or set whether articles need the review of a second person (set it with HANDRAIL_DB_ROLE=owner)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("wanted", nargs="?", choices=["on", "off"], help="without it, only show")
        parser.add_argument("--emergency", choices=["on", "off"], help="may one person publish, to be reviewed after?")

    def handle(self, *_args: object, **options: object) -> None:
        wanted = {"review_required": options["wanted"], "emergency_allowed": options["emergency"]}
        changes = {field: value == "on" for field, value in wanted.items() if value}
        if changes:
            self._set(changes)
        policy = "a second person reviews" if EditorialPolicy.asks_for_review() else "one person publishes alone"
        if EditorialPolicy.allows_emergencies():
            policy += ", or in an emergency afterwards"
        self.stdout.write(f"Articles: {policy}.")

    def _set(self, changes: dict[str, bool]) -> None:
        try:
            with transaction.atomic():
                EditorialPolicy.objects.update_or_create(pk=EditorialPolicy.ROW, defaults=changes)
        except ProgrammingError as error:
            raise CommandError("Only the owner of the tables may set this: HANDRAIL_DB_ROLE=owner") from error
