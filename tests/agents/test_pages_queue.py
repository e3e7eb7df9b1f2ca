"""The page of the queue: its order, its filters, and a number of queries that does not grow with its rows."""

import re

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.actions.tickets import set_category, set_priority
from portal.models import Organisation
from tests.agents.conftest import Desk, queries_of
from tests.factories import make_category, make_organisation, make_rep, make_ticket, make_user
from triage.choices import FieldName, NoDraftReason, RunState, Verdict
from triage.models import FieldProposal, Run


def _queue_numbers(client: Client, query: str = "") -> list[int]:
    page = client.get(reverse("agents:queue") + query).content.decode()
    return [int(number) for number in re.findall(r'href="/console/tickets/(\d+)/"', page)]


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


def test_the_queue_takes_as_many_queries_for_many_rows_as_for_one(stocked_desk: Desk) -> None:
    stocked_desk.triage()
    address = reverse("agents:queue")
    few = queries_of(stocked_desk.client, address)
    for number in range(12):
        kind = Organisation.Kind.HIGH_TOUCH if number % 3 == 0 else Organisation.Kind.STANDARD
        account = make_organisation(kind, engineer=make_rep(f"Erik {number}"))
        stocked_desk.ticket = make_ticket(make_user(organisation=account))
        barred = NoDraftReason.HIGH_TOUCH if kind == Organisation.Kind.HIGH_TOUCH else NoDraftReason.NOTHING_RELEVANT
        stocked_desk.triage(draft=number % 2 == 0 and kind != Organisation.Kind.HIGH_TOUCH, reason=barred)
    assert queries_of(stocked_desk.client, address) == few
    assert few <= 20
