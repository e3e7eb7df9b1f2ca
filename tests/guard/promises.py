"""The promises that the stateful test asks after every step, each against what database and mail server hold."""

from collections import Counter
from collections.abc import Callable

from django.db.models import Count, Q
from django.utils import timezone

from agents.models import Approval, Composition
from portal.models import (
    Attachment,
    AuditEvent,
    Message,
    MessageBody,
    MessageStop,
    OutboxEntry,
    ReleasePayload,
    Ticket,
    User,
)
from portal.release import Envelope, payload_digest
from tests.guard.world import World
from triage.models import Draft, DraftSentence, Run
from triage.reading import latest_draft, latest_runs

NOTICES = {"request_received", "email_confirmation", "password_reset", "account_exists", "account_changed"}
ADVANCES = Q(direction="outbound") | Q(direction="inbound", automatic__in=["none", "ambiguous"])

Promise = Callable[[World], None]


def every_reply_was_released(world: World) -> None:
    """Exactly one approval, by the person, for exactly that payload, against the version it was made for."""
    ours = Message.objects.filter(ticket__in=world.tickets, direction="outbound").select_related("payload__approval")
    messages = {message.pk: message for message in ours}
    assert set(messages) == set(world.sent), "a reply that nobody sent, or one that is gone"
    assert Approval.objects.filter(ticket__in=world.tickets).count() == len(messages)
    advancing = Message.objects.filter(ADVANCES, ticket__in=world.tickets).values_list("ticket", "pk")
    for message in messages.values():
        told, payload = world.sent[message.pk], message.payload
        assert payload is not None
        approval = payload.approval
        assert (approval.person_id, message.released_by_id) == (told.person, told.person)
        assert (approval.ticket_id, payload.ticket_id, message.ticket_id) == (told.ticket, told.ticket, told.ticket)
        assert (approval.version, approval.draft_id) == (told.version, told.draft)
        assert message.visible_from >= told.not_before, "it appears before the time for taking it back is over"
        if message.ticket_id not in world.raced:
            before = [pk for ticket, pk in advancing if ticket == message.ticket_id and pk < message.pk]
            assert approval.version == len(before), "not the state of the conversation that the rep saw"
        if message.ticket_id not in world.erased:
            assert payload.text == told.text
            assert payload.digest == digest_of(payload)


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
    stopped = set(MessageStop.objects.filter(message__ticket__in=world.tickets).values_list("message", flat=True))
    now = timezone.now()
    for message in shown:
        if message.direction == "inbound":
            assert message.author_id == message.ticket.requester_id
        else:
            assert message.pk in world.sent
            assert message.pk not in stopped, "a reply that was stopped is shown"
            assert message.visible_from <= now, "a reply is shown before its time"
    assert not Attachment.objects.filter(message__ticket__in=world.tickets, message__direction="outbound").exists()


def unseen_replies_give_way_to_the_customer(world: World) -> None:
    """Stopped are those that somebody took back, and those that nobody had seen when the customer wrote."""
    stops = MessageStop.objects.filter(message__ticket__in=world.tickets).values_list("message", "reason")
    reasons = dict(stops)
    assert world.withdrawn == {pk for pk, reason in reasons.items() if reason == "withdrawn"}
    assert world.must_be_held <= set(reasons), "the customer wrote, and a reply that nobody had seen was not held back"
    assert {pk for pk, reason in reasons.items() if reason == "withheld"} <= world.may_be_held


def nothing_goes_out_twice(world: World) -> None:
    assert len(world.mailed) == len(set(world.mailed))
    both = OutboxEntry.objects.filter(message__ticket__in=world.tickets, state__in=["sent", "in_flight"])
    assert not both.filter(message__stop__isnull=False).exists(), "a reply that was stopped was mailed"
    assert not both.filter(message__visible_from__gt=timezone.now()).exists(), "a reply was mailed before its time"


def every_mail_is_a_reply_or_a_notice(world: World) -> None:
    stray = Q(message=None) & ~Q(notice__in=NOTICES) | Q(message__isnull=False) & ~Q(notice="")
    assert not OutboxEntry.objects.filter(stray).exists()
    replies = OutboxEntry.objects.filter(message__ticket__in=world.tickets).values_list("message", flat=True)
    assert sorted(replies) == sorted(world.sent)


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


def no_file_is_lost(world: World) -> None:
    files = Attachment.objects.filter(message__ticket__in=world.tickets).select_related("message")
    stored = {file.message.ticket_id: file for file in files}
    for ticket, content in world.files.items():
        if ticket not in world.erased:
            assert ticket in stored, "a file is gone"
            with stored[ticket].open() as file:
                assert file.read() == content


def every_deed_is_on_record(world: World) -> None:
    """The audit trail names each deed with its actor as often as it was done, and mail as often as it left."""
    people = [person.pk for person in (*world.reps, *world.customers)]
    of_requests = Q(ticket_id__in=world.tickets) & ~Q(verb__startswith="mail.")
    of_people = Q(target="portal.user", target_id__in=people, verb__in=["user.deactivated", "user.role_granted"])
    recorded: Counter[tuple[str, int, int | None]] = Counter()
    for event in AuditEvent.objects.filter(of_requests | of_people):
        recorded[(event.verb, event.ticket_id or event.target_id, event.actor_id)] += 1
    # A role that somebody was made with was granted by nobody.
    assert recorded - Counter({("user.role_granted", pk, None): 1 for pk in people}) == world.deeds
    left = set(OutboxEntry.objects.filter(of_ours(world), state="sent").values_list("pk", flat=True))
    told = AuditEvent.objects.filter(target="portal.outboxentry", verb="mail.sent", target_id__in=left)
    assert sorted(told.values_list("target_id", flat=True)) == sorted(left)


def of_ours(world: World) -> Q:
    return Q(message__ticket__in=world.tickets) | Q(ticket__in=world.tickets)


def the_wall_stands(world: World) -> None:
    """Of a request that is not a known standard account's nothing that a machine made is read or shared."""
    tickets = Ticket.objects.filter(pk__in=world.tickets).select_related("organisation")
    walled = {ticket.pk: ticket for ticket in tickets if world.is_walled(ticket)}
    for drafted in Draft.objects.filter(ticket__in=walled).values_list("ticket", flat=True).distinct():
        assert latest_draft(walled[drafted]) is None, "a draft is read behind the wall"
    assert latest_runs(walled) == {}
    assert not Run.objects.shareable().filter(ticket__in=walled).exists()
    barred = Run.objects.filter(pk__in=world.barred_runs)
    assert all((run.outputs, run.embedding) == ({}, None) for run in barred), "a machine read behind the wall"
    assert not Draft.objects.filter(run__in=world.barred_runs).exists(), "a draft was made behind the wall"


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
    people = User.objects.filter(tickets__in=world.erased)
    assert all(person.erased_at is not None and not person.is_active for person in people)


PROMISES: tuple[Promise, ...] = (
    every_reply_was_released,
    versions_count_what_was_said,
    customers_see_only_that,
    unseen_replies_give_way_to_the_customer,
    nothing_goes_out_twice,
    every_mail_is_a_reply_or_a_notice,
    nothing_typed_is_lost,
    no_file_is_lost,
    every_deed_is_on_record,
    the_wall_stands,
    every_sentence_has_a_source_or_says_so,
    the_erased_stay_erased,
)
