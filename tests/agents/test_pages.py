"""The console's pages: for reps alone, whole without scripts, and in a fixed number of queries."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from agents.forms import words_digest
from agents.models import Composition
from agents.urls import urlpatterns
from portal.actions.tickets import add_customer_message, add_note, set_category, set_priority
from portal.models import DeflectionShown, MessageStop, Organisation, Ticket
from tests.agents.conftest import DRAFT_TEXT, Desk
from tests.factories import make_category, make_organisation, make_rep, make_ticket, make_user, sign_in
from triage.choices import FieldName, NoDraftReason, RunState, Verdict
from triage.models import FieldProposal, Run

NEEDED = {"number": 1, "message": 1, "draft": 1, "step": 1, "macro": 1, "passage": 1}
READING = {
    "queue",
    "ticket",
    "triage_pane",
    "news",
    "preview",
    "arrivals",
    "passages",
    "macros",
    "new_macro",
    "drafting",
}
# Read by leads alone; a rep is told that they are not there.
OF_LEADS = {"report", "report_table", "report_requests"}
# Pages that are filled in: they answer both methods.
FORMS = {"preview", "new_macro", "edit_macro", "drafting"}


def _addresses(number: int) -> dict[str, str]:
    """Every page and button of the console, by name."""
    arguments = {**NEEDED, "number": number}
    return {
        str(pattern.name): reverse(
            f"agents:{pattern.name}", kwargs={name: arguments[name] for name in pattern.pattern.converters}
        )
        for pattern in urlpatterns
    }


def _queue_numbers(client: Client, query: str = "") -> list[int]:
    page = client.get(reverse("agents:queue") + query).content.decode()
    return [int(number) for number in re.findall(r'href="/console/tickets/(\d+)/"', page)]


def test_every_address_refuses_everybody_but_reps_and_changes_nothing(desk: Desk, customer: Client) -> None:
    before = Ticket.objects.values().get()
    for name, address in _addresses(desk.ticket.pk).items():
        for method in ("get", "post"):
            assert getattr(customer, method)(address).status_code == 404, name
            stranger = getattr(Client(), method)(address)
            assert stranger.status_code == (302 if method == "get" else 403), name
    assert Ticket.objects.values().get() == before


def test_the_same_addresses_answer_a_rep(desk: Desk) -> None:
    for name in READING:
        assert desk.client.get(_addresses(desk.ticket.pk)[name]).status_code == 200, name


def test_what_changes_something_is_refused_by_get_and_without_its_token(desk: Desk) -> None:
    strict = sign_in(desk.rep, Client())
    strict.handler.enforce_csrf_checks = True
    for name, address in _addresses(desk.ticket.pk).items():
        if name not in READING | FORMS | OF_LEADS:
            assert desk.client.get(address).status_code == 405, name
        if name not in READING | OF_LEADS or name in FORMS:
            assert strict.post(address).status_code == 403, name


def test_there_is_no_page_for_a_request_that_is_not(desk: Desk) -> None:
    assert desk.client.get(reverse("agents:ticket", args=[desk.ticket.pk + 1])).status_code == 404


def test_somebody_signed_out_while_writing_sees_their_words(desk: Desk) -> None:
    response = desk.post("send", client=Client(), text="A long and careful answer.", note="and a note")
    assert response.status_code == 403
    page = response.content.decode()
    assert "A long and careful answer." in page
    assert "and a note" in page
    assert not desk.outbound()


def test_no_page_has_inline_script_or_style(stocked_desk: Desk) -> None:
    stocked_desk.triage()
    pages = [stocked_desk.open(), stocked_desk.client.get(reverse("agents:queue"))]
    pages.append(stocked_desk.client.get(stocked_desk.url("preview")))
    for page in pages:
        body = page.content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", body)
        assert not re.search(r"<script(?![^>]*\ssrc=)", body)
        assert "default-src 'self'" in page["Content-Security-Policy"]


def test_the_ticket_page_says_all_that_is_known(stocked_desk: Desk) -> None:
    desk = stocked_desk
    run = desk.triage()
    source = run.draft.sentences.get(position=1).source_text
    assert source is not None
    article = source.article
    DeflectionShown.objects.create(ticket=desk.ticket, article=article, position=0, opened=True)
    page = desk.open().content.decode()
    for words in (
        "nightly backup stops at 40 percent",
        "The queue keeps finished jobs until somebody clears it.",
        "Nightly export stops after one hundred orders",
        "needs your words",
        "line 412",
        "3 times",
        "EXP-4711",
        "says that work has stopped (+3)",
        "Not enough data (n=0)",
        "Which version are you using?",
        "opened",
        "Use this draft",
    ):
        assert words in page, words
    assert re.search(rf'href="{article.url}#[^"]+"', page), "the source leads to its heading"


def test_markup_in_a_message_stays_text(desk: Desk) -> None:
    add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in desk.open().content.decode()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({"state": RunState.RUNNING, "finished_at": None}, "Triage is reading the message."),
        ({"state": RunState.FAILED, "failure": "step", "attempts": 1}, "Try again"),
        ({"state": RunState.FAILED, "failure": "step", "attempts": 3}, "not tried again by itself"),
        ({}, str(NoDraftReason.NOTHING_RELEVANT.label)),
    ],
)
def test_why_there_is_no_draft_is_said_in_words(real_desk: Desk, state: dict[str, Any], words: str) -> None:
    real_desk.triage(draft=False, **state)
    assert words in real_desk.open().content.decode()


def test_before_triage_the_page_says_that_nobody_need_wait(desk: Desk) -> None:
    assert "You need not wait" in desk.open().content.decode()


def test_a_newer_message_makes_the_draft_stale_in_words(stocked_desk: Desk) -> None:
    stocked_desk.triage()
    add_customer_message(actor=stocked_desk.ticket.requester, ticket=stocked_desk.ticket, text="Another thing.")
    page = stocked_desk.open().content.decode()
    assert "This draft is stale." in page
    assert "about an earlier one" in page


def test_a_high_touch_request_names_who_answers_and_offers_no_editor(real_desk: Desk) -> None:
    account = make_organisation(Organisation.Kind.HIGH_TOUCH, engineer=make_rep("Erik"), deputy=make_rep("Dana"))
    real_desk.ticket = make_ticket(make_user(organisation=account))
    real_desk.triage(draft=False, reason=NoDraftReason.HIGH_TOUCH)
    page = real_desk.open().content.decode()
    assert "Erik answers, or Dana as deputy." in page
    assert 'name="text"' not in page
    assert real_desk.post("send", text="Hello").status_code == 403
    assert real_desk.post("note", note="Erik, please look.").status_code == 302
    assert not real_desk.outbound()


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


def test_the_queue_orders_by_record_then_priority_then_waiting(real_desk: Desk) -> None:
    normal = real_desk.ticket
    ours = make_ticket(make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH, deputy=real_desk.rep)))
    other = make_ticket(make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH, engineer=make_rep())))
    low, urgent, raised, spam = (make_ticket(make_user(organisation=make_organisation())) for _ in range(4))
    set_priority(actor=real_desk.rep, ticket=low, priority="low")
    set_priority(actor=real_desk.rep, ticket=urgent, priority="urgent")
    with real_desk.site.as_role("worker"):
        for ticket, verdict in ((raised, Verdict.PLAIN), (spam, Verdict.SPAM)):
            message = ticket.messages.get()
            run = Run.objects.create(
                message=message, ticket=ticket, state=RunState.DONE, verdict=verdict, finished_at=timezone.now()
            )
            value = "high" if ticket == raised else "normal"
            FieldProposal.objects.create(run=run, field=FieldName.PRIORITY, value=value, reasons=["a reason"])
    assert _queue_numbers(real_desk.client) == [t.pk for t in (ours, urgent, raised, normal, other, low, spam)]
    page = real_desk.client.get(reverse("agents:queue")).content.decode()
    for words in ("yours by record", "lifted: high is proposed", "set back: possible spam", "set by a person"):
        assert words in page, words
    assert page.count("High-touch</span>") == 2


def test_the_queue_narrows_by_every_filter(desk: Desk) -> None:
    first = desk.ticket
    second = make_ticket(make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH)), subject="Café 100%")
    category = make_category()
    set_category(actor=desk.rep, ticket=first, category=category)
    set_priority(actor=desk.rep, ticket=first, priority="high")
    desk.post("assignee", mine="yes")
    for query, expected in {
        "whose=mine": [first.pk],
        "whose=nobody": [second.pk],
        f"category={category.slug}": [first.pk],
        "category=none": [second.pk],
        "priority=high": [first.pk],
        "high_touch=on": [second.pk],
        "q=caf%C3%A9": [second.pk],
        "q=100%25": [second.pk],
        f"q=%23{first.pk}": [first.pk],
        "q=%25": [second.pk],
        "show=solved": [],
        "show=nonsense&priority=nonsense&sort=nonsense&page=nonsense": [first.pk, second.pk],
        "sort=newest": [second.pk, first.pk],
    }.items():
        assert _queue_numbers(desk.client, f"?{query}") == expected, query


def test_an_empty_queue_says_so(desk: Desk) -> None:
    desk.post("solve")
    assert "Nobody is waiting" in desk.client.get(reverse("agents:queue")).content.decode()
    assert "No request is like this" in desk.client.get(reverse("agents:queue") + "?q=zzz").content.decode()


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_queue_takes_as_many_queries_for_many_rows_as_for_one(stocked_desk: Desk) -> None:
    stocked_desk.triage()
    address = reverse("agents:queue")
    few = _queries(stocked_desk.client, address)
    for number in range(12):
        kind = Organisation.Kind.HIGH_TOUCH if number % 3 == 0 else Organisation.Kind.STANDARD
        account = make_organisation(kind, engineer=make_rep(f"Erik {number}"))
        stocked_desk.ticket = make_ticket(make_user(organisation=account))
        barred = NoDraftReason.HIGH_TOUCH if kind == Organisation.Kind.HIGH_TOUCH else NoDraftReason.NOTHING_RELEVANT
        stocked_desk.triage(draft=number % 2 == 0 and kind != Organisation.Kind.HIGH_TOUCH, reason=barred)
    assert _queries(stocked_desk.client, address) == few
    assert few <= 20


def test_a_long_conversation_is_folded_and_unfolds_a_page_at_a_time(desk: Desk) -> None:
    numbers = [desk.last_message_id()]
    numbers += [add_note(actor=desk.rep, ticket=desk.ticket, text=f"note {number}").pk for number in range(100)]
    page = desk.open().content.decode()
    assert page.count('id="message-') == 2 * 8, "an article and its heading each"
    assert "93 messages between are folded" in page
    assert f'href="?from={numbers[54]}#message-{numbers[54]}"' in page
    page = desk.client.get(desk.url(), {"from": numbers[54]}).content.decode()
    assert page.count('id="message-') == 2 * 48
    assert "53 messages between are folded" in page
    assert "folded" not in desk.client.get(desk.url(), {"from": 1}).content.decode()
    assert desk.client.get(desk.url(), {"from": "x"}).status_code == 200


def test_what_is_new_is_never_folded_away(desk: Desk) -> None:
    version, seen = Ticket.objects.get().version, desk.last_message_id()
    for number in range(20):
        add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text=f"More, part {number}.")
    response = desk.client.post(desk.url("send"), {"text": "x", "version": version, "seen": seen, "was": ""})
    assert [entry.text for entry in response.context["timeline"].new] == [f"More, part {n}." for n in range(20)]


def test_other_requests_of_the_same_person_stand_beside_this_one(desk: Desk) -> None:
    assert "This is their first." in desk.open().content.decode()
    for number in range(7):
        make_ticket(desk.ticket.requester, subject=f"Another matter {number}")
    make_ticket(make_user(), subject="Somebody else's matter")
    page = desk.open().content.decode()
    assert page.count("Another matter") == 5
    assert "and 2 more" in page
    assert "Somebody else" not in page


def test_a_triage_pane_that_did_not_change_is_left_alone(real_desk: Desk) -> None:
    assert real_desk.client.get(real_desk.url("triage_pane"), {"known": "0"}).status_code == 204
    real_desk.triage(draft=False)
    assert real_desk.client.get(real_desk.url("triage_pane"), {"known": "0"}).status_code == 200


def test_the_ticket_page_takes_as_many_queries_for_a_long_conversation(stocked_desk: Desk) -> None:
    desk = stocked_desk
    desk.triage()
    few = _queries(desk.client, desk.url())
    for number in range(10):
        desk.post("note", note=f"note {number}")
    assert _queries(desk.client, desk.url()) <= few + 1
    assert few <= 50


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
