"""Writes to a request: audited, allowed to the right people only, and never at the cost of what somebody typed."""

import threading
import uuid

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from portal.actions.tickets import (
    Filing,
    ShownArticle,
    add_customer_message,
    add_note,
    file_ticket,
    reopen_ticket,
    set_assignee,
    set_category,
    set_priority,
    solve_ticket,
)
from portal.asked import recorded_questions
from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import AuditEvent, Category, Message, Organisation, OutboxEntry, Ticket
from portal.permissions import audiences_of_requester, follow_token, ticket_from_token
from portal.ratelimit import hit
from portal.signals import message_received
from tests.conftest import Site
from tests.factories import make_category, make_organisation, make_rep, make_ticket, make_user
from tests.kb.library import publish

db = pytest.mark.django_db


def filing(**changes: object) -> Filing:
    values: dict[str, object] = {"subject": "Stops", "text": "It stops.", "filing_key": uuid.uuid4()}
    return Filing(**(values | changes))  # type: ignore[arg-type]


def test_an_article_deleted_meanwhile_costs_nobody_their_request(site: Site) -> None:
    """The token in the form names what was shown minutes ago; the request counts, not the ledger."""
    shown = [ShownArticle(article_id=987654, position=1, opened=True)]
    ticket = file_ticket(actor=make_user(), filing=filing(shown=shown), verified=True)
    (row,) = ticket.shown_articles.select_related("article")
    assert (row.article, row.opened) == (None, True)


@db
@pytest.mark.parametrize(("kind", "kept"), [("standard", True), ("high_touch", False), ("unknown", False)])
def test_an_index_must_go_on_finding_what_was_opened_for_a_question(kind: str, kept: bool) -> None:
    """Of accounts behind the wall nothing is asked again."""
    opened, passed_over = publish("Stops", "It stops."), publish("Goes", "It goes.")
    shown = [ShownArticle(opened.pk, 1, opened=True), ShownArticle(passed_over.pk, 2, opened=False)]
    file_ticket(actor=make_user(organisation=make_organisation(kind)), filing=filing(shown=shown), verified=True)
    assert recorded_questions(most=5) == ([("Stops", opened.pk)] if kept else [])


def test_the_same_press_twice_at_once_files_once(site: Site) -> None:
    customer, once = make_user(), filing()
    filed: list[int] = []

    def press() -> None:
        filed.append(file_ticket(actor=customer, filing=once, verified=True).pk)
        connection.close()

    presses = [threading.Thread(target=press) for _ in range(4)]
    for thread in presses:
        thread.start()
    for thread in presses:
        thread.join(30)
    assert len(filed) == 4
    assert set(filed) == {Ticket.objects.get().pk}
    assert Message.objects.count() == 1
    assert OutboxEntry.objects.count() == 1


@db
def test_filing_is_audited_and_told_to_the_right_only_after_the_commit(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    told: list[int] = []

    def listen(message_id: int, **_: object) -> None:
        told.append(message_id)

    message_received.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            ticket = make_ticket()
            assert told == []
    finally:
        message_received.disconnect(listen)
    assert told == [ticket.messages.get().pk]
    assert AuditEvent.objects.filter(verb="ticket.filed", ticket_id=ticket.pk).count() == 1


@db
def test_a_listener_that_fails_does_not_undo_the_filing(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("no triage today")

    message_received.connect(fail)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            ticket = make_ticket()
    finally:
        message_received.disconnect(fail)
    assert Ticket.objects.filter(pk=ticket.pk).exists()


@db
@pytest.mark.parametrize("text", ["", "   \n", "x" * 100_001], ids=["empty", "blank", "endless"])
def test_what_cannot_be_filed_is_said_and_stores_nothing(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        file_ticket(actor=make_user(), filing=filing(text=text), verified=True)
    assert not Ticket.objects.exists()


@db
def test_a_high_touch_account_gets_its_engineer_by_record() -> None:
    engineer, deputy = make_rep("Eng"), make_rep("Dep")
    organisation = make_organisation("high_touch", engineer=engineer, deputy=deputy)
    customer = make_user(organisation=organisation)
    assert make_ticket(customer).assignee == engineer
    engineer.is_active = False
    engineer.save(update_fields=["is_active"])
    assert make_ticket(make_user(organisation=Organisation.objects.get())).assignee == deputy


@db
@pytest.mark.parametrize(
    ("kind", "verified", "may"),
    [
        ("standard", True, True),
        ("standard", False, False),
        ("unknown", True, False),
        ("high_touch", True, False),
        ("high_touch", False, False),
        (None, True, False),
    ],
)
def test_only_known_standard_accounts_enter_automation(
    kind: str | None, verified: bool, may: bool, settings: Settings
) -> None:
    organisation = make_organisation(kind) if kind else None
    ticket = make_ticket(make_user(organisation=organisation), verified=verified)
    assert ticket.may_automate is may
    assert Ticket.objects.automatable(unknown_accounts=False).filter(pk=ticket.pk).exists() is may
    settings.HANDRAIL_AUTOMATE_UNKNOWN = True
    assert ticket.may_automate is (kind != "high_touch")
    assert Ticket.objects.automatable(unknown_accounts=True).filter(pk=ticket.pk).exists() is ticket.may_automate


@db
def test_a_claimed_identity_reads_nothing_of_the_organisation() -> None:
    customer = make_user(organisation=make_organisation())
    assert len(audiences_of_requester(make_ticket(customer))) == 2
    assert audiences_of_requester(make_ticket(customer, verified=False)) == frozenset({"public"})


@db
def test_a_customers_message_reopens_and_advances_the_version() -> None:
    ticket = make_ticket()
    solve_ticket(actor=ticket.requester, ticket=ticket)
    add_customer_message(actor=ticket.requester, ticket=ticket, text="It is back.")
    assert (ticket.status, ticket.version) == (Ticket.Status.OPEN, 2)


@db
def test_nobody_else_writes_as_the_customer() -> None:
    with pytest.raises(NotAllowedError):
        add_customer_message(actor=make_user(), ticket=make_ticket(), text="Me too")


@db
def test_reps_change_fields_and_customers_do_not() -> None:
    rep, ticket, category = make_rep(), make_ticket(), make_category()
    set_category(actor=rep, ticket=ticket, category=category)
    set_priority(actor=rep, ticket=ticket, priority="urgent")
    set_assignee(actor=rep, ticket=ticket, assignee=rep)
    ticket.refresh_from_db()
    assert (ticket.category, ticket.priority, ticket.assignee) == (category, "urgent", rep)
    verbs = {"ticket.category_changed", "ticket.priority_changed", "ticket.assignee_changed"}
    assert set(AuditEvent.objects.filter(actor=rep).values_list("verb", flat=True)) == verbs
    for refused in (
        lambda: set_category(actor=ticket.requester, ticket=ticket, category=None),
        lambda: set_priority(actor=ticket.requester, ticket=ticket, priority="low"),
        lambda: set_assignee(actor=ticket.requester, ticket=ticket, assignee=None),
        lambda: add_note(actor=ticket.requester, ticket=ticket, text="hm"),
        lambda: reopen_ticket(actor=make_user(), ticket=ticket),
    ):
        with pytest.raises(NotAllowedError):
            refused()


@db
def test_values_are_checked_against_what_is_in_use() -> None:
    rep, ticket, category = make_rep(), make_ticket(), make_category()
    Category.objects.filter(pk=category.pk).update(is_active=False)
    category.refresh_from_db()
    with pytest.raises(InvalidRequestError):
        set_category(actor=rep, ticket=ticket, category=category)
    with pytest.raises(InvalidRequestError):
        set_priority(actor=rep, ticket=ticket, priority="apocalyptic")
    with pytest.raises(InvalidRequestError):
        set_assignee(actor=rep, ticket=ticket, assignee=make_user())


@db
def test_setting_what_is_set_already_leaves_no_trace() -> None:
    rep, ticket = make_rep(), make_ticket()
    set_priority(actor=rep, ticket=ticket, priority="normal")
    assert not AuditEvent.objects.filter(verb="ticket.priority_changed").exists()


@db
def test_a_follow_link_opens_its_own_request_only() -> None:
    ticket = make_ticket(verified=False)
    token = follow_token(ticket)
    assert ticket_from_token(token) == ticket
    assert ticket_from_token(token[:-2]) is None
    assert ticket_from_token("") is None


@db
def test_a_rate_limit_counts_in_the_database() -> None:
    assert [hit("a@example.org", limit=2, seconds=3600) for _ in range(3)] == [True, True, False]
    assert hit("b@example.org", limit=2, seconds=3600)
