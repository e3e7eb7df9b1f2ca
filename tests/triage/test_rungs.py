"""The ladder on real rows: earned blind, applied to what nobody filed, lost on evidence, switched off by leads."""

import contextlib

import pytest
from django.db import IntegrityError, OperationalError, ProgrammingError, connection, transaction
from pytest_django import Settings

from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import AuditEvent, Category, Organisation, Ticket
from tests.conftest import Site
from tests.factories import make_category, make_organisation, make_rep, make_user
from tests.triage.climbing import BAR, ENOUGH, Climb
from triage.actions.ladder import apply_earned, decide_ladder, settle_ladder, switch_rung
from triage.choices import LadderReason
from triage.ladder import Rung
from triage.lessons import read_examples
from triage.models import AppliedValue, BlindCheck, LadderChange, LadderPolicy, Run, RungSwitch
from triage.rungs import ladder_policy, read_rung, read_rungs


@pytest.fixture
def climb(site: Site, settings: Settings) -> Climb:
    settings.HANDRAIL_LADDER_BAR = BAR
    return Climb(site, lead=make_rep("Lena Lead", lead=True), rep=make_rep())


def _rung(category: Category) -> Rung:
    rung = read_rung(category.slug)
    assert rung is not None
    return rung.standing.rung


def _filed_under(run: Run) -> Category | None:
    return Ticket.objects.select_related("category").get(pk=run.ticket_id).category


def test_an_earned_category_is_applied_with_what_stood_behind_it(climb: Climb) -> None:
    billing = make_category()
    climb.decide(applies=True)
    climb.earn(billing)
    run = climb.comes_in(billing)
    applied = climb.apply(run)
    assert applied is not None
    assert (applied.n, applied.right, applied.bar) == (ENOUGH, ENOUGH, BAR / 100)
    assert applied.lower >= BAR / 100
    assert _filed_under(run) == billing
    events = AuditEvent.objects.filter(ticket_id=run.ticket_id, verb="ticket.category_applied")
    assert [(event.actor, event.details["after"]) for event in events] == [(None, billing.pk)]
    change = LadderChange.objects.get()
    assert (change.reason, change.n, applied.change) == (LadderReason.PROVEN, ENOUGH, change)
    assert AuditEvent.objects.filter(verb="triage.right_earned").count() == 1
    assert climb.apply(run) is None


def test_nothing_is_applied_before_it_is_earned_nor_while_leads_have_not_turned_it_on(climb: Climb) -> None:
    billing = make_category()
    climb.check(billing, billing, ENOUGH - 1)
    climb.decide(applies=True)
    assert climb.apply(climb.comes_in(billing)) is None
    climb.check(billing, billing)
    climb.decide(applies=False)
    assert climb.apply(climb.comes_in(billing)) is None
    climb.decide(applies=True)
    assert climb.apply(climb.comes_in(billing)) is not None


def test_only_what_was_chosen_blind_counts(climb: Climb) -> None:
    billing = make_category()
    for run in climb.come_in(billing, ENOUGH):
        climb.file(run, billing)
    rung = read_rung(billing.slug)
    assert rung is not None
    assert (rung.standing.n, rung.is_earned) == (0, False)


def test_the_first_choice_is_the_label_whatever_is_chosen_after_the_proposal_was_seen(climb: Climb) -> None:
    billing, exports = make_category(), make_category("Exports")
    climb.file(climb.check(billing, exports)[0], billing)
    rung = read_rung(billing.slug)
    assert rung is not None
    assert (rung.standing.n, rung.standing.right) == (1, 0)


def test_a_persons_choice_is_never_overwritten(climb: Climb) -> None:
    billing, exports = make_category(), make_category("Exports")
    climb.decide(applies=True)
    climb.earn(billing)
    filed, emptied, wished = climb.come_in(billing, 3)
    climb.file(filed, exports)
    # Somebody looked at it and found that nothing fits: an empty field may be a choice.
    climb.file(emptied, exports)
    climb.file(emptied, None)
    Ticket.objects.filter(pk=wished.ticket_id).update(category=exports)
    assert [climb.apply(run) for run in (filed, emptied, wished)] == [None] * 3
    assert [_filed_under(run) for run in (filed, emptied, wished)] == [exports, None, exports]
    assert not AppliedValue.objects.exists()


def test_a_rep_who_files_at_the_same_moment_has_the_last_word(climb: Climb) -> None:
    billing, exports = make_category(), make_category("Exports")
    climb.decide(applies=True)
    climb.earn(billing)
    run = climb.comes_in(billing)
    with contextlib.closing(climb.site.connect("web")) as rep:
        rep.execute("UPDATE portal_ticket SET category_id = %s WHERE id = %s", [exports.pk, run.ticket_id])
        with climb.site.as_role("worker"), connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '300ms'")
            with pytest.raises(OperationalError, match="lock timeout"):
                apply_earned(run=Run.objects.get(pk=run.pk), actor=None)
        rep.commit()
    assert climb.apply(run) is None
    assert _filed_under(run) == exports


def test_the_database_refuses_a_worker_that_forgets_to_ask(climb: Climb) -> None:
    billing, exports, retired = make_category(), make_category("Exports"), make_category("Old")
    Category.objects.filter(pk=retired.pk).update(is_active=False)
    chosen, free = climb.comes_in(billing), climb.comes_in(billing)
    climb.file(chosen, exports)
    refused = [(chosen, billing.pk), (chosen, None), (free, retired.pk)]
    with climb.site.as_role("worker"):
        for run, category in refused:
            with pytest.raises(IntegrityError, match="filled only where none is"), transaction.atomic():
                Ticket.objects.filter(pk=run.ticket_id).update(category_id=category)
        for change in ({"priority": "urgent"}, {"status": "solved"}, {"assignee_id": climb.rep.pk}):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                Ticket.objects.filter(pk=free.ticket_id).update(**change)
        assert Ticket.objects.filter(pk=free.ticket_id).update(category_id=billing.pk) == 1


@pytest.mark.parametrize("kind", [Organisation.Kind.HIGH_TOUCH, Organisation.Kind.UNKNOWN])
def test_an_account_that_machines_leave_alone_by_now_gets_nothing(climb: Climb, kind: str) -> None:
    billing = make_category()
    climb.decide(applies=True)
    climb.earn(billing)
    organisation = make_organisation()
    run = climb.comes_in(billing, organisation=organisation)
    Organisation.objects.filter(pk=organisation.pk).update(kind=kind)
    assert climb.apply(run) is None
    assert _filed_under(run) is None
    Organisation.objects.filter(pk=organisation.pk).update(kind=Organisation.Kind.STANDARD)
    assert climb.apply(run) is not None


def test_a_high_touch_account_is_refused_by_the_database_too(climb: Climb) -> None:
    billing, organisation = make_category(), make_organisation()
    run = climb.comes_in(billing, organisation=organisation)
    Organisation.objects.filter(pk=organisation.pk).update(kind=Organisation.Kind.HIGH_TOUCH)
    with climb.site.as_role("worker"):
        with pytest.raises(IntegrityError, match="served by people"), transaction.atomic():
            Ticket.objects.filter(pk=run.ticket_id).update(category_id=billing.pk)
        with pytest.raises(IntegrityError, match="served by people"), transaction.atomic():
            BlindCheck.objects.create(run=run, ticket_id=run.ticket_id, field="category", value="x", one_in=1)


def test_a_category_that_went_out_of_use_is_not_applied(climb: Climb) -> None:
    billing = make_category()
    climb.decide(applies=True)
    climb.earn(billing)
    run = climb.comes_in(billing)
    Category.objects.filter(pk=billing.pk).update(is_active=False)
    assert climb.apply(run) is None
    assert _filed_under(run) is None
    assert [rung.category for rung in read_rungs()] == [billing]


def test_a_blind_request_is_never_filed_by_triage(climb: Climb) -> None:
    billing = make_category()
    climb.decide(applies=True)
    climb.earn(billing)
    assert climb.apply(climb.comes_in(billing, blind=True)) is None


def test_what_triage_filed_neither_teaches_nor_counts_as_a_persons_word(climb: Climb) -> None:
    billing = make_category()
    climb.decide(applies=True)
    climb.earn(billing)
    before = read_rung(billing.slug)
    runs = climb.come_in(billing, 3)
    assert all(climb.apply(run) for run in runs)
    after = read_rung(billing.slug)
    assert before is not None
    assert after is not None
    assert after.standing == before.standing
    assert not AuditEvent.objects.filter(
        ticket_id__in=[run.ticket_id for run in runs], verb="ticket.category_changed"
    ).exists()
    assert not len(read_examples((billing.slug,), limit=10))


def test_wrong_blind_checks_take_the_right_away_and_it_is_earned_anew_on_later_ones(climb: Climb) -> None:
    billing, exports = make_category(), make_category("Exports")
    climb.decide(applies=True)
    climb.earn(billing)
    with climb.site.as_role("worker"):
        assert settle_ladder() == 1
        assert settle_ladder() == 0
    drawn_before = climb.comes_in(billing, blind=True)
    runs = climb.come_in(billing, 20, blind=True)
    wrong = 0
    while _rung(billing) is Rung.EARNED:
        climb.file(runs[wrong], exports)
        wrong += 1
    assert _rung(billing) is Rung.LOST
    assert climb.apply(climb.comes_in(billing)) is None
    lost = LadderChange.objects.first()
    assert lost is not None
    assert (lost.reason, lost.n, lost.right) == (LadderReason.DRIFT, ENOUGH + wrong, ENOUGH)
    assert AuditEvent.objects.filter(verb="triage.right_lost").count() == 1
    climb.file(drawn_before, billing)
    climb.check(billing, billing, ENOUGH - 1)
    assert climb.apply(climb.comes_in(billing)) is None
    climb.check(billing, billing)
    assert climb.apply(climb.comes_in(billing)) is not None


def test_people_who_change_what_was_filed_take_the_right_away(climb: Climb) -> None:
    billing, exports = make_category(), make_category("Exports")
    climb.decide(applies=True)
    climb.earn(billing)
    refiled = 0
    while (applied := climb.apply(climb.comes_in(billing))) is not None:
        chosen = exports if refiled % 2 else None
        climb.file(applied.run, chosen)
        refiled += 1
        assert refiled < 20
    lost = LadderChange.objects.first()
    assert lost is not None
    assert lost.reason == LadderReason.REFILED
    assert not AppliedValue.objects.unchosen().exists()


def test_a_lead_switches_one_category_or_all_of_them_off_in_one_step(climb: Climb) -> None:
    billing, exports = make_category(), make_category("Exports")
    climb.decide(applies=True)
    climb.earn(billing)
    climb.earn(exports)
    switch_rung(actor=climb.lead, category=billing, on=False)
    assert climb.apply(climb.comes_in(billing)) is None
    assert climb.apply(climb.comes_in(exports)) is not None
    switch_rung(actor=climb.lead, category=billing, on=True)
    assert climb.apply(climb.comes_in(billing)) is not None
    climb.decide(applies=False)
    assert [climb.apply(climb.comes_in(category)) for category in (billing, exports)] == [None, None]
    verbs = AuditEvent.objects.filter(verb__in=["triage.rung_switched", "triage.ladder_decided"]).order_by("pk")
    assert [event.details.get("on", event.details.get("applies")) for event in verbs] == [True, False, True, False]
    assert {event.actor for event in verbs} == {climb.lead}


def test_nobody_but_leads_decides_and_a_worker_cannot_write_decisions(climb: Climb) -> None:
    billing = make_category()
    for actor in (climb.rep, make_user()):
        with pytest.raises(NotAllowedError):
            decide_ladder(actor=actor, applies=True, one_in=5, one_in_earned=20)
        with pytest.raises(NotAllowedError):
            switch_rung(actor=actor, category=billing, on=True)
    for rates in ((0, 20), (5, 0), (7, 20)):
        with pytest.raises(InvalidRequestError):
            decide_ladder(actor=climb.lead, applies=True, one_in=rates[0], one_in_earned=rates[1])
    with climb.site.as_role("worker"):
        for decision in (
            LadderPolicy(applies=True, one_in=5, one_in_earned=20, decided_by=climb.lead),
            RungSwitch(field="category", value=billing.slug, is_on=True, decided_by=climb.lead),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                decision.save()
    assert not ladder_policy().applies
    assert not RungSwitch.objects.exists()


def test_what_is_on_record_of_the_ladder_is_changed_by_nobody(climb: Climb) -> None:
    billing = make_category()
    climb.decide(applies=True)
    climb.earn(billing)
    assert climb.apply(climb.comes_in(billing)) is not None
    rows = (LadderPolicy, BlindCheck, LadderChange, AppliedValue)
    for role in ("web", "worker"):
        with climb.site.as_role(role):
            for model in rows:
                with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                    model._default_manager.update(created_at="2026-01-01T00:00:00Z")
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        BlindCheck.objects.create(run=Run.objects.all()[0], ticket_id=1, field="category", value="x", one_in=1)


def test_urgent_can_be_neither_earned_nor_applied(climb: Climb) -> None:
    with climb.site.as_role("worker"), pytest.raises(IntegrityError), transaction.atomic():
        LadderChange.objects.create(
            field="priority",
            value="urgent",
            reason=LadderReason.PROVEN,
            n=99,
            right=99,
            lower=0.96,
            bar=0.95,
            error=0.05,
        )


def test_requests_are_drawn_at_the_rate_that_was_set_and_only_those_that_nobody_filed(climb: Climb) -> None:
    billing = make_category()
    assert climb.draw([climb.comes_in(billing)]) == []
    climb.decide(applies=False, one_in=2, one_in_earned=2)
    drawn = climb.draw(climb.come_in(billing, 24))
    assert 3 <= len(drawn) <= 21
    assert {check.one_in for check in drawn} == {2}
    filed = climb.come_in(billing, 6)
    for run in filed:
        climb.file(run, billing)
    assert climb.draw(filed) == []


def test_a_run_out_of_turn_counts_every_right_once(climb: Climb) -> None:
    billing = make_category()
    climb.earn(billing)
    with climb.site.as_role("worker"):
        settle_ladder()
        settle_ladder()
    assert LadderChange.objects.count() == 1
