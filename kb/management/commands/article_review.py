"""`manage.py article_review [on|off]`: whether a second person reviews articles. Run it as the owner of the tables.

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

    def handle(self, *_args: object, **options: object) -> None:
        if options["wanted"]:
            self._set(required=options["wanted"] == "on")
        policy = "a second person reviews" if EditorialPolicy.asks_for_review() else "one person publishes alone"
        self.stdout.write(f"Articles: {policy}.")

    def _set(self, *, required: bool) -> None:
        try:
            with transaction.atomic():
                EditorialPolicy.objects.update_or_create(pk=EditorialPolicy.ROW, defaults={"review_required": required})
        except ProgrammingError as error:
            raise CommandError("Only the owner of the tables may set this: HANDRAIL_DB_ROLE=owner") from error
