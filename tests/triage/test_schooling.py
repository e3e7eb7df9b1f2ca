"""When a worker learns anew, and what it says where it cannot tell."""

import pytest
from django.urls import reverse

from portal.actions.tickets import set_category
from portal.models import Organisation, Ticket
from tests.conftest import Site
from tests.factories import make_category, make_rep, make_ticket, sign_in
from tests.triage.asking import SUBJECT, TEXT, triage_first
from triage.facts import CategoryOption
from triage.lessons import Lessons
from triage.schooling import Teacher, is_over

THEN = Lessons(200, "2026-03-02 09:00", 900)


def _wall_off(ticket: Ticket) -> None:
    assert ticket.organisation is not None
    Organisation.objects.filter(pk=ticket.organisation.pk).update(kind=Organisation.Kind.HIGH_TOUCH)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (THEN, False),
        (Lessons(203, "2026-03-02 09:30", 903), False),
        (Lessons(204, "2026-03-02 09:30", 904), True),
        (Lessons(199, "2026-03-02 09:00", 900), True),  # one was withdrawn: it may teach no more
        (Lessons(200, "2026-03-02 09:30", 900), True),  # one was filed otherwise
    ],
)
def test_a_school_is_over_when_an_example_changed_or_a_fiftieth_came(now: Lessons, expected: bool) -> None:
    assert is_over(THEN, now) is expected


def test_what_people_filed_is_learnt_and_forgotten_when_it_may_not_teach(stocked: Site) -> None:
    category, other = make_category("Exports", "Exporting orders"), make_category("Parking", "Bicycles in the yard")
    options = tuple(CategoryOption(one.slug, one.name, one.description) for one in (category, other))
    teach, ticket = Teacher(), make_ticket(subject=SUBJECT, text=TEXT)
    triage_first(stocked, ticket)
    with stocked.as_role("worker"):
        assert teach(options).learnt.examples == 0
    set_category(actor=make_rep(), ticket=ticket, category=other)
    with stocked.as_role("worker"):
        school = teach(options)
        assert list(school.learnt.tickets) == [ticket.pk]
        assert teach(options) is school, "nothing changed"
        assert teach(options[:1]).learnt.categories == 1
    _wall_off(ticket)
    with stocked.as_role("worker"):
        assert teach(options).learnt.examples == 0


def test_a_request_near_no_category_says_so_to_the_rep(stocked: Site) -> None:
    make_category("Perihelion", "Orbits of comets")
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    run = triage_first(stocked, ticket)
    assert run is not None
    assert not run.proposals.filter(field="category").exists()
    assert run.outputs["classify"] == {"value": None, "unfiled": "It is near no category's description."}
    client = sign_in(make_rep())
    page = client.get(reverse("agents:ticket", args=[ticket.number])).content.decode()
    assert "not sure enough" in page
    assert "It is near no category&#x27;s description." in page
    _wall_off(ticket)
    assert "not sure enough" not in client.get(reverse("agents:ticket", args=[ticket.number])).content.decode()
