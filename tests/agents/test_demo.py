"""The demo's six weeks: told in order and in the past, sent through the guard, and nothing in them is made up by us."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db.models import Count, F, Max, Min
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from agents import demo_dates
from agents.demo_dates import Tick
from agents.demo_loading import load
from agents.demo_script import DemoRequest, Verb, moment_of, read_requests
from agents.models import Approval, Review
from kb.demo import ARTICLES
from portal import demo as people
from portal.guard import check_guard
from portal.models import AuditEvent, Message, Notice, Organisation, OutboxEntry, Ticket, User
from tests.conftest import Site, cloned_site
from tests.factories import make_user
from triage.calibration import MINIMUM_CASES
from triage.choices import FieldName, NoDraftReason, RunState
from triage.models import Draft, FieldProposal, Run
from triage.running import run_triage
from triage.sweeping import missed_messages

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
REQUESTS = read_requests(NOW)
STORED = (Ticket, Message, Approval, Review, AuditEvent, OutboxEntry, User, Run, Draft)


@dataclass(frozen=True)
class Loaded:
    """A site with the demo, and when its loading began."""

    site: Site
    began: datetime


@pytest.fixture(scope="module")
def loaded(template: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Loaded]:
    """The whole demo, loaded once; the worker has read what is open."""
    with cloned_site(django_db_blocker) as site:
        began = timezone.now()
        load()
        with site.as_role("worker"):
            for message_id in missed_messages():
                run_triage(message_id, task_id="test")
        yield Loaded(site, began)


def test_a_moment_is_told_in_working_days() -> None:
    monday = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
    assert moment_of("1d 16:20", monday) == datetime(2026, 11, 20, 16, 20, tzinfo=UTC)
    assert moment_of("6d 08:00", monday) == datetime(2026, 11, 13, 8, 0, tzinfo=UTC)
    assert moment_of("1d 16:20", monday - timedelta(days=1)) == datetime(2026, 11, 20, 16, 20, tzinfo=UTC)
    assert moment_of("-2h35m", monday) == datetime(2026, 11, 23, 6, 55, tzinfo=UTC)
    with pytest.raises(ValueError, match="not a time"):
        moment_of("yesterday", monday)


@pytest.mark.parametrize("days", range(8))
def test_on_every_weekday_the_story_is_over_before_it_is_told(days: int) -> None:
    for now in (NOW + timedelta(days=days), NOW.replace(hour=0, minute=5) + timedelta(days=days)):
        for request in read_requests(now):
            moments = [request.moment, *(event.moment for event in request.events)]
            assert moments == sorted(moments)
            assert moments[-1] < now


def test_the_story_is_as_varied_as_a_support_desk() -> None:
    assert 60 <= len(REQUESTS) <= 100
    assert max(len(request.events) for request in REQUESTS) >= 30
    assert {request.language for request in REQUESTS} == {"en", "de"}
    assert sum(not request.is_verified for request in REQUESTS) >= 3
    assert sum(bool(request.file) for request in REQUESTS) >= 12
    verbs = {event.verb for request in REQUESTS for event in request.events}
    assert verbs == set(Verb)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.key)
def test_what_a_request_names_exists(request_: DemoRequest) -> None:
    actors = {*people.STAFF, *people.GUESTS, *(key for account in people.ORGANISATIONS for key, *_ in account.people)}
    assert {request_.by, *(event.who for event in request_.events)} <= actors
    assert request_.category in {"", *(slug for slug, _name, _description in people.CATEGORIES)}
    assert all((ARTICLES / path).is_file() for path, _opened in request_.shown)
    for event in request_.events:
        assert event.verb is not Verb.REJECTS_DRAFT or event.detail in Review.Reason.values
    texts = [request_.text, *(event.text for event in request_.events)]
    texts += [request_.file_text(file) for file in (request_.file, *(event.file for event in request_.events)) if file]
    assert all(not re.search(r"\{[DSW]", request_.on_its_days(text)) for text in texts)


def test_a_second_load_changes_nothing(loaded: Loaded) -> None:
    before = [model.objects.count() for model in STORED]
    load()
    assert [model.objects.count() for model in STORED] == before


def test_every_reply_was_released_by_a_person_of_the_demo(loaded: Loaded) -> None:
    outbound = Message.objects.filter(direction="outbound")
    assert outbound.count() > 80
    assert not outbound.filter(payload__approval=None).exists()
    assert not outbound.exclude(released_by=F("payload__approval__person")).exists()
    staff = {address for address, *_ in people.STAFF.values()}
    assert set(outbound.values_list("released_by__email", flat=True)) <= staff
    assert AuditEvent.objects.filter(verb="reply.released").count() == outbound.count()
    high_touch = outbound.filter(ticket__organisation__kind=Organisation.Kind.HIGH_TOUCH)
    assert set(high_touch.values_list("released_by__email", flat=True)) == {"engineer@demo.example"}
    assert not Session.objects.exists(), "nobody stays signed in"


def test_the_guard_is_whole_afterwards(loaded: Loaded) -> None:
    assert check_guard() == []
    with (
        loaded.site.connect("owner") as owner,
        pytest.raises(psycopg.errors.IntegrityError, match=r"permanent|release"),
    ):
        owner.execute("UPDATE portal_message SET created_at = now()")


def test_the_dates_tell_six_weeks_and_agree_with_one_another(loaded: Loaded) -> None:
    span = Ticket.objects.aggregate(first=Min("created_at"), last=Max("created_at"))
    assert span["last"] - span["first"] > timedelta(days=39)
    assert span["last"] > loaded.began - timedelta(hours=2)
    for ticket in Ticket.objects.prefetch_related("messages"):
        moments = [ticket.created_at, *(message.created_at for message in ticket.messages.all())]
        assert moments == sorted(moments)
        assert moments[-1] - ticket.updated_at < timedelta(minutes=1)
        assert ticket.updated_at < loaded.began + timedelta(minutes=10)
    for approval in Approval.objects.select_related("payload__message"):
        assert abs(approval.payload.message.created_at - approval.created_at) < timedelta(seconds=1)
        assert approval.payload.message.visible_from <= approval.payload.message.created_at
    read_then = Run.objects.filter(created_at__lt=loaded.began, ticket__status=Ticket.Status.SOLVED)
    late = read_then.filter(finished_at__gt=F("ticket__updated_at"))
    assert not late.exists()
    assert not User.objects.filter(date_joined__gt=span["first"]).exists()


def test_dates_stay_on_a_site_with_people_of_its_own(site: Site) -> None:
    user = make_user(email="somebody@holdfast-customer.org")
    joined = user.date_joined
    began = timezone.now() - timedelta(minutes=1)
    assert not demo_dates.shift([Tick(began, began - timedelta(days=30)), Tick(timezone.now(), timezone.now())])
    assert User.objects.get(pk=user.pk).date_joined == joined


def test_drafts_were_sent_edited_and_rejected(loaded: Loaded) -> None:
    verdicts = dict(Review.objects.values_list("verdict").annotate(n=Count("pk")))
    assert verdicts["as_is"] >= 8
    assert verdicts["edited"] >= 8
    assert verdicts["rejected"] >= 3


def test_only_the_receipts_of_open_requests_wait_to_be_mailed(loaded: Loaded) -> None:
    queued = OutboxEntry.objects.filter(state=OutboxEntry.State.QUEUED)
    assert set(queued.values_list("notice", flat=True)) == {Notice.REQUEST_RECEIVED}
    assert set(queued.values_list("ticket__status", flat=True)) == {Ticket.Status.OPEN}
    assert queued.count() < 20


def test_nothing_of_the_walled_accounts_was_read(loaded: Loaded) -> None:
    walled = Ticket.objects.exclude(pk__in=Ticket.objects.automatable(unknown_accounts=False))
    assert walled.count() >= 6
    runs = Run.objects.filter(ticket__in=walled)
    assert set(runs.values_list("no_draft_reason", flat=True)) == {
        NoDraftReason.HIGH_TOUCH,
        NoDraftReason.UNKNOWN_ACCOUNT,
    }
    assert not runs.filter(embedding__isnull=False).exists()


def test_each_open_request_shows_a_draft_or_why_there_is_none(loaded: Loaded) -> None:
    open_ = Ticket.objects.filter(status=Ticket.Status.OPEN)
    assert open_.count() >= 10
    for ticket in open_:
        run = Run.objects.filter(ticket=ticket).latest("message_id")
        assert run.state == RunState.DONE
        assert Draft.objects.filter(run=run).exists() is not bool(run.no_draft_reason), ticket.subject
    assert Draft.objects.filter(ticket__in=open_).count() >= 4


def test_an_open_request_shows_what_the_past_ones_measured(loaded: Loaded) -> None:
    unfiled = Ticket.objects.filter(status=Ticket.Status.OPEN, category=None)
    proposals = FieldProposal.objects.filter(run__ticket__in=unfiled, field=FieldName.CATEGORY)
    assert proposals.count() >= 6
    for proposal in proposals:
        assert proposal.confidence is not None
        assert proposal.n >= MINIMUM_CASES
        labelled = Run.objects.person_labelled().count()
        assert proposal.n <= labelled
