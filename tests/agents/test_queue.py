"""The queue: drafts that stand, places that are remembered, taking from it, what came in, and how one likes it."""

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import PageViewRestriction

from agents.actions.assignments import take_ticket
from agents.actions.preferences import set_single_keys
from agents.arrivals import arrivals_since, newest_message
from agents.errors import TakenMeanwhileError
from agents.models import DeskPreference
from agents.staleness import ready_drafts, stale_among
from agents.views.place import COOKIE
from kb.models import ArticlePage
from kb.tree import ensure_home
from portal.actions.tickets import add_customer_message, add_note, set_assignee
from portal.errors import NotAllowedError
from portal.models import AuditEvent, Ticket
from tests.agents.conftest import Desk
from tests.factories import make_rep, make_ticket, make_user, sign_in
from triage.models import Draft

QUEUE = "/console/"


def _page(desk: Desk, query: str = "") -> str:
    return desk.client.get(QUEUE + query).content.decode()


def _agree(draft: Draft) -> bool:
    """Whether the draft stands; the single question and the ones for many must answer alike."""
    stale = draft.is_stale()
    assert stale_among([draft]) == ({draft.pk} if stale else set())
    assert (draft not in ready_drafts()) == stale
    return not stale


def test_a_draft_is_ready_only_while_it_stands(stocked_desk: Desk) -> None:
    desk, draft = stocked_desk, stocked_desk.draft()
    assert _agree(draft)
    assert "draft ready" in _page(desk)
    assert "draft ready" in _page(desk, "?drafted=on")
    ArticlePage.objects.update(live=False)
    assert not _agree(draft)
    assert "draft stale" in _page(desk)
    assert "No request is like this" in _page(desk, "?drafted=on")
    ArticlePage.objects.update(live=True)
    assert _agree(draft)
    add_note(actor=desk.rep, ticket=desk.ticket, text="a note overtakes nothing")
    assert _agree(draft)
    add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text="Another thing.")
    assert not _agree(draft)
    assert "draft ready" not in _page(desk)


def test_a_draft_stands_only_while_its_customer_may_read_what_it_quotes(stocked_desk: Desk) -> None:
    """The article says the same words, to others: nothing of it was published again."""
    draft, ticket = stocked_desk.draft(), stocked_desk.ticket
    assert ticket.organisation is not None
    for audience, stands in [("staff", False), (f"org:{ticket.organisation.pk}", True), ("org:999999", False)]:
        ArticlePage.objects.update(audience=audience)
        assert _agree(Draft.objects.get(pk=draft.pk)) == stands, audience
    ArticlePage.objects.update(audience=f"org:{ticket.organisation.pk}")
    with stocked_desk.site.as_role("owner"):
        Ticket.objects.update(identity_verified=False)
    assert not _agree(Draft.objects.get(pk=draft.pk))
    with stocked_desk.site.as_role("owner"):
        Ticket.objects.update(identity_verified=True)
    ArticlePage.objects.update(audience="public")
    assert _agree(Draft.objects.get(pk=draft.pk))
    PageViewRestriction.objects.create(page=ensure_home(), restriction_type=PageViewRestriction.LOGIN)
    assert not _agree(Draft.objects.get(pk=draft.pk))
    assert "closed to this customer" in stocked_desk.open().content.decode()


def test_a_reviewed_draft_is_not_offered_as_ready(stocked_desk: Desk) -> None:
    stocked_desk.post("reject_draft", stocked_desk.draft().pk, reason="tone")
    assert not ready_drafts().exists()
    assert "draft rejected" in _page(stocked_desk)


def test_back_leads_to_the_same_filter_page_and_line(desk: Desk) -> None:
    following = make_ticket(make_user())
    _page(desk, "?show=all&sort=oldest&q=Backups")
    page = desk.open().content.decode()
    back = f"/console/?show=all&amp;sort=oldest&amp;q=Backups#ticket-{desk.ticket.pk}"
    assert f'href="{back}"' in page
    assert f">Next: #{following.pk}</a>" in page
    desk.post("priority", priority="high")
    assert f'href="{back}"' in desk.open().content.decode(), "and still after a button was pressed"
    desk.ticket = following
    assert "Next:" not in desk.open().content.decode()


@pytest.mark.parametrize("value", ['x"><script>|1', "a b|1", "show=all|1-x", "show=all", "q=\n|1", "|" + "1" * 30])
def test_a_place_that_nobody_was_given_counts_as_none(desk: Desk, value: str) -> None:
    desk.client.cookies[COOKIE] = value
    page = desk.open().content.decode()
    assert 'href="/console/"' in page
    assert "<script>|" not in page
    assert "Next:" not in page


def test_a_request_is_taken_from_the_queue_by_a_plain_form(desk: Desk) -> None:
    _page(desk, "?show=all")
    answer = desk.client.post(desk.url("take"))
    assert answer["Location"] == f"/console/?show=all#ticket-{desk.ticket.pk}"
    assert Ticket.objects.get().assignee == desk.rep
    assert AuditEvent.objects.filter(verb="ticket.assignee_changed", actor=desk.rep).count() == 1
    page = _page(desk)
    assert f"#{desk.ticket.pk} is yours." in page
    assert desk.url("take") not in page


def test_of_two_who_take_it_the_second_is_told_who_was_first(desk: Desk) -> None:
    set_assignee(actor=desk.rep, ticket=desk.ticket, assignee=make_rep("Olga"))
    with pytest.raises(TakenMeanwhileError):
        take_ticket(actor=desk.rep, ticket=desk.ticket)
    desk.client.post(desk.url("take"))
    assert "Olga took it a moment ago." in _page(desk)
    assert Ticket.objects.get().assignee != desk.rep


def test_a_customer_takes_nothing(desk: Desk, customer: Client) -> None:
    with pytest.raises(NotAllowedError):
        take_ticket(actor=desk.ticket.requester, ticket=desk.ticket)
    assert customer.post(desk.url("take")).status_code == 404
    assert Ticket.objects.get().assignee is None


def test_what_came_in_is_counted_by_request_and_told_once(desk: Desk) -> None:
    since = newest_message()
    other = make_ticket(make_user())
    for text in ("One.", "Two."):
        add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text=text)
    set_assignee(actor=desk.rep, ticket=desk.ticket, assignee=desk.rep)
    add_note(actor=desk.rep, ticket=other, text="notes do not count")
    found = arrivals_since(desk.rep, since)
    assert (found.requests, found.yours) == (2, 1)
    address = reverse("agents:arrivals") + f"?since={since}"
    assert "2 new, 1 yours" in desk.client.get(f"{address}&known=0.0").content.decode()
    assert desk.client.get(f"{address}&known=2.1").status_code == 204
    assert arrivals_since(desk.rep, newest_message()).requests == 0
    assert f"since={newest_message()}&amp;known=0.0" in _page(desk)


def test_nobody_but_staff_is_told_what_came_in(desk: Desk, customer: Client) -> None:
    assert customer.get(reverse("agents:arrivals")).status_code == 404
    assert arrivals_since(make_user(), 0).requests == 0


def test_single_letters_can_be_turned_off_by_each_person_for_themselves(desk: Desk) -> None:
    other = sign_in(make_rep("Olga"), Client())
    assert 'data-single-keys="on"' in _page(desk)
    desk.client.post(reverse("agents:single_keys"))
    assert 'data-single-keys="off"' in _page(desk)
    for back, leads_to in (
        (desk.url(), desk.url()),
        (desk.url("send"), QUEUE),
        ("//evil.example/", QUEUE),
        ("", QUEUE),
    ):
        answer = desk.client.post(reverse("agents:single_keys"), {"back": back})
        assert answer["Location"] == leads_to, back
    assert 'data-single-keys="on"' in other.get(QUEUE).content.decode()
    desk.client.post(reverse("agents:single_keys"), {"single_keys": "on"})
    assert 'data-single-keys="on"' in _page(desk)
    assert AuditEvent.objects.filter(verb="preference.single_keys", actor=desk.rep).count() == 6
    with pytest.raises(NotAllowedError):
        set_single_keys(actor=desk.ticket.requester, wanted=False)
    assert DeskPreference.objects.count() == 1
