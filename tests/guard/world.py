"""The people, requests and roles of the stateful test, and the promises that it asks after every step.

The model keeps what people did and were told; the promises compare it with what the database holds.
"""

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

import psycopg
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db.models import Count, Q
from django.utils import timezone

from agents.models import Approval, Composition
from kb.models import SourceText
from portal.actions.tickets import Filing, add_customer_message, file_ticket
from portal.models import (
    Attachment,
    Message,
    MessageBody,
    MessageStop,
    Organisation,
    OutboxEntry,
    ReleasePayload,
    Ticket,
    User,
)
from portal.permissions import may_reply
from portal.release import Envelope, payload_digest
from tests.conftest import Site
from tests.factories import make_organisation, make_rep, make_user
from tests.guard.conftest import session_of
from triage.facts import Drafted, Evidence, Form, Kind, Priority, Screening, Sentence
from triage.models import Draft, DraftSentence, Run
from triage.outcome import Outcome
from triage.reading import latest_draft, latest_runs

_numbers = itertools.count(1)
NOTICES = {"request_received", "email_confirmation", "password_reset", "account_exists", "account_changed"}


def words(what: str) -> str:
    """Words that nobody has typed before."""
    return f"{what} {next(_numbers)} {uuid.uuid4().hex}"


@dataclass(frozen=True)
class Sent:
    """What the model knows of a reply that went out."""

    ticket: int
    text: str
    version: int
    person: int
    draft: int | None


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
    kept: dict[tuple[int, int], str] = field(default_factory=dict)  # by (ticket, rep): what they typed last
    sent: dict[int, Sent] = field(default_factory=dict)  # by message
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
        if User.objects.filter(pk=person.pk, is_active=True).exists():
            cache.clear()  # people here sign in more often in a minute than the site lets one address do
            self.sessions[person.pk] = session_of(person)

    def ticket(self, number: int) -> Ticket:
        """The request as it is now."""
        return Ticket.objects.select_related("organisation", "requester").get(
            pk=self.tickets[number % len(self.tickets)]
        )

    def file(self, customer: User) -> None:
        text = words("My agent stops")
        filing = Filing(subject=words("Agent"), text=text, filing_key=uuid.uuid4())
        verified = hasattr(customer, "membership")
        ticket = file_ticket(actor=User.objects.get(pk=customer.pk), filing=filing, verified=verified)
        self.tickets.append(ticket.pk)
        self.said[ticket.pk] = [text]

    def write(self, ticket: Ticket) -> None:
        text = words("It still stops")
        add_customer_message(actor=ticket.requester, ticket=ticket, text=text)
        self.said[ticket.pk].append(text)

    def may_send(self, ticket: Ticket, person: User, version: int, draft: Draft | None) -> bool:
        """What design and record say of this press of the button: the model's own word, made from plain rows."""
        fresh = User.objects.get(pk=person.pk)
        signed_in = Session.objects.filter(
            session_key=self.sessions.get(person.pk, ""), expire_date__gt=timezone.now()
        ).exists()
        walled = draft is not None and (ticket.is_high_touch or not ticket.may_automate)
        return (
            signed_in
            and fresh.is_active
            and ticket.erased_at is None
            and may_reply(fresh, ticket)
            and version == ticket.version
            and not walled
        )

    def note_sent(self, message: Message, version: int, person: User, draft: Draft | None) -> None:
        assert message.pk not in self.sent
        draft_id = draft.pk if draft is not None else None
        self.sent[message.pk] = Sent(message.ticket_id, message.text, version, person.pk, draft_id)

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

    def hostile(self, role: str, statement: str, named: dict[str, object]) -> str:
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


Promise = Callable[[World], None]


def every_reply_was_released(world: World) -> None:
    """Exactly one approval, by the person, for exactly that payload, against the version it was made for."""
    ours = Message.objects.filter(ticket__in=world.tickets, direction="outbound").select_related("payload__approval")
    messages = {message.pk: message for message in ours}
    assert set(messages) == set(world.sent)
    assert Approval.objects.filter(ticket__in=world.tickets).count() == len(messages)
    for message in messages.values():
        told, payload = world.sent[message.pk], message.payload
        assert payload is not None
        approval = payload.approval
        assert (approval.person_id, message.released_by_id) == (told.person, told.person)
        assert (approval.ticket_id, payload.ticket_id, message.ticket_id) == (told.ticket, told.ticket, told.ticket)
        assert (approval.version, approval.draft_id) == (told.version, told.draft)
        before = Message.objects.filter(ticket=message.ticket_id, pk__lt=message.pk)
        if message.ticket_id not in world.raced:
            assert approval.version == before.filter(ADVANCES).count()
        if message.ticket_id not in world.erased:
            assert payload.text == told.text
            assert payload.digest == digest_of(payload)


ADVANCES = Q(direction="outbound") | Q(direction="inbound", automatic__in=["none", "ambiguous"])


def digest_of(payload: ReleasePayload) -> str:
    envelope = Envelope(payload.subject, tuple(payload.recipients), payload.sender_name, payload.language)
    return payload_digest(envelope, payload.text, payload.html, tuple(payload.attachments))


def versions_count_what_was_said(world: World) -> None:
    counts = dict(
        Message.objects.filter(ADVANCES, ticket__in=world.tickets)
        .values("ticket")
        .annotate(said=Count("pk"))
        .values_list("ticket", "said")
    )
    for ticket, version in Ticket.objects.filter(pk__in=world.tickets).values_list("pk", "version"):
        assert version == counts[ticket]
        assert version >= world.seen_versions.get(ticket, 0)
        world.seen_versions[ticket] = version


def customers_see_only_that(world: World) -> None:
    """Their own words, and replies that were released, are out and were not stopped; no note, no stray file."""
    shown = Message.objects.filter(ticket__in=world.tickets).visible_to_customer().select_related("ticket")
    stopped = set(MessageStop.objects.values_list("message", flat=True))
    now = timezone.now()
    for message in shown:
        if message.direction == "inbound":
            assert message.author_id == message.ticket.requester_id
        else:
            assert message.pk in world.sent
            assert message.pk not in stopped
            assert message.visible_from <= now
    assert not Attachment.objects.filter(message__direction="outbound").exists()


def nothing_goes_out_twice(world: World) -> None:
    assert len(world.mailed) == len(set(world.mailed))
    both = OutboxEntry.objects.filter(message__ticket__in=world.tickets, state__in=["sent", "in_flight"])
    assert not both.filter(message__stop__isnull=False).exists()
    assert not both.filter(message__visible_from__gt=timezone.now()).exists()


def every_mail_is_a_reply_or_a_notice(world: World) -> None:
    rows = OutboxEntry.objects.values_list("message", "notice")
    assert all((message is None) == (notice in NOTICES) for message, notice in rows)
    of_ours = OutboxEntry.objects.filter(message__ticket__in=world.tickets).values_list("message", flat=True)
    assert sorted(of_ours) == sorted(world.sent)


def nothing_typed_is_lost(world: World) -> None:
    bodies = MessageBody.objects.filter(message__ticket__in=world.tickets, message__direction="inbound")
    stored: dict[int, list[str]] = {}
    for ticket, text in bodies.order_by("message").values_list("message__ticket", "text"):
        stored.setdefault(ticket, []).append(text)
    for ticket, texts in world.said.items():
        if ticket not in world.erased:
            assert stored[ticket] == texts
    compositions = {
        (ticket, author): text
        for ticket, author, text in Composition.objects.filter(ticket__in=world.tickets).values_list(
            "ticket", "author", "text"
        )
    }
    for (ticket, author), text in world.kept.items():
        if ticket not in world.erased:
            assert text in compositions.get((ticket, author), ""), "a rep's words are gone"


def the_wall_stands(world: World) -> None:
    high_touch = list(
        Ticket.objects.filter(pk__in=world.tickets, organisation__kind=Organisation.Kind.HIGH_TOUCH).select_related(
            "organisation"
        )
    )
    for ticket in high_touch:
        assert latest_draft(ticket) is None
    assert latest_runs([ticket.pk for ticket in high_touch]) == {}
    assert not Run.objects.shareable().filter(ticket__in=[ticket.pk for ticket in high_touch]).exists()
    barred = Run.objects.filter(pk__in=world.barred_runs)
    assert all((run.outputs, run.embedding) == ({}, None) for run in barred)
    assert not Draft.objects.filter(run__in=world.barred_runs).exists()


def every_sentence_has_a_source_or_says_so(world: World) -> None:
    sentences = DraftSentence.objects.filter(draft__ticket__in=world.tickets).select_related("source_text")
    for sentence in sentences:
        if sentence.kind == "needs_words":
            assert (sentence.source_text, sentence.quote) == (None, "")
        else:
            assert sentence.source_text is not None
            assert sentence.source_text.text[sentence.start : sentence.end] == sentence.quote
            assert sentence.source_text.digest == sentence.digest


def the_erased_stay_erased(world: World) -> None:
    if not world.erased:
        return
    gone = [text for ticket in world.erased for text in world.said[ticket]]
    assert not MessageBody.objects.filter(text__in=gone).exists()
    payloads = ReleasePayload.objects.filter(ticket__in=world.erased)
    assert set(payloads.values_list("text", flat=True)) <= {"Erased at the person's request."}
    assert not Composition.objects.filter(ticket__in=world.erased).exists()


PROMISES: tuple[Promise, ...] = (
    every_reply_was_released,
    versions_count_what_was_said,
    customers_see_only_that,
    nothing_goes_out_twice,
    every_mail_is_a_reply_or_a_notice,
    nothing_typed_is_lost,
    the_wall_stands,
    every_sentence_has_a_source_or_says_so,
    the_erased_stay_erased,
)
