"""What a run leaves alone: walled accounts, articles that the customer may not read, a site that wants no drafts."""

import pytest

from portal.actions.tickets import add_customer_message, set_category
from portal.models import Organisation, Ticket
from tests.conftest import Site
from tests.factories import make_category, make_organisation, make_rep, make_ticket, make_user
from tests.triage.asking import SUBJECT, TEXT, draft_texts, triage_first
from triage import pipeline, running
from triage.choices import NoDraftReason, RunState
from triage.lessons import read_examples


def test_an_article_that_the_customer_may_not_read_is_never_quoted(stocked: Site) -> None:
    run = triage_first(stocked, make_ticket(subject=SUBJECT, text=TEXT))
    assert run is not None
    assert not any("back office" in text for text in draft_texts(run))
    assert all("Raise" not in article["title"] for article in run.outputs["retrieve"]["articles"])


@pytest.mark.parametrize(
    ("kind", "verified", "reason"),
    [
        (Organisation.Kind.HIGH_TOUCH, True, NoDraftReason.HIGH_TOUCH),
        (Organisation.Kind.HIGH_TOUCH, False, NoDraftReason.HIGH_TOUCH),
        (Organisation.Kind.UNKNOWN, True, NoDraftReason.UNKNOWN_ACCOUNT),
        (Organisation.Kind.STANDARD, False, NoDraftReason.UNKNOWN_ACCOUNT),
        (Organisation.Kind.STANDARD, True, ""),
    ],
)
def test_the_wall_stops_everything_but_the_reason(stocked: Site, kind: str, verified: bool, reason: str) -> None:
    make_category("Exports", "Exporting orders, nightly export jobs, queues")
    ticket = make_ticket(make_user(organisation=make_organisation(kind)), subject=SUBJECT, text=TEXT, verified=verified)
    run = triage_first(stocked, ticket)
    assert run is not None
    assert (run.state, run.no_draft_reason) == (RunState.DONE, reason)
    left = [
        run.proposals.exists(),
        run.findings.exists(),
        run.next_steps.exists(),
        hasattr(run, "draft"),
        bool(run.outputs),
    ]
    assert any(left) is (reason == "")
    assert (run.embedding is not None) is (reason == "")


def test_a_site_may_let_unknown_accounts_in_but_never_high_touch_ones(stocked: Site, settings: object) -> None:
    settings.HANDRAIL_AUTOMATE_UNKNOWN = True  # type: ignore[attr-defined]
    stranger = make_ticket(make_user(), subject=SUBJECT, text=TEXT, verified=False)
    run = triage_first(stocked, stranger)
    assert run is not None
    assert run.no_draft_reason == ""
    engineer_served = make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH))
    barred = triage_first(stocked, make_ticket(engineer_served, subject=SUBJECT, text=TEXT))
    assert barred is not None
    assert barred.no_draft_reason == NoDraftReason.HIGH_TOUCH


def test_an_account_that_becomes_high_touch_while_the_pipeline_runs_gets_nothing(
    stocked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    think = pipeline.run_pipeline

    def turn_high_touch(request: object, **_: object) -> object:
        outcome = think(request)  # type: ignore[arg-type]
        with stocked.as_role("web"):
            Organisation.objects.filter(tickets=ticket).update(kind=Organisation.Kind.HIGH_TOUCH)
        return outcome

    monkeypatch.setattr(running, "run_pipeline", turn_high_touch)
    run = triage_first(stocked, ticket)
    assert run is not None
    assert run.no_draft_reason == NoDraftReason.HIGH_TOUCH
    assert not run.proposals.exists()
    assert run.embedding is None


def test_a_message_that_comes_while_the_pipeline_runs_discards_the_draft(
    stocked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    think = pipeline.run_pipeline

    def hear_more(request: object, **_: object) -> object:
        outcome = think(request)  # type: ignore[arg-type]
        assert outcome.grounded.sentences
        with stocked.as_role("web"):
            add_customer_message(actor=ticket.requester, ticket=ticket, text="It is solved, thank you.")
        return outcome

    monkeypatch.setattr(running, "run_pipeline", hear_more)
    run = triage_first(stocked, ticket)
    assert run is not None
    assert (run.no_draft_reason, hasattr(run, "draft")) == (NoDraftReason.SUPERSEDED, False)
    assert run.proposals.exists()


def test_high_touch_and_unfiled_requests_never_teach(stocked: Site) -> None:
    category, rep = make_category("Exports", "Nightly exports"), make_rep()
    taught = make_ticket(subject=SUBJECT, text=TEXT)
    turned = make_ticket(subject=SUBJECT, text=TEXT)
    unfiled = make_ticket(subject=SUBJECT, text=TEXT)
    for ticket in (taught, turned, unfiled):
        assert triage_first(stocked, ticket) is not None
    for ticket in (taught, turned):
        set_category(actor=rep, ticket=ticket, category=category)
    Organisation.objects.filter(tickets=turned).update(kind=Organisation.Kind.HIGH_TOUCH)
    assert list(read_examples((category.slug,), limit=10).tickets) == [taught.pk]


def test_a_request_of_a_high_touch_account_is_no_duplicate_for_others(stocked: Site) -> None:
    person = make_user(organisation=make_organisation())
    earlier = make_ticket(person, subject=SUBJECT, text=TEXT)
    again = triage_first(stocked, make_ticket(person, subject=SUBJECT, text=TEXT))
    assert again is not None
    assert (again.verdict, again.duplicate_of_id) == ("duplicate", earlier.pk)
    Ticket.objects.filter(pk=earlier.pk).update(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH))
    third = triage_first(stocked, make_ticket(person, subject="Nightly export ends", text=TEXT))
    assert third is not None
    assert third.duplicate_of_id != earlier.pk


def test_drafting_can_be_switched_off_for_the_whole_site(stocked: Site, settings: object) -> None:
    settings.HANDRAIL_DRAFTING = False  # type: ignore[attr-defined]
    run = triage_first(stocked, make_ticket(subject=SUBJECT, text=TEXT))
    assert run is not None
    assert run.no_draft_reason == NoDraftReason.DRAFTING_OFF
    assert run.proposals.exists()
