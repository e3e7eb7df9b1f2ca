"""Proves that the send guard is whole: this process's role, release(), the triggers and every grant."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from portal.database import check_guard


class Command(BaseCommand):
    """`manage.py check_guard`: exits 1 and lists what is wrong, or says that all is whole."""

    help = "Check the role of this process, the function release(), the triggers and the grants."

    def handle(self, *args: Any, **options: Any) -> None:
        problems = check_guard()
        for problem in problems:
            self.stderr.write(f"- {problem}")
        if problems:
            sys.exit(1)
        self.stdout.write("The send guard is whole: role, release(), triggers and grants are as listed.")
