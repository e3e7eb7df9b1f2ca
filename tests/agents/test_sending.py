"""A person presses send: once, exactly that text, into exactly that conversation; and no refusal costs a word."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core import mail as django_mail
from django.db import connections

from agents.errors import NothingWrittenError, StaleDraftError
from agents.models import Approval, Composition, Review
from agents.sending import preview_mail, send_reply
from kb.models import ArticlePage
from portal import database
from portal.actions.tickets import add_customer_message
from portal.errors import AlreadySentError, ConversationMovedOnError, NotAllowedError, SessionEndedError
from portal.mail.compose import build_mail
from portal.models import AuditEvent, Message, Organisation, OutboxEntry, Ticket, User
from tests.agents.conftest import DRAFT_TEXT, Desk
from tests.factories import make_organisation, make_rep, make_ticket, make_user, sign_in
from tests.triage.library import reindex
from triage.models import Draft

TEXT = "Please clear the queue.\nThen start the export again."


def _send(desk: Desk, text: str = TEXT, *, draft: Draft | None = None, **changes: object) -> Message:
    desk.ticket.refresh_from_db()
    values: dict[str, object] = {
        "actor": desk.rep,
        "session_key": desk.session_key,
        "ticket": desk.ticket,
        "version": desk.ticket.version,
        "text": text,
        "draft": draft,
        "undo_seconds": 0,
    }
    return send_reply(**(values | changes))  # type: ignore[arg-type]


def _kept(desk: Desk) -> str:
    return Composition.objects.get(ticket=desk.ticket, author=desk.rep).text


def test_a_reply_leaves_once_with_its_approval_and_its_trace(desk: Desk) -> None:
    Composition.objects.create(ticket=desk.ticket, author=desk.rep, text=TEXT, seen_version=desk.ticket.version)
    message = _send(desk)
    assert message.text == TEXT
    assert message.released_by == desk.rep
    assert Approval.objects.get().person == desk.rep
    assert OutboxEntry.objects.get(message=message).state == OutboxEntry.State.QUEUED
    assert not Composition.objects.exists()
    event = AuditEvent.objects.get(verb="reply.released")
    assert (event.actor_id, event.ticket_id, event.target_id) == (desk.rep.pk, desk.ticket.pk, message.pk)
    assert TEXT not in str(event.details)


def test_the_preview_is_the_mail_that_leaves(desk: Desk) -> None:
    shown = preview_mail(actor=desk.rep, ticket=desk.ticket, text=f"{TEXT}  \r\n")
    message = _send(desk, f"{TEXT}  \r\n")
    left = build_mail(OutboxEntry.objects.get(message=message))
    assert (shown.subject, shown.text, shown.sender) == (left.subject, left.body, left.from_email)
    assert list(shown.recipients) == left.to == [desk.ticket.requester.email]
    assert shown.html == left.alternatives[0][0]
    assert not django_mail.outbox


def test_the_preview_stores_nothing(desk: Desk) -> None:
    preview_mail(actor=desk.rep, ticket=desk.ticket, text=TEXT)
    assert not desk.ticket.payloads.exists()


def test_the_second_press_of_the_same_form_is_told_that_it_was_sent(desk: Desk) -> None:
    version = desk.ticket.version
    _send(desk, version=version)
    with pytest.raises(AlreadySentError):
        _send(desk, version=version)
    assert len(desk.outbound()) == 1
    assert not Composition.objects.exists()


def test_two_presses_at_the_same_instant_send_once(real_desk: Desk) -> None:
    real_desk.ticket.refresh_from_db()
    key, version = real_desk.session_key, real_desk.ticket.version

    def press(_number: int) -> str:
        with database.using(role="web", database=real_desk.site.name):
            try:
                _send_plain(real_desk.rep, key, Ticket.objects.get(pk=real_desk.ticket.pk), version)
            except AlreadySentError:
                return "already sent"
            finally:
                connections["default"].close()
        return "sent"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(press, range(2)))
    assert outcomes == ["already sent", "sent"]
    assert len(real_desk.outbound()) == 1
    assert not Composition.objects.exists()


def _send_plain(actor: User, key: str, ticket: Ticket, version: int) -> None:
    send_reply(actor=actor, session_key=key, ticket=ticket, version=version, text=TEXT, draft=None, undo_seconds=0)


def test_a_customer_who_wrote_meanwhile_stops_the_reply_and_the_text_is_kept(desk: Desk) -> None:
    desk.ticket.refresh_from_db()
    version = desk.ticket.version
    add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text="It works again!")
    with pytest.raises(ConversationMovedOnError):
        _send(desk, version=version)
    assert not desk.outbound()
    assert _kept(desk) == TEXT


def test_a_session_that_ended_sends_nothing_and_the_text_is_kept(desk: Desk) -> None:
    key = desk.session_key
    desk.client.logout()
    with pytest.raises(SessionEndedError):
        _send(desk, session_key=key)
    assert not desk.outbound()
    assert _kept(desk) == TEXT


def test_somebody_elses_session_cannot_carry_a_reps_text(desk: Desk) -> None:
    other = sign_in(make_rep("Olga"))
    with pytest.raises(Exception, match="refused"):
        _send(desk, session_key=str(other.session.session_key))
    assert not desk.outbound()
    assert _kept(desk) == TEXT


def test_a_customer_cannot_send_and_leaves_no_composition(desk: Desk) -> None:
    with pytest.raises(NotAllowedError):
        _send(desk, actor=desk.ticket.requester)
    assert not desk.outbound()
    assert not Composition.objects.exists()


def test_an_empty_reply_is_refused(desk: Desk) -> None:
    with pytest.raises(NothingWrittenError):
        _send(desk, " \r\n ")
    assert not desk.outbound()


@pytest.mark.parametrize("place", ["engineer", "deputy"])
def test_the_named_people_of_a_high_touch_account_reply(desk: Desk, place: str) -> None:
    desk.ticket = make_ticket(
        make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH, **{place: desk.rep}))
    )
    assert _send(desk).text == TEXT


def test_no_other_rep_replies_to_a_high_touch_account(desk: Desk) -> None:
    account = make_organisation(Organisation.Kind.HIGH_TOUCH, engineer=make_rep("Erik"))
    desk.ticket = make_ticket(make_user(organisation=account))
    with pytest.raises(NotAllowedError):
        _send(desk)
    assert not desk.outbound()


def test_a_draft_sent_word_for_word_is_reviewed_as_it_was(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    message = _send(stocked_desk, DRAFT_TEXT.replace("\n", "\r\n"), draft=draft)
    review = Review.objects.get()
    assert (review.verdict, review.message, review.draft) == (Review.Verdict.AS_IS, message, draft)
    assert Approval.objects.get().draft == draft


def test_an_edited_draft_is_reviewed_as_edited(stocked_desk: Desk) -> None:
    _send(stocked_desk, f"{DRAFT_TEXT}\nBest, Rita", draft=stocked_desk.draft())
    assert Review.objects.get().verdict == Review.Verdict.EDITED


def test_a_refused_draft_leaves_no_review(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    with pytest.raises(ConversationMovedOnError):
        _send(stocked_desk, DRAFT_TEXT, draft=draft, version=stocked_desk.ticket.version + 7)
    assert not Review.objects.exists()
    assert Composition.objects.get().draft == draft


def test_a_draft_whose_article_changed_needs_a_second_look(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    article = ArticlePage.objects.get()
    article.summary = "Another summary."
    article.title = "Nightly export and its queue"
    article.save_revision().publish()
    reindex(stocked_desk.site)
    with pytest.raises(StaleDraftError):
        _send(stocked_desk, DRAFT_TEXT, draft=draft)
    assert not stocked_desk.outbound()
    assert _kept(stocked_desk) == DRAFT_TEXT
    _send(stocked_desk, DRAFT_TEXT, draft=draft, stale_accepted=True)
    assert len(stocked_desk.outbound()) == 1


def test_an_autosave_that_arrives_late_does_not_bring_the_sent_text_back(desk: Desk) -> None:
    desk.ticket.refresh_from_db()
    version = desk.ticket.version
    _send(desk)
    for late in (TEXT, TEXT[:12]):
        response = desk.client.post(
            desk.url("keep"), {"text": late, "version": version}, headers={"HX-Request": "true"}
        )
        assert response.status_code == 200
    assert not Composition.objects.exists()


def test_undo_keeps_the_reply_from_the_customer_until_its_time(desk: Desk) -> None:
    message = _send(desk, undo_seconds=1)
    seen = desk.ticket.messages.visible_to_customer().filter(direction="outbound")
    assert not seen.exists()
    assert OutboxEntry.objects.get(message=message).due_at == message.visible_from
    time.sleep(1.1)
    assert seen.exists()
