"""What a rep writes is kept through everything; drafts are used, rejected and taken back by a person's click alone."""

import pytest
from django.test import Client

from agents.actions.compositions import keep_words, take_back_words, use_draft
from agents.actions.reviews import reject_draft, withdraw_reply
from agents.errors import DraftClosedError
from agents.forms import words_digest
from agents.models import Composition, Review
from agents.sending import send_reply
from portal.actions.tickets import add_customer_message, set_assignee
from portal.errors import AlreadyVisibleError, InvalidRequestError, NotAllowedError
from portal.models import AuditEvent, Message, MessageStop, Ticket
from tests.agents.conftest import DRAFT_TEXT, Desk
from tests.factories import make_rep, make_ticket, sign_in


def _release(desk: Desk, *, undo_seconds: int, text: str = "Try this.") -> Message:
    desk.ticket.refresh_from_db()
    return send_reply(
        actor=desk.rep,
        session_key=desk.session_key,
        ticket=desk.ticket,
        version=desk.ticket.version,
        text=text,
        draft=None,
        undo_seconds=undo_seconds,
    )


def test_half_written_words_survive_a_sign_out_and_another_assignee(desk: Desk) -> None:
    desk.post("keep", text="Dear Cora, I am look", note="ask Olga")
    desk.client.post("/accounts/logout/")
    set_assignee(actor=desk.rep, ticket=desk.ticket, assignee=make_rep("Olga"))
    page = sign_in(desk.rep, Client()).get(desk.url()).content.decode()
    assert "Dear Cora, I am look" in page
    assert "ask Olga" in page
    assert "Kept" in page


def test_words_belong_to_their_author(desk: Desk) -> None:
    desk.post("keep", text="Mine")
    assert "Mine</textarea>" not in sign_in(make_rep("Olga"), Client()).get(desk.url()).content.decode()


def test_every_button_keeps_the_words_first(desk: Desk) -> None:
    desk.post("priority", text="half a reply", note="half a note", priority="high")
    kept = Composition.objects.get()
    assert (kept.text, kept.note) == ("half a reply", "half a note")
    assert Ticket.objects.get().priority == "high"


def test_an_untouched_page_does_not_overwrite_what_another_tab_kept(desk: Desk) -> None:
    desk.post("keep", text="newer")
    desk.post("priority", text="older", note="", was=words_digest("older", ""), priority="high")
    assert Composition.objects.get().text == "newer"


def test_a_note_is_stored_and_its_kept_words_go_while_the_reply_stays(desk: Desk) -> None:
    desk.post("note", text="half a reply", note="a note")
    kept = Composition.objects.get()
    assert (kept.text, kept.note) == ("half a reply", "")
    assert desk.ticket.messages.filter(direction="note").with_text().get().text == "a note"
    assert AuditEvent.objects.filter(verb="note.added", actor=desk.rep).exists()


def test_a_customer_can_keep_nothing(desk: Desk) -> None:
    with pytest.raises(NotAllowedError):
        keep_words(actor=desk.ticket.requester, ticket=desk.ticket, version=1, text="x")


def test_using_a_draft_fills_the_editor_below_what_stands_there(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    stocked_desk.post("use_draft", draft.pk, text="Good morning!", note="")
    kept = Composition.objects.get()
    assert kept.text == f"Good morning!\n\n{DRAFT_TEXT}"
    assert kept.draft == draft
    assert AuditEvent.objects.filter(verb="draft.used", actor=stocked_desk.rep).exists()


def test_a_draft_of_another_request_is_not_used_here(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    with pytest.raises(NotAllowedError):
        use_draft(actor=stocked_desk.rep, ticket=make_ticket(), draft=draft)


def test_a_rejected_draft_is_kept_with_its_reason_and_offered_no_more(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    stocked_desk.post("reject_draft", draft.pk, reason="outdated", comment="The menu has another name now.")
    review = Review.objects.get()
    assert (review.verdict, review.reason, review.reviewer) == ("rejected", "outdated", stocked_desk.rep)
    assert AuditEvent.objects.get(verb="draft.rejected").details == {"reason": "outdated"}
    page = stocked_desk.open().content.decode()
    assert "The menu has another name now." in page
    assert "Use this draft" not in page
    with pytest.raises(DraftClosedError):
        use_draft(actor=stocked_desk.rep, ticket=stocked_desk.ticket, draft=draft)
    with pytest.raises(DraftClosedError):
        reject_draft(actor=stocked_desk.rep, ticket=stocked_desk.ticket, draft=draft, reason="tone")


def test_a_rejection_needs_a_reason(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    with pytest.raises(InvalidRequestError):
        reject_draft(actor=stocked_desk.rep, ticket=stocked_desk.ticket, draft=draft, reason="")
    response = stocked_desk.post("reject_draft", draft.pk, text="kept meanwhile", comment="It speaks of version 2.")
    assert response.status_code == 422
    assert "It speaks of version 2.</textarea>" in response.content.decode()
    assert not Review.objects.exists()
    assert Composition.objects.get().text == "kept meanwhile"


def test_a_rejected_draft_is_never_sent_by_its_rejection(stocked_desk: Desk) -> None:
    stocked_desk.post("reject_draft", stocked_desk.draft().pk, reason="tone")
    assert not stocked_desk.outbound()


def test_a_reply_taken_back_in_time_returns_to_the_editor_unseen(desk: Desk) -> None:
    message = _release(desk, undo_seconds=30)
    desk.post("withdraw", message.pk)
    assert MessageStop.objects.get().reason == MessageStop.Reason.WITHDRAWN
    assert Composition.objects.get().text == "Try this."
    assert not desk.ticket.messages.visible_to_customer().filter(direction="outbound").exists()
    assert Ticket.objects.get().status == Ticket.Status.OPEN
    assert "Taken back by Rita" in desk.open().content.decode()


def test_a_visible_reply_cannot_be_taken_back(desk: Desk) -> None:
    message = _release(desk, undo_seconds=0)
    with pytest.raises(AlreadyVisibleError):
        withdraw_reply(actor=desk.rep, ticket=desk.ticket, message=message)
    assert desk.post("withdraw", message.pk).status_code == 422
    assert not Composition.objects.exists()


def test_a_customer_cannot_take_a_reply_back(desk: Desk) -> None:
    message = _release(desk, undo_seconds=30)
    with pytest.raises(NotAllowedError):
        withdraw_reply(actor=desk.ticket.requester, ticket=desk.ticket, message=message)
    assert not MessageStop.objects.exists()


def test_a_reply_held_back_by_the_customers_message_stands_in_the_editor(desk: Desk) -> None:
    message = _release(desk, undo_seconds=30, text="Restart it.")
    add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text="I restarted it already.")
    assert MessageStop.objects.get().reason == MessageStop.Reason.WITHHELD
    page = desk.open().content.decode()
    assert "Restart it.</textarea>" in page
    assert "held back" in page
    assert not Composition.objects.exists(), "opening a page writes nothing"
    desk.post("take_back", message.pk, text="", note="")
    assert Composition.objects.get().text == "Restart it."


def test_a_reply_that_went_out_cannot_be_brought_back(desk: Desk) -> None:
    message = Message.objects.with_text().get(pk=_release(desk, undo_seconds=0).pk)
    with pytest.raises(NotAllowedError):
        take_back_words(actor=desk.rep, ticket=desk.ticket, message=message)
