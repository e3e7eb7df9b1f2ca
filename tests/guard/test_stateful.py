"""Anybody does anything in any order, on real commits and real roles, and the promises hold after every step.

In CI the same bounded runs each time; `HANDRAIL_STATEFUL_EXAMPLES=500 HANDRAIL_STATEFUL_STEPS=60` runs long, at random.
"""

import asyncio
import email
import os
import threading
from collections import Counter
from collections.abc import Iterator
from email.message import Message as Mail
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import HealthCheck
from hypothesis import settings as bounds
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from pytest_django import DjangoDbBlocker, Settings

from agents.actions.compositions import keep_words, use_draft
from agents.actions.reviews import withdraw_reply
from agents.models import Approval, Composition
from agents.processes import free_port
from agents.sending import send_reply
from kb.models import ArticlePage, SourceText
from portal.actions.accounts import deactivate_user, end_sessions, grant_role
from portal.actions.erasure import erase_person
from portal.actions.tickets import add_note, reopen_ticket, solve_ticket
from portal.errors import PortalError
from portal.mail.deliver import deliver_due
from portal.models import Message, Organisation, ReleasePayload, StaffRole, Ticket, User
from portal.release import build_payload
from tests.conftest import Site, cloned_site
from tests.factories import make_organisation, make_user
from tests.guard.conftest import RELEASE
from tests.guard.world import PROMISES, World, words
from tests.kb.library import publish
from triage.actions.runs import begin_run, record_barred, store_outcome
from triage.gathering import get_message
from triage.models import Draft
from triage.reading import latest_draft
from triage.wall import bar_of

EXAMPLES = int(os.environ.get("HANDRAIL_STATEFUL_EXAMPLES", "8"))
STEPS = int(os.environ.get("HANDRAIL_STATEFUL_STEPS", "30"))
LONG = "HANDRAIL_STATEFUL_EXAMPLES" in os.environ

one_of_few = st.integers(0, 3)
a_rep = st.integers(0, 2)

# What somebody who has got at a role's connection tries; each must be refused, whatever the state of things.
HOSTILE = [
    (
        "INSERT INTO portal_message (ticket_id, direction, payload_id, released_by_id, automatic)"
        " SELECT ticket_id, 'outbound', id, created_by_id, 'none' FROM portal_releasepayload"
    ),
    (
        "INSERT INTO portal_message (ticket_id, direction, author_id, automatic)"
        " VALUES (%(ticket)s, 'inbound', %(rep)s, 'none')"
    ),
    (
        "INSERT INTO agents_approval (payload_id, ticket_id, person_id, session_digest, version, created_at)"
        " SELECT id, ticket_id, created_by_id, 'x', 0, now() FROM portal_releasepayload"
    ),
    (
        "INSERT INTO portal_outboxentry (message_id, notice, state, attempts, failure, due_at, created_at)"
        " SELECT id, '', 'queued', 0, '', now(), now() FROM portal_message"
    ),
    (
        "INSERT INTO portal_attachment (public_id, message_id, name, content_type, size, sha256, storage_name)"
        " SELECT gen_random_uuid(), max(id) + 1, 'x', 'x', 1, 'x', 'x' FROM portal_message"
    ),
    "UPDATE portal_message SET visible_from = now()",
    "UPDATE portal_messagebody SET text = 'gone'",
    "UPDATE portal_releasepayload SET text = 'changed'",
    "DELETE FROM portal_messagestop",
    "DELETE FROM portal_auditevent",
    "UPDATE portal_ticket SET version = 0",
    "UPDATE portal_ticket SET erased_at = NULL",
    "ALTER TABLE portal_message DISABLE TRIGGER ALL",
    "SET ROLE handrail_guard",
    "SELECT public.release(%(payload)s, %(ticket)s, 'no-such-session', %(version)s, NULL, NULL)",
    "SELECT public.release(%(payload)s, %(ticket)s, %(session)s, %(version)s - 1, NULL, NULL)",
    "SELECT public.release(%(payload)s, %(ticket)s, %(customer)s, %(version)s, NULL, NULL)",
    "SELECT public.erase_person(%(person)s, %(customer)s)",
    "TRUNCATE portal_message CASCADE",
    "COPY portal_message FROM '/etc/hostname'",
]


class Sink:
    """A mail server on loopback that keeps what it gets."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.mails.append(email.message_from_bytes(envelope.original_content or b""))
        await asyncio.sleep(0)
        return "250 OK"


class Handrail(RuleBasedStateMachine):
    """Each rule is what one of them does next; what the product refuses is as good a step as what it lets through."""

    happened: Counter[str] = Counter()
    site: Site
    sink: Sink
    source: SourceText
    article: ArticlePage

    @initialize()
    def people_come(self) -> None:
        self.world = World(self.site, self.source)
        self.sink.mails.clear()
        self.world.file(self.world.customers[0])
        self.world.file(self.world.customers[1])

    # -- Customers ----------------------------------------------------------------------------------------------------

    @rule(who=one_of_few)
    def a_customer_files(self, who: int) -> None:
        if len(self.world.tickets) < 4:
            self.world.file(self.world.customers[who % len(self.world.customers)])

    @rule(which=one_of_few)
    def a_customer_writes_again(self, which: int) -> None:
        ticket = self.world.ticket(which)
        try:
            self.world.write(ticket)
        except PortalError:
            assert ticket.erased_at is not None

    @rule(which=one_of_few, solve=st.booleans())
    def a_customer_closes_or_reopens(self, which: int, solve: bool) -> None:
        ticket = self.world.ticket(which)
        try:
            (solve_ticket if solve else reopen_ticket)(actor=ticket.requester, ticket=ticket)
        except PortalError:
            assert ticket.erased_at is not None

    # -- The machine --------------------------------------------------------------------------------------------------

    @rule(which=one_of_few)
    def a_worker_drafts(self, which: int) -> None:
        ticket = self.world.ticket(which)
        newest = ticket.messages.inbound().latest("pk")
        message = get_message(newest.pk)
        assert message is not None
        with self.site.as_role("worker"):
            run = begin_run(message=message, task_id="t", pipeline_version="1", actor=None)
            if run is None:
                return
            bar = bar_of(ticket)
            if bar:
                record_barred(run=run, reason=bar, actor=None)
                self.world.barred_runs.add(run.pk)
                self.happened["barred"] += 1
            else:
                store_outcome(run=run, outcome=self.world.outcome(), inputs={}, input_digest="x", actor=None)
                self.happened["drafted"] += 1

    @rule()
    def the_mailer_delivers(self) -> None:
        before = len(self.sink.mails)
        with self.site.as_role("mailer"):
            deliver_due()
        for mail in self.sink.mails[before:]:
            self.world.mailed.append(str(mail["Message-ID"]))
            self.happened["mailed"] += 1

    # -- Reps ---------------------------------------------------------------------------------------------------------

    @rule(which=one_of_few, who=a_rep)
    def a_rep_keeps_words(self, which: int, who: int) -> None:
        ticket, rep = self.world.ticket(which), self._rep(who)
        text = words("Half a reply")
        try:
            keep_words(actor=rep, ticket=ticket, version=ticket.version, text=text)
        except PortalError:
            return
        self.world.kept[(ticket.pk, rep.pk)] = text

    @rule(which=one_of_few, who=a_rep)
    def a_rep_notes(self, which: int, who: int) -> None:
        try:
            add_note(actor=self._rep(who), ticket=self.world.ticket(which), text=words("Note"))
        except PortalError:
            return

    @rule(which=one_of_few, who=a_rep)
    def a_rep_uses_the_draft(self, which: int, who: int) -> None:
        ticket, rep = self.world.ticket(which), self._rep(who)
        draft = Draft.objects.filter(ticket=ticket).order_by("-pk").first()
        if draft is None:
            return
        try:
            use_draft(actor=rep, ticket=ticket, draft=draft)
        except PortalError:
            return
        assert latest_draft(ticket) is not None

    @rule(
        which=one_of_few,
        who=a_rep,
        stale=st.sampled_from([False, False, True]),
        with_draft=st.booleans(),
        undo_seconds=st.sampled_from([0, 0, 1, 3600]),
    )
    def a_rep_sends(self, which: int, who: int, stale: bool, with_draft: bool, undo_seconds: int) -> None:
        ticket, rep = self.world.ticket(which), self._rep(who)
        draft = Draft.objects.filter(ticket=ticket).order_by("-pk").first() if with_draft else None
        self._send(ticket, rep, ticket.version - (1 if stale and ticket.version else 0), draft, undo_seconds)

    def _send(self, ticket: Ticket, rep: User, version: int, draft: Draft | None, undo_seconds: int) -> None:
        """Press the button; the model says beforehand whether it may go out."""
        text = words("Please restart the agent")
        allowed = self.world.may_send(ticket, rep, version, draft)
        try:
            message = send_reply(
                actor=rep,
                session_key=self.world.sessions.get(rep.pk, ""),
                ticket=ticket,
                version=version,
                text=text,
                draft=draft,
                undo_seconds=undo_seconds,
                stale_accepted=True,
            )
        except PortalError:
            assert not allowed
            self.happened["refused"] += 1
            if Composition.objects.filter(ticket=ticket, author=rep, text=text).exists():
                self.world.kept[(ticket.pk, rep.pk)] = text
            else:  # nobody who may write here
                assert (
                    ticket.erased_at is not None or not StaffRole.objects.filter(user=rep).exists() or not rep.is_active
                )
            return
        assert allowed
        self.world.kept.pop((ticket.pk, rep.pk), None)
        self.world.note_sent(message, version, rep, draft)
        self.happened["sent a draft" if draft is not None else "sent"] += 1

    @rule(which=one_of_few, undo_seconds=st.sampled_from([0, 1, 3600]))
    def the_lead_answers_from_the_draft(self, which: int, undo_seconds: int) -> None:
        """The ordinary day: signed in, the newest state, the draft if there is one to use."""
        lead = self._rep(2)
        if not lead.is_active:
            return
        self.world.sign_in(lead)
        ticket = self.world.ticket(which)
        self._send(ticket, lead, ticket.version, latest_draft(ticket), undo_seconds)

    @rule(which=one_of_few, who=a_rep)
    def a_rep_takes_a_reply_back(self, which: int, who: int) -> None:
        ticket, rep = self.world.ticket(which), self._rep(who)
        message = ticket.messages.filter(direction="outbound").with_text().order_by("-pk").first()
        if message is None:
            return
        seen = Message.objects.visible_to_customer().filter(pk=message.pk).exists()
        try:
            kept = withdraw_reply(actor=rep, ticket=ticket, message=message)
        except PortalError:
            return
        assert not seen
        self.happened["taken back"] += 1
        self.world.kept[(ticket.pk, rep.pk)] = kept.text

    @rule(which=one_of_few, who=a_rep)
    def a_rep_and_the_customer_at_once(self, which: int, who: int) -> None:
        """Two real sessions; whoever comes first, the promises hold."""
        ticket, rep = self.world.ticket(which), self._rep(who)
        if ticket.erased_at is not None:
            return
        text = words("At the same moment")
        payload = build_payload(actor=rep, ticket=ticket, text=text)
        allowed = self.world.may_send(ticket, rep, ticket.version, None)
        arguments = [payload.pk, ticket.pk, self.world.sessions.get(rep.pk, ""), ticket.version, None, None]
        states: list[str] = []
        releasing = threading.Thread(
            target=lambda: states.append(self._try("web", RELEASE, arguments)),
        )
        releasing.start()
        self.world.write(ticket)
        releasing.join(20)
        self.world.raced.add(ticket.pk)
        message = Message.objects.filter(payload=payload).select_related("payload").first()
        assert (message is not None) == (states == [""])
        if message is not None:
            assert allowed
            self.world.note_sent(message, ticket.version, rep, None)

    # -- Leads, editors, administrators -------------------------------------------------------------------------------

    @rule(who=a_rep, active=st.booleans())
    def somebody_is_deactivated_or_comes_back(self, who: int, active: bool) -> None:
        rep = self._rep(who)
        if active:
            User.objects.filter(pk=rep.pk).update(is_active=True)
        elif rep.pk != self.world.lead.pk:
            deactivate_user(actor=self.world.lead, user=rep)

    @rule(who=a_rep, sign_in=st.sampled_from([True, True, False]))
    def somebody_signs_in_or_out(self, who: int, sign_in: bool) -> None:
        if sign_in:
            self.world.sign_in(self._rep(who))
        else:
            end_sessions(actor=None, user=self._rep(who))

    @rule(who=st.integers(0, 1), has_role=st.booleans())
    def a_role_is_given_or_taken(self, who: int, has_role: bool) -> None:
        rep = self._rep(who)
        if has_role:
            grant_role(actor=self.world.lead, user=rep, role=StaffRole.Role.REP)
        else:
            StaffRole.objects.filter(user=rep).delete()

    @rule(which=one_of_few, kind=st.sampled_from(["standard", "standard", "high_touch", "unknown"]))
    def an_account_becomes_another_kind(self, which: int, kind: str) -> None:
        Organisation.objects.filter(tickets=self.world.ticket(which).pk).update(kind=kind)

    @rule(live=st.booleans())
    def an_editor_publishes_or_takes_down_what_is_cited(self, live: bool) -> None:
        page = ArticlePage.objects.get(pk=self.article.pk)
        if live and not page.live:
            page.save_revision().publish()
        elif not live and page.live:
            page.unpublish()

    @precondition(lambda self: len(self.world.tickets) > 2)
    @rule(who=st.integers(0, 2))
    def a_lead_erases_a_customer(self, who: int) -> None:
        person = User.objects.get(pk=self.world.customers[who].pk)
        theirs = {pk for pk in self.world.tickets if pk in set(person.tickets.values_list("pk", flat=True))}
        try:
            erase_person(
                actor=self.world.lead, session_key=self.world.sessions.get(self.world.lead.pk, ""), person=person
            )
        except PortalError:
            return
        self.world.erased |= theirs
        self.happened["erased"] += 1
        self.world.customers[who] = make_user("Next", organisation=make_organisation())

    # -- Somebody hostile ---------------------------------------------------------------------------------------------

    @rule(statement=st.sampled_from(HOSTILE), role=st.sampled_from(["web", "worker", "mailer"]), which=one_of_few)
    def somebody_hostile_tries(self, statement: str, role: str, which: int) -> None:
        ticket = self.world.ticket(which)
        payload = ReleasePayload.objects.filter(ticket=ticket).order_by("-pk").first()
        named: dict[str, object] = {
            "ticket": ticket.pk,
            "rep": self.world.reps[0].pk,
            "payload": payload.pk if payload is not None else 0,
            "version": ticket.version,
            "session": self.world.sessions.get(self.world.reps[0].pk, ""),
            "customer": "a customer's, without a role",
            "person": ticket.requester_id,
        }
        used = {name: value for name, value in named.items() if f"%({name})s" in statement}
        approvals = Approval.objects.count()
        state = self.world.hostile(role, statement, used)
        # An INSERT … SELECT from nothing, and rights over no row, put nothing anywhere.
        assert state or "SELECT id" in statement or "SELECT ticket_id" in statement
        assert Approval.objects.count() == approvals

    # -- What must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def the_promises_hold(self) -> None:
        if hasattr(self, "world"):
            for promise in PROMISES:
                promise(self.world)

    def _rep(self, who: int) -> User:
        return User.objects.get(pk=self.world.reps[who].pk)

    def _try(self, role: str, statement: str, arguments: list[object]) -> str:
        names = {str(number): value for number, value in enumerate(arguments)}
        return self.world.hostile(role, statement % tuple(f"%({number})s" for number in names), names)


@pytest.fixture(scope="module")
def stage(
    template: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """One database for all runs: each brings people and requests of its own. The article has one source text."""
    with cloned_site(django_db_blocker) as site:
        Handrail.site = site
        Handrail.article = publish("Restart the agent", "Restart the agent and watch the log for a minute.")
        with site.as_role("worker"):
            revision = Handrail.article.live_revision
            Handrail.source = SourceText.objects.create(
                article=Handrail.article,
                revision_id=revision.pk if revision is not None else 0,
                extractor_version="test",
                title="Restart the agent",
                text="Restart the agent and watch the log for a minute.",
                digest="x",
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
    if EXAMPLES >= 8:
        assert all(Handrail.happened[what] for what in EXPECTED), Handrail.happened


# What every bounded run comes to: a run in which nobody sends anything proves nothing.
EXPECTED = ("sent", "sent a draft", "refused", "mailed", "erased", "barred", "drafted")
BOUNDS = bounds(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
