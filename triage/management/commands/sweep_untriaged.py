"""Triage what was missed, here and now: for a site whose broker was down, and for operators who want to see it done."""

from typing import Any
from uuid import uuid4

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from triage.models import RunState
from triage.running import run_triage
from triage.sweeping import BATCH, missed_messages


class Command(BaseCommand):
    help = "Triage customer messages that have no finished run. Safe beside running workers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, default=BATCH, help="at most so many messages (default: %(default)s)")
        parser.add_argument("--dry-run", action="store_true", help="only say which messages are due")

    def handle(self, *_args: Any, **options: Any) -> None:
        due = missed_messages(limit=options["limit"])
        if options["dry_run"]:
            self.stdout.write(_("%(count)d due: %(ids)s") % {"count": len(due), "ids": ", ".join(map(str, due)) or "-"})
            return
        runs = [run_triage(message_id, task_id=f"command-{uuid4()}") for message_id in due]
        done = sum(run is not None and run.state == RunState.DONE for run in runs)
        failed = sum(run is not None and run.state == RunState.FAILED for run in runs)
        self.stdout.write(
            _("%(due)d due, %(done)d done, %(failed)d failed") % {"due": len(due), "done": done, "failed": failed}
        )
