"""The people, requests and roles of the stateful test, and what the model knows of them.

It keeps what people did and were told, and says beforehand of each press of the button whether it may go out: from
plain rows, never through the product's own word. `promises` compares it with what the database holds.
"""

import itertools
import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from kb.models import IndexedArticle, SourceText
from portal.actions.tickets import Filing, add_customer_message, file_ticket
from portal.models import Message, Organisation, StaffRole, Ticket, User
from tests.conftest import Site
from tests.factories import make_organisation, make_rep, make_user
from tests.guard.conftest import session_of
from triage.facts import Drafted, Evidence, Form, Kind, Priority, Screening, Sentence
from triage.models import Draft
from triage.outcome import Outcome

_numbers = itertools.count(1)


def words(what: str) -> str:
    """Words that nobody has typed before."""
    return f"{what} {next(_numbers)} {uuid.uuid4().hex}"


@dataclass(frozen=True)
class Sent:
    """What the model knows of a reply that went out; the customer may not see it before `not_before`."""

    ticket: int
    text: str
    version: int
    person: int
    draft: int | None
    not_before: datetime


@dataclass
class World:
    """One run's people and what became of them."""

    site: Site
    source: SourceText
    customers: list[User] = field(default_factory=list)
    reps: list[User] = field(default_factory=list)
    lead: User = field(init=False)
    sessions: dict[int, str] = field(default_factory=dict)
    tickets: list[int] = field(default_factory=list)
    said: dict[int, list[str]] = field(default_factory=dict)  # by ticket: what customers were told had arrived
    files: dict[int, bytes] = field(default_factory=dict)  # by ticket: the file that came with it
    private: dict[int, list[str]] = field(default_factory=dict)  # by ticket: notes, half-written words, refused ones
    kept: dict[tuple[int, int], str] = field(default_factory=dict)  # by (ticket, rep): what they typed last
    sent: dict[int, Sent] = field(default_factory=dict)  # by message
    withdrawn: set[int] = field(default_factory=set)  # messages
    must_be_held: set[int] = field(default_factory=set)  # messages that nobody had seen when the customer wrote
    may_be_held: set[int] = field(default_factory=set)
    deeds: Counter[tuple[str, int, int | None]] = field(default_factory=Counter)  # by verb, request or person, actor
    seen_versions: dict[int, int] = field(default_factory=dict)
    mailed: list[str] = field(default_factory=list)  # the Message-ID of each mail that left
    erased: set[int] = field(default_factory=set)  # tickets
    barred_runs: set[int] = field(default_factory=set)
    raced: set[int] = field(default_factory=set)  # requests on which numbers and order may differ

    def __post_init__(self) -> None:
        self.lead = make_rep("Lena", lead=True)
        self.reps = [make_rep("Ravi"), make_rep("Rosa"), self.lead]
        self.customers = [
            make_user("Cora", organisation=make_organisation()),
            make_user("Carl", organisation=make_organisation("high_touch", engineer=self.reps[0])),
            make_user("Guest"),
        ]
        for person in self.reps:
            self.sign_in(person)

    # -- What people do -----------------------------------------------------------------------------------------------

    def sign_in(self, person: User) -> None:
        able = person.is_active and person.kind == User.Kind.HUMAN
        if able and not self.is_live(self.sessions.get(person.pk, ""), person):
            cache.clear()  # people here sign in more often in a minute than the site lets one address do
            self.sessions[person.pk] = session_of(person)

    def rep(self, who: int) -> User:
        """The person as they are now."""
        return User.objects.get(pk=self.reps[who % len(self.reps)].pk)

    def ticket(self, number: int) -> Ticket:
        """The request as it is now."""
        return Ticket.objects.select_related("organisation", "requester").get(
            pk=self.tickets[number % len(self.tickets)]
        )

    def file(self, customer: User) -> None:
        text, log = words("My agent stops"), words("log").encode()
        filing = Filing(
            subject=words("Agent"),
            text=text,
            filing_key=uuid.uuid4(),
            attachments=[SimpleUploadedFile("agent.log", log, "text/plain")],
        )
        verified = hasattr(customer, "membership")
        ticket = file_ticket(actor=User.objects.get(pk=customer.pk), filing=filing, verified=verified)
        self.tickets.append(ticket.pk)
        self.said[ticket.pk], self.files[ticket.pk], self.private[ticket.pk] = [text], log, []
        self.note_deed("ticket.filed", ticket, customer)

    def write(self, ticket: Ticket) -> None:
        text = words("It still stops")
        unseen = Message.objects.filter(ticket=ticket, direction="outbound", stop__isnull=True)
        before = set(unseen.filter(visible_from__gt=timezone.now()).values_list("pk", flat=True))
        add_customer_message(actor=ticket.requester, ticket=ticket, text=text)
        # What was still hidden after the customer's words had arrived was hidden when they arrived.
        still = Message.objects.filter(pk__in=before, visible_from__gt=timezone.now()).values_list("pk", flat=True)
        self.may_be_held |= before
        self.must_be_held |= set(still)
        self.said[ticket.pk].append(text)
        self.note_deed("message.received", ticket, ticket.requester)

    # -- What the model says ------------------------------------------------------------------------------------------

    def is_live(self, session_key: str, person: User) -> bool:
        """Whether this key is that person's session, and they an active human."""
        return (
            Session.objects.filter(session_key=session_key, expire_date__gt=timezone.now()).exists()
            and UserSession.objects.filter(session_key=session_key, user=person.pk).exists()
            and User.objects.filter(pk=person.pk, is_active=True, kind=User.Kind.HUMAN).exists()
        )

    def roles(self, person: User) -> set[str]:
        return set(StaffRole.objects.filter(user=person.pk).values_list("role", flat=True))

    def answers_for(self, person: User, ticket: Ticket) -> bool:
        """Whether replies here are this person's: a lead's; on a high-touch account its people's, else any rep's."""
        roles, account = self.roles(person), ticket.organisation
        if account is not None and account.kind == Organisation.Kind.HIGH_TOUCH:
            return "lead" in roles or person.pk in {account.engineer_id, account.deputy_id}
        return bool(roles & {"lead", "rep"})

    def is_walled(self, ticket: Ticket) -> bool:
        """Whether machines keep away: all but a standard account that was signed in."""
        account = ticket.organisation
        standard = account is not None and account.kind == Organisation.Kind.STANDARD
        return not standard or not ticket.identity_verified or ticket.erased_at is not None

    def is_stale(self, draft: Draft) -> bool:
        """Whether the customer wrote since, or the article is not what it was when it was cited."""
        newer = Message.objects.filter(ticket=draft.ticket_id, direction="inbound", pk__gt=draft.answers_id)
        article = IndexedArticle.objects.select_related("article").get(article=self.source.article_id)
        return newer.exists() or not article.article.live or article.revision_id != article.article.live_revision_id

    def may_send(self, ticket: Ticket, person: User, version: int, draft: Draft | None, *, stale_ok: bool) -> bool:
        """What design and record say of this press of the button in the console, which is for who has a role."""
        unfit = draft is not None and (self.is_walled(ticket) or (not stale_ok and self.is_stale(draft)))
        return (
            self.is_live(self.sessions.get(person.pk, ""), person)
            and bool(self.roles(person))
            and self.answers_for(person, ticket)
            and ticket.erased_at is None
            and version == ticket.version
            and not unfit
        )

    # -- What the model notes -----------------------------------------------------------------------------------------

    def note_sent(
        self, message: Message, version: int, person: User, draft: Draft | None, not_before: datetime
    ) -> None:
        assert message.pk not in self.sent
        draft_id = draft.pk if draft is not None else None
        self.sent[message.pk] = Sent(message.ticket_id, message.text, version, person.pk, draft_id, not_before)

    def note_deed(self, verb: str, subject: Ticket | User, actor: User | None) -> None:
        """Something was done that the audit trail must name."""
        self.deeds[(verb, subject.pk, actor.pk if actor is not None else None)] += 1

    def hidden(self, ticket: int) -> list[str]:
        """Texts of a request that its customer may not see at this moment, wherever they look."""
        now = timezone.now()
        kept_back = self.withdrawn | self.must_be_held
        return self.private[ticket] + [
            sent.text
            for message, sent in self.sent.items()
            if sent.ticket == ticket and (message in kept_back or sent.not_before > now)
        ]

    def outcome(self) -> Outcome:
        """What a pipeline would give back: one sentence from the article, one that needs the rep's words."""
        text = self.source.text
        start, end = 0, min(len(text), 40)
        quoted = Sentence(
            text=text[start:end],
            kind=Kind.QUOTED,
            form=Form.SENTENCE,
            source_text_id=self.source.pk,
            start=start,
            end=end,
            quote=text[start:end],
            digest=self.source.digest,
        )
        drafted = Drafted(sentences=(Sentence("Hello,", Kind.NEEDS_WORDS), quoted))
        return Outcome(
            screening=Screening(),
            readings=(),
            category=None,
            vector=(1.0, *([0.0] * 383)),
            priority=Priority("normal", ()),
            evidence=Evidence(query="agent"),
            drafted=drafted,
            reworded=drafted,
            grounded=drafted,
            dropped=0,
            steps=(),
        )

    def attempt(self, role: str, statement: str, named: dict[str, object]) -> str:
        """Run one statement as a role; returns the SQLSTATE it met, "" when it went through."""
        connection = self.site.connect(role)
        try:
            connection.execute(statement.encode(), named)
            connection.commit()
        except psycopg.Error as error:
            connection.rollback()
            return str(error.sqlstate)
        finally:
            connection.close()
        return ""
