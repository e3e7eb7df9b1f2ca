"""The one switch over all drafting, and what reps are told about who worded a draft."""

import pytest
from django.test import Client
from django.urls import reverse

from agents.drafttext import draft_text
from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import AuditEvent
from tests.agents.conftest import Desk
from tests.conftest import Site
from tests.factories import make_rep, make_ticket, make_user, sign_in
from tests.triage.asking import SUBJECT, TEXT, triage_first
from triage.actions.switches import decide_drafting
from triage.choices import NoDraftReason, NotWorded, SentenceKind
from triage.models import DraftingDecision
from triage.switch import drafting_state


def _page(desk: Desk) -> str:
    return desk.client.get(reverse("agents:ticket", args=[desk.ticket.pk])).content.decode()


def _off(desk: Desk, reason: str = "Yesterday's articles are wrong.") -> DraftingDecision:
    return decide_drafting(actor=make_rep("Lena Lead", lead=True), on=False, reason=reason)


def test_a_lead_turns_all_drafting_off_and_on(db: None) -> None:
    lead = make_rep("Lena Lead", lead=True)
    client, address = sign_in(lead), reverse("agents:drafting")
    assert "Drafting is on" in client.get(address).content.decode()
    assert client.post(address, {"drafting": "off", "reason": "The articles  are wrong."}).status_code == 302
    state = drafting_state()
    assert not state.is_on
    assert "Lena Lead" in state.why
    assert "The articles are wrong." in state.why
    assert "Drafting is off" in client.get(address).content.decode()
    assert client.post(address, {"drafting": "on"}).status_code == 302
    assert drafting_state().is_on
    events = AuditEvent.objects.filter(verb="triage.drafting_decided").order_by("pk")
    assert [(event.actor, event.details) for event in events] == [(lead, {"on": False}), (lead, {"on": True})]


def test_off_needs_a_reason_and_keeps_what_was_typed(db: None) -> None:
    client = sign_in(make_rep(lead=True))
    refused = client.post(reverse("agents:drafting"), {"drafting": "off", "reason": "  "})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    assert client.post(reverse("agents:drafting"), {"drafting": "maybe"}).status_code == 422
    assert drafting_state().is_on


def test_nobody_but_a_lead_turns_it(db: None) -> None:
    address, rep = reverse("agents:drafting"), make_rep()
    client = sign_in(rep)
    page = client.get(address).content.decode()
    assert "Leads turn it off and on." in page
    assert client.post(address, {"drafting": "off", "reason": "no"}).status_code == 403
    assert sign_in(make_user()).get(address).status_code == 404
    assert Client().post(address, {"drafting": "off", "reason": "no"}).status_code == 403
    with pytest.raises(NotAllowedError):
        decide_drafting(actor=rep, on=False, reason="no")
    with pytest.raises(InvalidRequestError):
        decide_drafting(actor=make_rep(lead=True), on=False, reason="x" * 301)
    assert drafting_state().is_on
    assert not DraftingDecision.objects.exists()


def test_the_setting_is_above_every_lead(db: None, settings: object) -> None:
    settings.HANDRAIL_DRAFTING = False  # type: ignore[attr-defined]
    lead = make_rep(lead=True)
    decide_drafting(actor=lead, on=True)
    assert not drafting_state().is_on
    page = sign_in(lead).get(reverse("agents:drafting")).content.decode()
    assert "It cannot be turned on from here" in page
    assert "Turn drafting on" not in page


def test_while_it_is_off_requests_are_read_and_nothing_is_drafted(stocked_desk: Desk) -> None:
    _off(stocked_desk)
    run = triage_first(stocked_desk.site, make_ticket(subject=SUBJECT, text=TEXT))
    assert run is not None
    assert run.no_draft_reason == NoDraftReason.DRAFTING_OFF
    assert run.findings.exists()
    assert not hasattr(run, "draft")


def test_a_draft_that_was_begun_before_is_not_kept(stocked_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    _off(stocked_desk)
    monkeypatch.setattr("triage.gathering.drafting_state", lambda: type(drafting_state())(is_on=True))
    run = triage_first(stocked_desk.site, make_ticket(subject=SUBJECT, text=TEXT))
    assert run is not None
    assert run.no_draft_reason == NoDraftReason.DRAFTING_OFF
    assert not hasattr(run, "draft")


def test_a_worker_may_read_the_switch_and_not_turn_it(site: Site) -> None:
    lead = make_rep(lead=True)
    with site.as_role("worker"):
        assert drafting_state().is_on
        with pytest.raises(Exception, match="permission denied"):
            DraftingDecision.objects.create(is_on=True, decided_by=lead)


def test_the_console_says_that_it_is_off_and_why(stocked_desk: Desk) -> None:
    stocked_desk.draft()
    assert "This draft is from before." not in _page(stocked_desk)
    _off(stocked_desk)
    page = _page(stocked_desk)
    assert "This draft is from before." in page
    assert "Yesterday&#x27;s articles are wrong." in page


def test_a_request_without_a_draft_says_who_switched_it_off(stocked_desk: Desk) -> None:
    _off(stocked_desk)
    stocked_desk.triage(draft=False, reason=NoDraftReason.DRAFTING_OFF)
    page = _page(stocked_desk)
    assert "Drafting is switched off." in page
    assert "Lena Lead switched drafting off" in page


def test_reps_are_told_who_worded_a_draft_and_see_the_quotation_beside_it(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    with stocked_desk.site.as_role("worker"):
        draft.sentences.filter(position=2).update(text="Please press Clear finished jobs.", kind=SentenceKind.WORDED)
        type(draft).objects.filter(pk=draft.pk).update(model="a-model")
    page = _page(stocked_desk)
    assert "Worded by" in page
    assert "a-model" in page
    assert "Please press Clear finished jobs." in page
    assert "<mark>Press Clear finished jobs.</mark>" in page
    assert "1. Please press Clear finished jobs." in draft_text(draft)


def test_reps_are_told_why_a_draft_was_not_worded(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    assert "worded" not in _page(stocked_desk).lower()
    with stocked_desk.site.as_role("worker"):
        type(draft).objects.filter(pk=draft.pk).update(not_worded=NotWorded.SLOW)
    assert "Quoted, not worded: the model did not answer in time." in _page(stocked_desk)


def test_a_customer_reads_sent_by_a_person_and_nothing_of_a_model(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    with stocked_desk.site.as_role("worker"):
        type(draft).objects.filter(pk=draft.pk).update(model="a-model")
    ticket = stocked_desk.ticket
    ticket.refresh_from_db()
    words = {"text": draft_text(draft), "version": ticket.version, "draft": draft.pk, "was": ""}
    assert stocked_desk.client.post(reverse("agents:send", args=[ticket.pk]), words).status_code == 302
    message = ticket.messages.get(direction="outbound")
    assert message.payload is not None
    everything = f"{message.payload.text} {message.payload.html} {message.payload.sender_name}"
    assert "a-model" not in everything
    assert message.payload.sender_name == stocked_desk.rep.get_full_name()
