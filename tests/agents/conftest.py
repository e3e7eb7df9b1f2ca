"""A desk: one open request, a rep signed in by the form, and a draft that triage made from a real, indexed article."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from agents.forms import words_digest
from kb.models import SourceText
from portal.models import Message, Ticket, User
from tests.conftest import Site
from tests.factories import make_organisation, make_rep, make_ticket, make_user, sign_in
from tests.triage.library import EXPORT, stock
from triage.choices import FieldName, LogFindingKind, NextStepKind, NoDraftReason, RunState, SentenceForm, SentenceKind
from triage.models import Draft, DraftSentence, FieldProposal, LogFinding, NextStep, Run

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response


@dataclass
class Desk:
    """A rep in front of a request."""

    committed: Site | None
    ticket: Ticket
    rep: User
    client: Client

    @property
    def site(self) -> Site:
        assert self.committed is not None, "only a real desk has a site of its own"
        return self.committed

    @property
    def session_key(self) -> str:
        return str(self.client.session.session_key)

    def url(self, name: str = "ticket", *more: object) -> str:
        return reverse(f"agents:{name}", args=[self.ticket.pk, *more])

    def open(self) -> "Response":
        return self.client.get(self.url())

    def post(self, name: str, *more: object, client: Client | None = None, **fields: object) -> "Response":
        """Press a button of the page as it is now, with what stands in its fields."""
        self.ticket.refresh_from_db()
        values = {"version": self.ticket.version, "seen": self.last_message_id(), "was": words_digest("", "")}
        return (client or self.client).post(self.url(name, *more), {**values, **fields})

    def last_message_id(self) -> int:
        return self.ticket.messages.order_by("-pk").values_list("pk", flat=True)[0]

    def outbound(self) -> list[Message]:
        return list(self.ticket.messages.filter(direction="outbound").with_text())

    def triage(self, *, draft: bool = True, reason: str = NoDraftReason.NOTHING_RELEVANT, **run: Any) -> Run:
        """What a worker stores after reading the newest message."""
        with self.site.as_role("worker"):
            return _store_run(self.ticket, self.last_message_id(), draft=draft, reason="" if draft else reason, **run)

    def draft(self) -> Draft:
        return self.triage().draft


def _store_run(ticket: Ticket, message_id: int, *, draft: bool, reason: str, **fields: object) -> Run:
    values = {"state": RunState.DONE, "finished_at": timezone.now(), "no_draft_reason": reason, **fields}
    run = Run.objects.create(message_id=message_id, ticket=ticket, **values)
    if reason == NoDraftReason.HIGH_TOUCH:
        return run  # nothing was read, so nothing was found
    if draft:
        _store_draft(run)
    FieldProposal.objects.create(
        run=run, field=FieldName.PRIORITY, value="high", reasons=["says that work has stopped (+3)"]
    )
    LogFinding.objects.create(
        run=run,
        position=0,
        line_no=412,
        kind=LogFindingKind.ERROR,
        head="EXP-4711: queue is full",
        text="EXP-4711",
        count=3,
    )
    NextStep.objects.create(
        run=run, position=0, kind=NextStepKind.QUESTION, text="Which version are you using?", reason="None is named."
    )
    return run


def _store_draft(run: Run) -> None:
    draft = Draft.objects.create(run=run, ticket_id=run.ticket_id, answers_id=run.message_id)
    DraftSentence.objects.create(draft=draft, position=0, kind=SentenceKind.NEEDS_WORDS, text="Hello Cora,")
    source = SourceText.objects.get(title="Nightly export stops after one hundred orders")
    quotes = [
        ("The queue keeps finished jobs until somebody clears it.", SentenceForm.SENTENCE),
        ("Press Clear finished jobs.", SentenceForm.STEP),
    ]
    for position, (quote, form) in enumerate(quotes, 1):
        start = source.text.index(quote)
        DraftSentence.objects.create(
            draft=draft,
            position=position,
            kind=SentenceKind.QUOTED,
            form=form,
            text=quote,
            quote=quote,
            source_text=source,
            heading="Cause" if position == 1 else "Solution",
            start=start,
            end=start + len(quote),
            digest=source.digest,
        )


DRAFT_TEXT = """Hello Cora,

The queue keeps finished jobs until somebody clears it.

1. Press Clear finished jobs."""


@pytest.fixture
def desk(db: None) -> Desk:
    """A request of a standard account, nothing triaged yet; undone after the test."""
    return _set_desk(None)


@pytest.fixture
def real_desk(site: Site) -> Desk:
    """The same with real commits, so that a worker can store what it reads."""
    return _set_desk(site)


@pytest.fixture
def stocked_desk(real_desk: Desk, tmp_path: Path) -> Desk:
    """A real desk with one article to draft from."""
    folder = tmp_path / "library"
    folder.mkdir()
    stock(real_desk.site, folder, {"export.md": EXPORT})
    return real_desk


@pytest.fixture
def customer(desk: Desk) -> Client:
    return sign_in(desk.ticket.requester)


def _set_desk(site: Site | None) -> Desk:
    rep = make_rep()
    ticket = make_ticket(make_user("Cora", organisation=make_organisation()))
    return Desk(site, ticket, rep, sign_in(rep))


def queries_of(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
