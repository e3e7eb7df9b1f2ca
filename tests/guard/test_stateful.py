"""Anybody does anything in any order, on real commits and real roles, and the promises hold after every step.

In CI the same bounded runs each time; `HANDRAIL_STATEFUL_EXAMPLES=500 HANDRAIL_STATEFUL_STEPS=60` runs long, at random.
"""

import asyncio
import email
import os
from collections.abc import Iterator
from email.message import Message as Mail
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import HealthCheck
from hypothesis import settings as bounds
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test
from pgvector import SparseVector
from pytest_django import DjangoDbBlocker, Settings

from agents.processes import free_port
from kb.models import IndexedArticle, SourceText
from kb.retrieval.lexical import TERM_SPACE
from tests.conftest import Site, cloned_site
from tests.factories import make_organisation, make_user
from tests.guard.intruders import INSERTS, Intruders, Twist
from tests.guard.promises import PROMISES
from tests.guard.rules import LeadsAndEditors, Reps
from tests.guard.world import World
from tests.kb.library import publish

EXAMPLES = int(os.environ.get("HANDRAIL_STATEFUL_EXAMPLES", "7"))
STEPS = int(os.environ.get("HANDRAIL_STATEFUL_STEPS", "30"))
LONG = "HANDRAIL_STATEFUL_EXAMPLES" in os.environ
# What every bounded run comes to: a run in which nobody sends anything proves nothing.
EXPECTED = (
    "sent",
    "sent a draft",
    "refused",
    "taken back",
    "mailed",
    "erased",
    "barred",
    "drafted",
    "read",
    "released past the application",
    "refused by release()",
)
BOUNDS = bounds(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


class Sink:
    """A mail server on loopback that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(email.message_from_bytes(envelope.original_content or b""))
        await asyncio.sleep(0)
        return "250 OK"


class Handrail(Reps, LeadsAndEditors, Intruders):
    """All of them, on one site. Each rule is what one of them does next."""

    @initialize()
    def people_come(self) -> None:
        self.world = World(self.site, self.source)
        self.happened["run"] += 1
        self.sink.mails.clear()
        self.world.customers.append(make_user("Dora", organisation=make_organisation()))
        for customer in self.world.customers:
            self.world.file(customer)
        self._spend_a_morning()

    def _spend_a_morning(self) -> None:
        """One of each that matters, so that no run, however it goes on, is about nothing."""
        self.the_lead_answers_from_the_draft(which=0, undo_seconds=0)
        self.the_lead_answers_from_the_draft(which=2, undo_seconds=3600)
        self.a_rep_takes_a_reply_back(which=2, who=2)
        self.a_rep_sends(which=0, who=1, stale=True, with_draft=False, undo_seconds=0, stale_ok=False)
        self.a_worker_drafts(which=1, forgets_to_ask=True)
        twists = [twist for twist in Twist if twist is not Twist.NONE]
        self.somebody_calls_release_itself(which=0, who=0, twists=twists, later=3600, rightly=True)
        for statement in INSERTS:
            self.somebody_hostile_tries(statement=statement, role="web", which=0)
        self.a_customer_reads(which=0)
        self.a_customer_writes_again(which=0)
        self.a_lead_erases_a_customer(who=3)
        self.the_mailer_delivers(in_a_hurry=True)

    @invariant()
    def the_promises_hold(self) -> None:
        if hasattr(self, "world"):
            self.happened["step"] += 1
            for promise in PROMISES:
                promise(self.world)


@pytest.fixture(scope="module")
def stage(
    template: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One database for all runs: each brings people and requests of its own. The article has one source text."""
    with cloned_site(django_db_blocker) as site:
        Handrail.site = site
        Handrail.article = publish("Restart the agent", "Restart the agent and watch the log for a minute.")
        with site.as_role("worker"):
            revision = Handrail.article.live_revision_id or 0
            Handrail.source = SourceText.objects.create(
                article=Handrail.article,
                revision_id=revision,
                extractor_version="test",
                title="Restart the agent",
                text="Restart the agent and watch the log for a minute.",
                digest="x",
            )
            IndexedArticle.objects.create(
                article=Handrail.article,
                source_text=Handrail.source,
                revision_id=revision,
                fingerprint="x",
                audience="public",
                language="en",
                title_terms=[],
                title_weights=SparseVector({}, TERM_SPACE),
            )
        yield site


def test_the_promises_hold_whoever_does_what_in_which_order(stage: Site, settings: Settings, tmp_path: Path) -> None:
    sink = Handrail.sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    try:
        run_state_machine_as_test(Handrail, settings=BOUNDS)
    finally:
        controller.stop()
        print(dict(Handrail.happened))  # noqa: T201 - shown by `pytest -s`, for who runs it long
    assert all(Handrail.happened[what] for what in EXPECTED), Handrail.happened
