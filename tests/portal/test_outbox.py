"""Mail that was set aside: who sees it, how little of it, and that only the mailer ever moves a row, once."""

import pytest
from django.db import Error
from django.test import Client
from django.urls import reverse

from portal.actions.outbox import decide_on_mail
from portal.errors import AlreadyDecidedError, NotAllowedError
from portal.mail.deliver import carry_out_decisions
from portal.models import AuditEvent, OutboxDecision, OutboxEntry, User
from tests.conftest import Site
from tests.factories import make_rep, make_ticket, make_user

State = OutboxEntry.State
RETRY, GIVE_UP = OutboxDecision.Verb.RETRY, OutboxDecision.Verb.GIVE_UP


@pytest.fixture
def lead(site: Site) -> User:
    return make_rep("Lena", lead=True)


@pytest.fixture
def stuck(site: Site) -> OutboxEntry:
    """A receipt whose mailer died."""
    make_ticket(make_user(email="cora.blum@example.org"), subject="A secret subject", text="Secret words.")
    _bring(site, State.IN_FLIGHT, State.STUCK, attempts=1, failure="mailer_died")
    return OutboxEntry.objects.get()


def _bring(site: Site, *states: str, attempts: int, failure: str = "") -> None:
    """Move the one row, step by step: PostgreSQL knows no others."""
    with site.as_role("mailer"):
        for state in states:
            OutboxEntry.objects.update(state=state, attempts=attempts, failure=failure)


def _carry_out(site: Site) -> int:
    with site.as_role("mailer"):
        return carry_out_decisions()


def test_a_lead_sees_what_deciding_needs_and_no_more(lead: User, stuck: OutboxEntry) -> None:
    client = Client()
    client.force_login(lead)
    page = client.get(reverse("portal:mail_aside")).content.decode()
    for words in ("Your request has arrived", f"#{stuck.ticket_id}", "co…@example.org", "Nobody knows whether it left"):
        assert words in page
    for words in ("Secret", "secret subject", "cora.blum"):
        assert words not in page
    assert reverse("portal:mail_aside") in client.get("/").content.decode()


@pytest.mark.parametrize("who", ["stranger", "customer", "rep"])
def test_nobody_else_sees_or_decides(site: Site, stuck: OutboxEntry, who: str) -> None:
    client = Client()
    if who != "stranger":
        client.force_login(make_rep() if who == "rep" else make_user())
    for response in (
        client.get(reverse("portal:mail_aside")),
        client.post(reverse("portal:decide_on_mail", args=[stuck.pk]), {"decision": "retry"}),
    ):
        assert response.status_code == (302 if who == "stranger" else 404)
    assert reverse("portal:mail_aside") not in client.get("/").content.decode()
    assert not OutboxDecision.objects.exists()


def test_the_action_itself_refuses_who_may_not(site: Site, stuck: OutboxEntry) -> None:
    with pytest.raises(NotAllowedError):
        decide_on_mail(actor=make_rep(), entry=stuck, verb=RETRY)


@pytest.mark.parametrize(("press", "state"), [("retry", State.QUEUED), ("give_up", State.GIVEN_UP)])
def test_a_decision_is_audited_and_carried_out_once(
    site: Site, lead: User, stuck: OutboxEntry, press: str, state: str
) -> None:
    client = Client()
    client.force_login(lead)
    url = reverse("portal:decide_on_mail", args=[stuck.pk])
    client.post(url, {"decision": press})
    assert "decided on already" in client.post(url, {"decision": "give_up"}, follow=True).content.decode()
    assert AuditEvent.objects.get(verb=f"mail.{press}").actor == lead
    stuck.refresh_from_db()
    assert stuck.state == State.STUCK  # the page itself moves nothing
    assert _carry_out(site) == 1
    assert _carry_out(site) == 0
    stuck.refresh_from_db()
    assert stuck.state == state


def test_a_decision_counts_for_the_attempt_it_was_made_on(site: Site, lead: User, stuck: OutboxEntry) -> None:
    decide_on_mail(actor=lead, entry=stuck, verb=RETRY)
    _carry_out(site)
    _bring(site, State.IN_FLIGHT, State.STUCK, attempts=2)
    assert _carry_out(site) == 0
    assert OutboxEntry.objects.aside().count() == 1
    decide_on_mail(actor=lead, entry=stuck, verb=GIVE_UP)
    assert _carry_out(site) == 1


@pytest.mark.parametrize(
    "way",
    [(), (State.IN_FLIGHT,), (State.IN_FLIGHT, State.SENT), (State.IN_FLIGHT, State.HELD)],
    ids=["queued", "in_flight", "sent", "held"],
)
def test_what_is_not_set_aside_needs_no_decision(site: Site, lead: User, way: tuple[str, ...]) -> None:
    make_ticket()
    _bring(site, *way, attempts=1)
    entry = OutboxEntry.objects.get()
    state = entry.state
    with pytest.raises(AlreadyDecidedError):
        decide_on_mail(actor=lead, entry=entry, verb=RETRY)
    OutboxDecision.objects.create(entry=entry, attempt=entry.attempts, verb=RETRY, decided_by=lead)  # by hand
    assert _carry_out(site) == 0
    entry.refresh_from_db()
    assert entry.state == state


def test_web_cannot_move_an_outbox_row_and_no_role_changes_a_decision(
    site: Site, lead: User, stuck: OutboxEntry
) -> None:
    decision = decide_on_mail(actor=lead, entry=stuck, verb=GIVE_UP)
    with pytest.raises(Error, match="permission denied"):
        OutboxEntry.objects.filter(pk=stuck.pk).update(state=State.QUEUED)
    for role in ("web", "worker", "mailer"):
        with site.as_role(role), pytest.raises(Error, match="permission denied"):
            OutboxDecision.objects.filter(pk=decision.pk).update(verb=RETRY)
