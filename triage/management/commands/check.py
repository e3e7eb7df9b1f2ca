"""`manage.py check`: Django's own, and then in one line who writes drafts on this site."""

from typing import Any

from django.core.management.commands.check import Command as DjangoCommand

from triage.generators import describe_generator


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        self.stdout.write(describe_generator())
