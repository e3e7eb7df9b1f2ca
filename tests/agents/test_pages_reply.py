"""Answering by plain forms, with no script: from words kept, over the preview, to the customer; and setting fields."""

import re

import pytest
from django.test import Client
from pytest_django import Settings

from agents.forms import words_digest
from agents.models import Composition
from portal.actions.tickets import add_customer_message
from portal.models import MessageStop, Organisation, Ticket
from tests.agents.conftest import DRAFT_TEXT, Desk
from tests.factories import make_category, make_organisation, make_ticket, make_user


def test_somebody_signed_out_while_writing_sees_their_words(desk: Desk) -> None:
    response = desk.post("send", client=Client(), text="A long and careful answer.", note="and a note")
    assert response.status_code == 403
    page = response.content.decode()
    assert "A long and careful answer." in page
    assert "and a note" in page
    assert not desk.outbound()


def test_a_customer_who_wrote_meanwhile_is_shown_beside_the_kept_text(desk: Desk) -> None:
    version, seen = Ticket.objects.get().version, desk.last_message_id()
    add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text="It is the disk, I think.")
    response = desk.client.post(desk.url("send"), {"text": "Try this.", "version": version, "seen": seen, "was": ""})
    page = response.content.decode()
    assert response.status_code == 409
    assert "moved on" in page
    assert page.index("It is the disk, I think.") < page.index("What you had written")
    assert "Try this.</textarea>" in page
    again = re.search(r'name="version" value="(\d+)"', page)
    assert again is not None
    assert desk.post("send", text="Try this.", version=again[1]).status_code == 302
    assert len(desk.outbound()) == 1


def test_the_second_press_of_send_says_once(desk: Desk) -> None:
    form = {"text": "Try this.", "version": Ticket.objects.get().version, "seen": desk.last_message_id(), "was": ""}
    assert desk.client.post(desk.url("send"), form).status_code == 302
    second = desk.client.post(desk.url("send"), form)
    assert second.status_code == 409
    assert "already sent, once" in second.content.decode()
    assert len(desk.outbound()) == 1
    assert not Composition.objects.exists()


def test_preview_then_send_sends_what_was_previewed(desk: Desk) -> None:
    kept = desk.post("preview", text="First line.\r\n\r\nSecond <line>.")
    page = desk.client.get(kept["Location"]).content.decode()
    assert desk.ticket.requester.email in page
    assert f"Re: {desk.ticket.subject} [#{desk.ticket.pk}]" in page
    assert "Rita · Handrail &lt;" in page
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    text = fields["text"].replace("&lt;", "<").replace("&gt;", ">")
    desk.client.post(desk.url("send"), {**fields, "text": text})
    assert desk.outbound()[0].text == "First line.\n\nSecond <line>."


def test_a_preview_of_words_from_before_the_customer_wrote_again_can_be_sent_once_they_were_seen(desk: Desk) -> None:
    desk.post("keep", text="Try this.")
    add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text="And one more thing.")
    old = re.search(r'name="version" value="(\d+)"', desk.client.get(desk.url("preview")).content.decode())
    assert old is not None
    assert desk.post("send", text="Try this.", version=old[1]).status_code == 409
    desk.post("preview", text="Try this.", was=words_digest("Try this.", ""))
    seen = re.search(r'name="version" value="(\d+)"', desk.client.get(desk.url("preview")).content.decode())
    assert seen is not None
    assert desk.post("send", text="Try this.", version=seen[1]).status_code == 302


def test_nobody_previews_where_they_may_not_reply(desk: Desk) -> None:
    desk.ticket = make_ticket(make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH)))
    assert desk.client.get(desk.url("preview")).status_code == 403


def test_a_draft_goes_from_page_to_customer_by_plain_forms(stocked_desk: Desk) -> None:
    desk = stocked_desk
    draft = desk.triage().draft
    desk.post("use_draft", draft.pk, text="", note="")
    page = desk.open().content.decode()
    assert f"{DRAFT_TEXT}</textarea>" in page
    assert f'name="draft" value="{draft.pk}"' in page
    desk.post("send", text=DRAFT_TEXT, draft=draft.pk)
    assert desk.outbound()[0].text == DRAFT_TEXT
    assert draft.reviews.get().verdict == "as_is"
    assert MessageStop.objects.count() == 0


def test_fields_are_set_by_hand_and_by_the_proposals_button(desk: Desk) -> None:
    billing, sync = make_category(), make_category("Sync")
    desk.post("category", category=billing.slug)
    assert Ticket.objects.get().category == billing
    desk.post("category", category=billing.slug, proposed_category=sync.slug)
    assert Ticket.objects.get().category == sync
    desk.post("priority", priority="low", proposed_priority="urgent")
    assert Ticket.objects.get().priority == "urgent"
    desk.post("assignee", mine="yes")
    assert Ticket.objects.get().assignee == desk.rep
    desk.post("assignee", assignee="")
    assert Ticket.objects.get().assignee is None
    desk.post("solve")
    assert Ticket.objects.get().status == "solved"
    desk.post("reopen")
    assert Ticket.objects.get().status == "open"


def test_what_cannot_be_chosen_is_refused(desk: Desk) -> None:
    retired = make_category("Retired")
    retired.is_active = False
    retired.save()
    for name, fields in (
        ("category", {"category": retired.slug}),
        ("priority", {"priority": "panic"}),
        ("assignee", {"assignee": desk.ticket.requester_id}),
    ):
        assert desk.post(name, **fields).status_code == 422, name
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.priority, ticket.assignee) == (None, "normal", None)


def test_a_proposed_question_is_put_into_the_reply_by_a_click_alone(stocked_desk: Desk) -> None:
    run = stocked_desk.triage()
    stocked_desk.open()
    assert not Composition.objects.exists()
    stocked_desk.post("use_step", run.next_steps.get().pk, text="Hello!", note="")
    assert Composition.objects.get().text == "Hello!\n\nWhich version are you using?"


@pytest.mark.parametrize(
    ("seconds", "said", "unsaid"),
    [(0, "It cannot be taken back", "second"), (1, "1 second after", "seconds"), (10, "10 seconds after", "at once")],
)
def test_the_time_to_take_a_reply_back_is_said_as_it_is(
    desk: Desk, settings: Settings, seconds: int, said: str, unsaid: str
) -> None:
    settings.HANDRAIL_UNDO_SECONDS = seconds
    kept = desk.post("preview", text="Try this.")
    preview = desk.client.get(kept["Location"]).content.decode()
    words = preview[preview.index("The customer sees it") :].split("</p>", 1)[0]
    assert said in words
    assert unsaid not in words
