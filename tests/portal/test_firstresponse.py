"""The expected time of an answer: from the record or absent, by category where there is enough, not for high-touch."""

import uuid
from datetime import timedelta

import pytest
from django.db import Error
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.firstresponse import FEWEST, Expectation, Expectations, Known, measure_first_responses
from portal.models import Category, FirstResponse, Message, MessageStop, Organisation, Ticket, User
from portal.templatetags.portal_words import as_duration
from tests.conftest import Site
from tests.factories import make_category, make_organisation, make_rep, make_ticket, make_user
from tests.guard.conftest import RELEASE, session, session_of


class Desk:
    """A rep who answers by release(), and customers whose first message lies some time back."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.rep = make_rep()
        self.session_key = session_of(self.rep)
        self.customer = make_user(organisation=make_organisation())

    def ask(self, *, ago: timedelta, category: Category | None = None, requester: User | None = None) -> Ticket:
        requester = requester or self.customer
        ticket = Ticket.objects.create(
            requester=requester,
            subject="x",
            category=category,
            filing_key=uuid.uuid4(),
            organisation=requester.membership.organisation,
            identity_verified=True,
        )
        Message.objects.create(ticket=ticket, direction="inbound", author=requester, created_at=timezone.now() - ago)
        return ticket

    def answer(self, ticket: Ticket, *, in_seconds: float = 0) -> Message:
        payload = ticket.payloads.create(
            subject="Re",
            text="So.",
            recipients=[ticket.requester.email],
            sender_name="Rita",
            digest=uuid.uuid4().hex,
            created_by=self.rep,
        )
        ticket.refresh_from_db(fields=["version"])
        appears = timezone.now() + timedelta(seconds=in_seconds) if in_seconds else None
        with session(self.site, "web") as web:
            web.execute(RELEASE, [payload.pk, ticket.pk, self.session_key, ticket.version, appears, None])
            web.commit()
        return Message.objects.get(payload=payload)

    def measure(self) -> None:
        with self.site.as_role("worker"):
            measure_first_responses()


@pytest.fixture
def desk(site: Site) -> Desk:
    return Desk(site)


def _expected(ticket: Ticket, **changes: object) -> Expectation | None:
    return Expectations().of(ticket, **({"by_link": False} | changes))  # type: ignore[arg-type]


def test_with_enough_answers_the_time_of_four_in_five_is_said(desk: Desk) -> None:
    for number in range(FEWEST):
        desk.answer(desk.ask(ago=timedelta(minutes=10 * (number + 1))))
    desk.measure()
    expected = _expected(make_ticket())
    assert expected == Expectation(Known.MEASURED, FEWEST, 3 * 60)  # the 16th of 20 waited 160 minutes


def test_with_too_few_there_is_no_figure(desk: Desk) -> None:
    for _ in range(FEWEST - 1):
        desk.answer(desk.ask(ago=timedelta(minutes=10)))
    desk.measure()
    assert _expected(make_ticket()) == Expectation(Known.TOO_FEW, FEWEST - 1)


def test_before_anything_was_measured_and_long_after_there_is_no_figure(desk: Desk) -> None:
    ticket = make_ticket()
    assert _expected(ticket) == Expectation(Known.TOO_FEW, 0)
    with desk.site.as_role("worker"):
        FirstResponse.objects.create(n=99, minutes=5, measured_at=timezone.now() - timedelta(days=2))
    assert _expected(ticket) == Expectation(Known.TOO_FEW, 0)


def test_requests_that_still_wait_do_not_flatter_the_figure(desk: Desk) -> None:
    for _ in range(15):
        desk.answer(desk.ask(ago=timedelta(minutes=10)))
    for _ in range(15):
        desk.ask(ago=timedelta(days=3))
    desk.measure()
    assert _expected(make_ticket()) == Expectation(Known.MOSTLY_UNANSWERED, 30)


def test_closing_without_an_answer_does_not_flatter_it_either(desk: Desk) -> None:
    for _ in range(15):
        desk.answer(desk.ask(ago=timedelta(minutes=10)))
    for _ in range(15):
        ticket = desk.ask(ago=timedelta(days=3))
        Ticket.objects.filter(pk=ticket.pk).update(status="solved", updated_at=timezone.now())
    desk.measure()
    expected = _expected(make_ticket())
    assert expected is not None
    assert expected.known is Known.MOSTLY_UNANSWERED


def test_only_the_first_visible_unstopped_reply_counts(desk: Desk) -> None:
    tickets = [desk.ask(ago=timedelta(minutes=10)) for _ in range(FEWEST)]
    hidden = [desk.answer(ticket, in_seconds=600) for ticket in tickets]
    desk.measure()
    assert FirstResponse.objects.get(category=None).minutes is None
    for message in hidden:
        MessageStop.objects.create(message=message, reason="withdrawn", stopped_by=desk.rep)
    desk.measure()
    assert FirstResponse.objects.get(category=None).minutes is None
    for ticket in tickets:
        desk.answer(ticket)
    desk.measure()
    assert FirstResponse.objects.get(category=None).minutes in {10, 11}


def test_a_category_speaks_for_itself_once_it_has_enough(desk: Desk) -> None:
    slow, rare = make_category("Slow"), make_category("Rare")
    for _ in range(FEWEST):
        desk.answer(desk.ask(ago=timedelta(hours=5), category=slow))
        desk.answer(desk.ask(ago=timedelta(minutes=5)))
    desk.answer(desk.ask(ago=timedelta(days=2), category=rare))
    desk.measure()
    of_slow, of_rare = make_ticket(), make_ticket()
    of_slow.category, of_rare.category = slow, rare
    said = _expected(of_slow)
    assert said is not None
    assert said.by_category
    assert said.n == FEWEST
    assert said.minutes == 6 * 60
    general = _expected(of_rare)
    assert general is not None
    assert not general.by_category
    assert general.n == 2 * FEWEST + 1


def test_requests_older_than_the_window_and_high_touch_ones_are_not_measured(desk: Desk) -> None:
    clinic = make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH, engineer=desk.rep))
    desk.ask(ago=timedelta(days=31))
    desk.ask(ago=timedelta(days=1), requester=clinic)
    desk.measure()
    assert FirstResponse.objects.get(category=None).n == 0


def test_a_high_touch_request_is_shown_its_engineer_and_a_link_holder_learns_nothing_of_it(desk: Desk) -> None:
    clinic = make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH, engineer=desk.rep))
    ticket = make_ticket(clinic)
    assert _expected(ticket) is None
    assert _expected(ticket, by_link=True) == Expectation(Known.TOO_FEW, 0)
    client = Client()
    client.force_login(clinic)
    assert "Rita" in client.get(reverse("portal:receipt", args=[ticket.reference])).content.decode()


def test_waiting_longer_than_the_figure_is_said(desk: Desk) -> None:
    with desk.site.as_role("worker"):
        FirstResponse.objects.create(n=99, minutes=60, measured_at=timezone.now())
    ticket = make_ticket()
    late, early = (_expected(ticket, waited=timedelta(hours=hours)) for hours in (2, 1))
    assert late is not None
    assert late.overdue
    assert early is not None
    assert not early.overdue


@pytest.mark.parametrize("role", ["web", "mailer"])
def test_only_the_worker_writes_figures(desk: Desk, role: str) -> None:
    with desk.site.as_role(role), pytest.raises(Error, match="permission denied"):
        FirstResponse.objects.create(n=99, minutes=1, measured_at=timezone.now())


def test_measuring_twice_leaves_one_row_each(desk: Desk) -> None:
    desk.ask(ago=timedelta(minutes=1), category=make_category())
    desk.measure()
    desk.measure()
    assert FirstResponse.objects.count() == 2


def test_the_pages_say_the_figure_until_an_answer_has_come(desk: Desk) -> None:
    with desk.site.as_role("worker"):
        FirstResponse.objects.create(n=62, minutes=175, measured_at=timezone.now())
    ticket = desk.ask(ago=timedelta(minutes=1))
    client = Client()
    client.force_login(desk.customer)
    pages = {name: reverse(f"portal:{name}", args=[ticket.reference]) for name in ("receipt", "ticket")}
    pages |= {"tickets": reverse("portal:tickets"), "home": reverse("portal:home")}
    for name, url in pages.items():
        page = client.get(url).content.decode()
        assert "within 3 hours" in page, name
        assert "62 requests" in page, name
        assert "last 30 days" in page, name
    desk.answer(ticket)
    for name in ("ticket", "tickets", "home"):
        assert "within 3 hours" not in client.get(pages[name]).content.decode(), name


def test_the_pages_say_plainly_that_there_is_no_figure_and_who_reads_it(desk: Desk) -> None:
    client = Client()
    client.force_login(desk.customer)
    ticket = desk.ask(ago=timedelta(minutes=1))
    page = client.get(reverse("portal:receipt", args=[ticket.reference])).content.decode()
    assert "There is no figure yet" in page
    assert "A person of our support team reads every one" in page
    assert "within" not in page


@pytest.mark.parametrize(
    ("minutes", "words"), [(5, "5 minutes"), (60, "1 hour"), (180, "3 hours"), (2880, "48 hours"), (4320, "3 days")]
)
def test_durations_are_said_in_words(minutes: int, words: str) -> None:
    assert as_duration(minutes) == words
