"""A request whose answer is in the library, and how the worker is asked to triage one."""

from portal.models import Message, Ticket
from tests.conftest import Site
from triage.choices import SentenceKind
from triage.models import DraftSentence, Run
from triage.running import run_triage

SUBJECT = "Nightly export stops"
TEXT = "Our nightly export stops after one hundred orders. The log says EXP-4711: queue is full. Version 3.1.0."


def first_message(ticket: Ticket) -> int:
    return Message.objects.filter(ticket=ticket).order_by("id").values_list("pk", flat=True)[0]


def triage_first(site: Site, ticket: Ticket, *, task_id: str = "t1") -> Run | None:
    with site.as_role("worker"):
        return run_triage(first_message(ticket), task_id=task_id)


def draft_texts(run: Run) -> list[str]:
    return [sentence.text for sentence in DraftSentence.objects.filter(draft__run=run, kind=SentenceKind.QUOTED)]
