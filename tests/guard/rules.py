"""What customers, machines, reps and leads do next in the stateful test, each through the product's own doors.

What the product refuses is as good a step as what it lets through: the model has said beforehand which it must be.
"""

import threading
from collections import Counter
from datetime import datetime, timedelta
from email.message import Message as Mail
from typing import Protocol

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from agents.actions.compositions import keep_words, take_back_words, use_draft
from agents.actions.reviews import withdraw_reply
from agents.sending import send_reply
from kb.models import ArticlePage, IndexedArticle, SourceText
from portal.actions.accounts import deactivate_user, end_sessions, grant_role
from portal.actions.erasure import erase_person
from portal.actions.tickets import add_note, reopen_ticket, solve_ticket
from portal.errors import PortalError
from portal.mail.deliver import deliver_due
from portal.models import Message, Organisation, OutboxEntry, StaffRole, Ticket, User
from portal.permissions import follow_token
from portal.release import build_payload
from tests.conftest import Site
from tests.factories import make_organisation, make_user
from tests.guard.conftest import RELEASE
from tests.guard.world import World, words
from triage.actions.runs import begin_run, record_barred, store_outcome
from triage.gathering import get_message
from triage.models import Draft, Run
from triage.reading import latest_draft
from triage.wall import bar_of

one_of_few = st.integers(0, 5)
a_rep = st.integers(0, 2)
UNDO = st.sampled_from([0, 0, 1, 3600])


class Mailbox(Protocol):
    """A mail server that keeps what it gets."""

    mails: list[Mail]


class Stage(RuleBasedStateMachine):
    """What every rule stands on."""

    happened: Counter[str] = Counter()
    site: Site
    sink: Mailbox
    source: SourceText
    world: World


class CustomersAndMachines(Stage):
    """Who writes in and reads, what drafts, and what delivers."""

    @rule(who=one_of_few)
    def a_customer_files(self, who: int) -> None:
        if len(self.world.tickets) < 6:
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
        before = ticket.status
        try:
            (solve_ticket if solve else reopen_ticket)(actor=ticket.requester, ticket=ticket)
        except PortalError:
            assert ticket.erased_at is not None
            return
        if before != ("solved" if solve else "open"):
            self.world.note_deed("ticket.status_changed", ticket, ticket.requester)

    @rule(which=one_of_few)
    def a_customer_reads(self, which: int) -> None:
        """The page itself, not the query that it is made from."""
        ticket, client = self.world.ticket(which), Client()
        cache.clear()
        if ticket.identity_verified:
            if ticket.erased_at is None:  # nobody signs in as the erased: their browser is a stranger's
                client.force_login(ticket.requester)
            address = reverse("portal:ticket", args=[ticket.reference])
        else:
            address = reverse("portal:follow", args=[follow_token(ticket)])
        page = client.get(address, follow=True).content.decode()
        for text in self.world.hidden(ticket.pk):
            assert text not in page, "the customer reads what is not for them, or not yet"
        for text in self.world.said[ticket.pk]:
            assert (text in page) == (ticket.erased_at is None)
        self.happened["read"] += 1

    @rule(which=one_of_few, forgets_to_ask=st.booleans())
    def a_worker_drafts(self, which: int, forgets_to_ask: bool) -> None:
        self.draft(self.world.ticket(which), forgets_to_ask=forgets_to_ask)

    def draft(self, ticket: Ticket, *, forgets_to_ask: bool) -> None:
        """What the worker does about the newest message, once; the database is there for one that forgets to ask."""
        message = get_message(ticket.messages.inbound().latest("pk").pk)
        assert message is not None
        walled = self.world.is_walled(ticket)
        with self.site.as_role("worker"):
            run = begin_run(message=message, task_id="t", pipeline_version="1", actor=None)
            if run is None:
                return
            bar = bar_of(ticket)
            assert bool(bar) == walled, "the wall is not where the record says"
            if bar and not forgets_to_ask:
                record_barred(run=run, reason=bar, actor=None)
            else:
                store_outcome(run=run, outcome=self.world.outcome(), inputs={}, input_digest="x", actor=None)
        self.world.note_deed("triage.run_began", ticket, None)
        self.world.note_deed("triage.run_barred" if walled else "triage.run_done", ticket, None)
        if walled:
            self.world.barred_runs.add(run.pk)
        assert Run.objects.get(pk=run.pk).outputs == {} or not walled
        self.happened["barred" if walled else "drafted"] += 1

    @rule(in_a_hurry=st.booleans())
    def the_mailer_delivers(self, in_a_hurry: bool) -> None:
        """In a hurry it takes for due whatever is queued."""
        before = len(self.sink.mails)
        with self.site.as_role("mailer"):
            if in_a_hurry:
                OutboxEntry.objects.filter(state="queued").update(due_at=timezone.now())
            deliver_due()
        for mail in self.sink.mails[before:]:
            self.world.mailed.append(str(mail["Message-ID"]))
            self._read_mail(mail)
            self.happened["mailed"] += 1

    def _read_mail(self, mail: Mail) -> None:
        """A mail of ours holds one released reply or none, goes to the requester, and tells nothing else."""
        number = int(str(mail["X-Handrail-Request"]))
        if number not in self.world.tickets or number in self.world.erased:
            return  # of an earlier run
        parts = [part.get_payload(decode=True) for part in mail.walk() if not part.is_multipart()]
        said = "\n".join(part.decode() for part in parts if isinstance(part, bytes))
        assert str(mail["To"]) == Ticket.objects.values_list("requester__email", flat=True).get(pk=number)
        for text in self.world.hidden(number):
            assert text not in said, "a mail says what is not for the customer, or not yet"
        replies = [sent.text for sent in self.world.sent.values() if sent.ticket == number and sent.text in said]
        assert len(replies) == (0 if mail["Auto-Submitted"] else 1), "not the words that were released"


class Reps(CustomersAndMachines):
    """Who answers."""

    @rule(which=one_of_few, who=a_rep)
    def a_rep_keeps_words(self, which: int, who: int) -> None:
        ticket, rep = self.world.ticket(which), self.world.rep(who)
        text = words("Half a reply")
        try:
            keep_words(actor=rep, ticket=ticket, version=ticket.version, text=text)
        except PortalError:
            assert not self._may_write(rep, ticket)
            return
        self._note_kept(rep, ticket, text)

    @rule(which=one_of_few, who=a_rep)
    def a_rep_notes(self, which: int, who: int) -> None:
        ticket, rep, text = self.world.ticket(which), self.world.rep(who), words("Note")
        try:
            add_note(actor=rep, ticket=ticket, text=text)
        except PortalError:
            assert not self._may_write(rep, ticket)
            return
        self.world.private[ticket.pk].append(text)
        self.world.note_deed("note.added", ticket, rep)

    @rule(which=one_of_few, who=a_rep)
    def a_rep_uses_the_draft(self, which: int, who: int) -> None:
        ticket, rep = self.world.ticket(which), self.world.rep(who)
        draft = self._newest_draft(ticket)
        if draft is None:
            return
        try:
            use_draft(actor=rep, ticket=ticket, draft=draft)
        except PortalError:
            assert self.world.is_walled(ticket) or not self._may_write(rep, ticket)
            return
        assert not self.world.is_walled(ticket)
        self.world.note_deed("draft.used", ticket, rep)

    @rule(
        which=one_of_few,
        who=a_rep,
        stale=st.sampled_from([False, False, True]),
        with_draft=st.booleans(),
        undo_seconds=UNDO,
        stale_ok=st.booleans(),
    )
    def a_rep_sends(
        self, which: int, who: int, stale: bool, with_draft: bool, undo_seconds: int, stale_ok: bool
    ) -> None:
        """Signed in or not, on whatever version, from a draft that is old or not theirs to use."""
        ticket = self.world.ticket(which)
        draft = self._newest_draft(ticket) if with_draft else None
        version = ticket.version - (1 if stale and ticket.version else 0)
        self._send(ticket, self.world.rep(who), version, draft, undo_seconds, stale_ok)

    def _send(
        self, ticket: Ticket, rep: User, version: int, draft: Draft | None, undo_seconds: int, stale_ok: bool
    ) -> None:
        """Press the button; the model says beforehand whether it may go out."""
        text, pressed_at = words("Please restart the agent"), timezone.now()
        allowed = self.world.may_send(ticket, rep, version, draft, stale_ok=stale_ok)
        try:
            message = send_reply(
                actor=rep,
                session_key=self.world.sessions.get(rep.pk, ""),
                ticket=ticket,
                version=version,
                text=text,
                draft=draft,
                undo_seconds=undo_seconds,
                stale_accepted=stale_ok,
            )
        except PortalError:
            assert not allowed, "a reply was refused that may go out"
            self.happened["refused"] += 1
            if self._may_write(rep, ticket):
                self._note_kept(rep, ticket, text)
            return
        assert allowed, "a reply went out that may not"
        self.world.kept.pop((ticket.pk, rep.pk), None)
        self.world.note_sent(message, version, rep, draft, pressed_at + timedelta(seconds=undo_seconds))
        self.world.note_deed("reply.released", ticket, rep)
        self.happened["sent a draft" if draft is not None else "sent"] += 1

    @rule(which=one_of_few, undo_seconds=UNDO)
    def the_lead_answers_from_the_draft(self, which: int, undo_seconds: int) -> None:
        """The ordinary day: signed in, the newest state, a fresh draft if there may be one."""
        ticket = self.world.ticket(which)
        if ticket.erased_at is None:
            self.draft(ticket, forgets_to_ask=False)
        self.world.sign_in(self.world.rep(2))
        self._send(ticket, self.world.rep(2), ticket.version, latest_draft(ticket), undo_seconds, stale_ok=True)

    @rule(which=one_of_few, who=a_rep)
    def a_rep_takes_a_reply_back(self, which: int, who: int) -> None:
        """Before the customer sees it; what was held back already is only brought back into the editor."""
        ticket, rep = self.world.ticket(which), self.world.rep(who)
        message = ticket.messages.filter(direction="outbound").with_text().order_by("-pk").first()
        if message is None:
            return
        seen = Message.objects.visible_to_customer().filter(pk=message.pk).exists()
        stopped = message.is_stopped
        take_back = take_back_words if stopped else withdraw_reply
        try:
            kept = take_back(actor=rep, ticket=ticket, message=message)
        except PortalError:
            return
        assert not seen, "a reply was taken back that the customer could read"
        assert message.text in kept.text, "the words of a reply did not return"
        if not stopped:
            self.world.withdrawn.add(message.pk)
            self.world.note_deed("message.withdrawn", ticket, rep)
        self.world.note_deed("reply.taken_back", ticket, rep)
        self.world.kept[(ticket.pk, rep.pk)] = kept.text
        self.happened["taken back"] += 1

    @rule(which=one_of_few, who=a_rep)
    def a_rep_and_the_customer_at_once(self, which: int, who: int) -> None:
        """Two real sessions; whoever comes first, the promises hold."""
        ticket, rep = self.world.ticket(which), self.world.rep(who)
        if ticket.erased_at is not None:
            return
        payload = build_payload(actor=rep, ticket=ticket, text=words("At the same moment"))
        key, pressed_at = self.world.sessions.get(rep.pk, ""), timezone.now()
        allowed = self.world.is_live(key, rep) and self.world.answers_for(rep, ticket)
        names = ("payload", "ticket", "session", "version", "visible_from", "draft")
        values: dict[str, object] = dict(
            zip(names, [payload.pk, ticket.pk, key, ticket.version, None, None], strict=True)
        )
        statement, states = RELEASE % tuple(f"%({name})s" for name in names), list[str]()
        releasing = threading.Thread(target=lambda: states.append(self.world.attempt("web", statement, values)))
        releasing.start()
        self.world.write(ticket)
        releasing.join(20)
        self.world.raced.add(ticket.pk)
        message = Message.objects.filter(payload=payload).select_related("payload").first()
        assert (message is not None) == (states == [""])
        if message is not None:
            assert allowed
            self.world.note_sent(message, ticket.version, rep, None, pressed_at)

    def _newest_draft(self, ticket: Ticket) -> Draft | None:
        return Draft.objects.filter(ticket=ticket).order_by("-pk").first()

    def _may_write(self, rep: User, ticket: Ticket) -> bool:
        return (
            ticket.erased_at is None and rep.is_active and rep.kind == User.Kind.HUMAN and bool(self.world.roles(rep))
        )

    def _note_kept(self, rep: User, ticket: Ticket, text: str) -> None:
        self.world.kept[(ticket.pk, rep.pk)] = text
        self.world.private[ticket.pk].append(text)


class LeadsAndEditors(Stage):
    """Who decides about people, accounts and articles."""

    article: ArticlePage

    @rule(who=a_rep, sign_in=st.sampled_from([True, True, True, False]))
    def somebody_signs_in_or_out(self, who: int, sign_in: bool) -> None:
        if sign_in:
            self.world.sign_in(self.world.rep(who))
        else:
            end_sessions(actor=None, user=self.world.rep(who))

    @rule(who=a_rep, what=st.sampled_from(["back", "back", "back", "gone", "asleep", "inactive", "a service"]))
    def somebody_leaves_or_comes_back(self, who: int, what: str) -> None:
        """By the lead's button, by a session that ends unseen, or by an administrator's hand on the bare row."""
        rep = self.world.rep(who)
        person = User.objects.filter(pk=rep.pk)
        if what == "back":
            person.update(is_active=True, kind=User.Kind.HUMAN)
        elif what == "inactive":
            person.update(is_active=False)
        elif what == "a service":
            person.update(kind=User.Kind.SERVICE)
        elif what == "asleep":
            past: datetime = timezone.now() - timedelta(seconds=1)
            Session.objects.filter(session_key=self.world.sessions.get(rep.pk, "")).update(expire_date=past)
        elif rep.pk != self.world.lead.pk:
            deactivate_user(actor=self.world.lead, user=rep)
            self.world.note_deed("user.deactivated", rep, self.world.lead)

    @rule(who=st.integers(0, 1), has_role=st.sampled_from([True, True, False]))
    def a_role_is_given_or_taken(self, who: int, has_role: bool) -> None:
        rep = self.world.rep(who)
        if not has_role:
            StaffRole.objects.filter(user=rep).delete()
            return
        if "rep" not in self.world.roles(rep):
            self.world.note_deed("user.role_granted", rep, self.world.lead)
        grant_role(actor=self.world.lead, user=rep, role=StaffRole.Role.REP)

    @rule(which=one_of_few, kind=st.sampled_from(["standard", "standard", "high_touch", "unknown"]))
    def an_account_becomes_another_kind(self, which: int, kind: str) -> None:
        Organisation.objects.filter(tickets=self.world.ticket(which).pk).update(kind=kind)

    @rule(live=st.booleans())
    def an_editor_publishes_or_takes_down_what_is_cited(self, live: bool) -> None:
        page = ArticlePage.objects.get(pk=self.article.pk)
        if live and not page.live:
            page.save_revision().publish()
            with self.site.as_role("worker"):
                IndexedArticle.objects.filter(article=page.pk).update(
                    revision_id=ArticlePage.objects.get(pk=page.pk).live_revision_id
                )
        elif not live and page.live:
            page.unpublish()

    @precondition(lambda self: len(self.world.tickets) > 3)
    @rule(who=st.integers(0, 2))
    def a_lead_erases_a_customer(self, who: int) -> None:
        person = User.objects.get(pk=self.world.customers[who].pk)
        theirs = {pk for pk in self.world.tickets if pk in set(person.tickets.values_list("pk", flat=True))}
        key = self.world.sessions.get(self.world.lead.pk, "")
        allowed = self.world.is_live(key, self.world.lead)
        try:
            erase_person(actor=self.world.lead, session_key=key, person=person)
        except PortalError:
            assert not allowed
            return
        assert allowed
        self.world.erased |= theirs
        self.happened["erased"] += 1
        self.world.customers[who] = make_user("Next", organisation=make_organisation())
