"""The page of priority's weights: a lead changes them, every rep reads them, nothing of the walled is in any number."""

import pytest
from django.test import Client
from django.urls import reverse

from portal.actions.tickets import set_priority
from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import AuditEvent, Message, Organisation, Ticket, User
from tests.agents.conftest import Desk
from tests.conftest import Site
from tests.factories import make_organisation, make_rep, make_ticket, make_user, sign_in
from tests.triage.asking import triage_first
from triage.actions.signals import decide_weights, reset_weights
from triage.choices import RunState
from triage.judged import decided_by_people, effect_of, heard
from triage.models import FieldProposal, Run, SignalDecision
from triage.urgency import SIGNALS
from triage.weighing import Weighed, current_settings, current_weights, newest_decision
from triage.weights import SHIPPED, Weights

ADDRESS = "agents:weights"


def _form(do: str, *, seen: int | None = None, **weights: int) -> dict[str, object]:
    """What the page posts, with some weights changed; one of 0 is switched off besides."""
    fields: dict[str, object] = {"do": do, "seen": newest_decision() if seen is None else seen}
    for one in current_settings():
        code = one.signal.code
        fields[f"weight_{code}"] = weights.get(code, one.weight)
        if one.is_on and weights.get(code) != 0:
            fields[f"on_{code}"] = "on"
    return fields


def _read(site: Site, ticket: Ticket, *claims: str) -> Run:
    """A request that triage has read, with what it found there."""
    message = Message.objects.filter(ticket=ticket).earliest("pk")
    outputs = {"prioritise": {"claims": dict.fromkeys(claims, "words")}}
    finished = message.created_at
    with site.as_role("worker"):
        return Run.objects.create(
            message=message, ticket=ticket, state=RunState.DONE, finished_at=finished, is_first=True, outputs=outputs
        )


def _asked(subject: str = "A request") -> Ticket:
    return make_ticket(make_user(organisation=make_organisation()), subject=subject)


def _wall(ticket: Ticket) -> None:
    Organisation.objects.filter(tickets=ticket).update(kind=Organisation.Kind.HIGH_TOUCH)


@pytest.fixture
def lead(db: None) -> User:
    return make_rep("Lena Lead", lead=True)


def test_a_lead_changes_a_weight_and_the_history_says_who_and_from_what(lead: User) -> None:
    client = sign_in(lead)
    assert client.post(reverse(ADDRESS), _form("save", outage=2, wish=0)).status_code == 302
    assert current_weights().by_code == {**{k: v for k, v in SHIPPED.by_code.items() if k != "wish"}, "outage": 2}
    page = client.get(reverse(ADDRESS)).content.decode()
    assert "from +4 to +2" in page
    assert "switched off" in page
    assert "Lena Lead" in page
    events = AuditEvent.objects.filter(verb="triage.signal_decided").order_by("pk")
    assert [(event.actor, event.details["signal"]) for event in events] == [(lead, "outage"), (lead, "wish")]
    assert events[0].details == {"signal": "outage", "before": 4, "after": 2, "was_on": True, "on": True}


def test_back_to_what_was_shipped_is_a_decision_too(lead: User) -> None:
    client = sign_in(lead)
    client.post(reverse(ADDRESS), _form("save", outage=2))
    assert client.post(reverse(ADDRESS), _form("reset")).status_code == 302
    assert current_weights() == SHIPPED
    assert SignalDecision.objects.count() == 2
    assert reset_weights(actor=lead, seen=newest_decision()) == []


def test_nobody_but_a_lead_changes_one(lead: User) -> None:
    rep = make_rep()
    client = sign_in(rep)
    page = client.get(reverse(ADDRESS)).content.decode()
    assert "Leads change the weights." in page
    assert "Save the weights" not in page
    assert client.post(reverse(ADDRESS), _form("save", outage=2)).status_code == 403
    assert client.post(reverse(ADDRESS), _form("preview", outage=2)).status_code == 403
    assert sign_in(make_user()).post(reverse(ADDRESS), _form("save", outage=2)).status_code == 404
    assert Client().post(reverse(ADDRESS), _form("save", outage=2)).status_code == 403
    with pytest.raises(NotAllowedError):
        decide_weights(actor=rep, wanted={"outage": Weighed(2)}, seen=0)
    assert not SignalDecision.objects.exists()
    assert current_weights() == SHIPPED


@pytest.mark.parametrize("weight", ["10", "-10", "", "much", "1.5"])
def test_what_is_no_weight_changes_nothing_and_keeps_what_was_typed(lead: User, weight: str) -> None:
    refused = sign_in(lead).post(reverse(ADDRESS), {**_form("save"), "weight_outage": weight, "weight_wish": "-5"})
    assert refused.status_code == 422
    assert 'value="-5"' in refused.content.decode()
    assert not SignalDecision.objects.exists()
    with pytest.raises(InvalidRequestError):
        decide_weights(actor=lead, wanted={"outage": Weighed(10)}, seen=0)


def test_a_lead_who_saw_an_older_state_overwrites_nobody(lead: User) -> None:
    decide_weights(actor=make_rep("Other", lead=True), wanted={"outage": Weighed(1)}, seen=0)
    refused = sign_in(lead).post(reverse(ADDRESS), _form("save", seen=0, outage=9))
    assert refused.status_code == 409
    assert "changed meanwhile" in refused.content.decode()
    assert current_weights().of("outage") == 1


def test_the_effect_is_shown_before_anything_is_saved(site: Site) -> None:
    lead = make_rep(lead=True)
    down, plain = _asked(subject="Shop is down"), _asked(subject="Grey button")
    walled = _asked(subject="Walled request")
    for ticket, claim in ((down, "outage"), (plain, "how_to"), (walled, "outage")):
        _read(site, ticket, claim)
    _wall(walled)
    page = sign_in(lead).post(reverse(ADDRESS), _form("preview", outage=1)).content.decode()
    assert "Of the last 2 requests, 1 would be proposed otherwise." in page
    assert f"#{down.pk} Shop is down" in page
    assert "Grey button" not in page
    assert "Walled request" not in page
    assert not SignalDecision.objects.exists()


def test_what_a_reader_may_not_see_is_in_no_effect_and_no_number(site: Site) -> None:
    lead = make_rep(lead=True)
    ticket, stranger = _asked(), make_user()
    _read(site, ticket, "outage")
    set_priority(actor=lead, ticket=ticket, priority="high")
    none = Weights({})
    assert effect_of(SHIPPED, none, lead).n == 1
    assert effect_of(SHIPPED, none, stranger).n == 0
    assert [one.ticket_id for one in decided_by_people(lead)] == [ticket.pk]
    assert decided_by_people(stranger) == []


def test_only_what_people_set_is_compared_and_never_a_walled_request(site: Site) -> None:
    lead = make_rep(lead=True)
    agreed, apart, left_alone, walled = _asked(), _asked(), _asked(), _asked()
    for ticket in (agreed, apart, left_alone, walled):
        _read(site, ticket, "outage", "how_to")
    for ticket, priority in ((agreed, "high"), (apart, "low"), (walled, "high")):
        set_priority(actor=lead, ticket=ticket, priority=priority)
    _wall(walled)
    decided = decided_by_people(lead)
    assert {one.ticket_id: one.priority for one in decided} == {agreed.pk: "high", apart.pk: "low"}
    found = heard(decided)
    assert (found["outage"].there, found["outage"].agreed) == (2, 1)
    assert (found["how_to"].there, found["how_to"].agreed) == (2, 1)
    assert found["security"].there == 0
    page = sign_in(lead).get(reverse(ADDRESS)).content.decode()
    assert "1 of 2" in page
    assert "Not enough data (n=2)" in page


def test_an_account_that_became_high_touch_is_in_no_number_any_more(site: Site) -> None:
    lead = make_rep(lead=True)
    ticket = _asked()
    _read(site, ticket, "outage")
    set_priority(actor=lead, ticket=ticket, priority="high")
    assert len(decided_by_people(lead)) == 1
    _wall(ticket)
    assert decided_by_people(lead) == []
    assert effect_of(SHIPPED, Weights({}), lead).n == 0


def test_the_weights_of_a_lead_are_those_of_the_next_request(real_desk: Desk) -> None:
    lead = make_rep(lead=True)
    decide_weights(actor=lead, wanted={"outage": Weighed(1), "deadline": Weighed(2, is_on=False)}, seen=0)
    ticket = make_ticket(subject="Help", text="The shop is down and the launch is by Friday.")
    run = triage_first(real_desk.site, ticket)
    assert run is not None
    proposal = FieldProposal.objects.get(run=run, field="priority")
    assert proposal.value == "normal"
    assert any("“shop is down” (+1)" in reason for reason in proposal.reasons)
    assert set(run.outputs["prioritise"]["claims"]) >= {"outage", "deadline"}
    ticket.refresh_from_db()
    assert ticket.priority == "normal"


def test_a_worker_reads_the_weights_and_cannot_change_them(site: Site) -> None:
    lead = make_rep(lead=True)
    with site.as_role("worker"):
        assert current_weights() == SHIPPED
        with pytest.raises(Exception, match="permission denied"):
            SignalDecision.objects.create(
                code="outage", weight_before=4, weight=9, was_on=True, is_on=True, decided_by=lead
            )


def test_what_was_decided_cannot_be_written_over(site: Site) -> None:
    lead = make_rep(lead=True)
    decide_weights(actor=lead, wanted={"outage": Weighed(1)}, seen=0)
    with pytest.raises(Exception, match="permission denied"):
        SignalDecision.objects.update(weight=9)


def test_a_decision_about_a_signal_that_is_gone_changes_nothing(lead: User) -> None:
    SignalDecision.objects.create(code="gone", weight_before=1, weight=9, was_on=True, is_on=True, decided_by=lead)
    assert current_weights() == SHIPPED
    assert len(current_settings()) == len(SIGNALS)
    assert sign_in(lead).get(reverse(ADDRESS)).status_code == 200
