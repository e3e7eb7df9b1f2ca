"""What triage may file, as leads decide on it and reps read it; and requests whose proposal is kept back."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal.models import Category, Ticket
from tests.agents.conftest import queries_of
from tests.conftest import Site
from tests.factories import make_category, make_rep, make_user, sign_in
from tests.triage.climbing import BAR, ENOUGH, Climb
from triage.actions.ladder import settle_ladder
from triage.rungs import ladder_policy, read_rung

REASON = "Its words are near."


@pytest.fixture
def climb(site: Site, settings: Settings) -> Climb:
    settings.HANDRAIL_LADDER_BAR = BAR
    return Climb(site, lead=make_rep("Lena Lead", lead=True), rep=make_rep())


def _read(client: Client, number: int) -> str:
    """Everything that the console shows of a request before it is filed: its page, its pane, its lines in the queue."""
    addresses = [
        reverse("agents:ticket", args=[number]),
        reverse("agents:triage_pane", args=[number]),
        reverse("agents:queue"),
        reverse("agents:queue") + f"?show=all&q={number}",
    ]
    return "".join(client.get(address).content.decode() for address in addresses)


def _proposed(text: str, category: Category) -> bool:
    """Whether the category is named other than among the choices of a list and in the filter."""
    choice, filtered = f'<option value="{category.slug}"', f">{category.name}</option>"
    return category.name in text.replace(filtered, "") or category.slug in text.replace(choice, "")


def _line_of(client: Client, category: Category) -> str:
    """What the page of the ladder says of one category."""
    page = client.get(reverse("agents:ladder")).content.decode()
    return page.partition(f">{category.name}")[2].partition("</tr>")[0]


def test_no_page_of_a_blind_request_holds_a_trace_of_what_is_proposed_before_it_is_filed(climb: Climb) -> None:
    distant, chosen = make_category("Perihelion"), make_category("Other")
    plain, client = climb.comes_in(distant), sign_in(climb.rep)
    open_page = _read(client, plain.ticket_id)
    assert _proposed(open_page, distant)
    assert REASON in open_page
    climb.file(plain, chosen)
    before = _line_of(client, distant)
    blind = climb.comes_in(distant, blind=True)
    assert _line_of(client, distant) == before, "how many wait there would tell what is proposed"
    for reader in (client, sign_in(climb.lead)):
        hidden = _read(reader, blind.ticket_id)
        assert not _proposed(hidden, distant)
        assert REASON not in hidden
        assert "blind check" in hidden
    climb.file(blind, chosen)
    shown = client.get(reverse("agents:ticket", args=[blind.ticket_id])).content.decode()
    assert _proposed(shown, distant)
    assert REASON in shown
    assert "blind check" not in shown.casefold().replace("blind checks", "")


def test_what_triage_filed_says_so_and_is_taken_off_with_one_click(climb: Climb) -> None:
    billing, client = make_category(), sign_in(climb.rep)
    climb.decide(applies=True)
    climb.earn(billing)
    run = climb.comes_in(billing)
    assert climb.apply(run) is not None
    page = client.get(reverse("agents:ticket", args=[run.ticket_id])).content.decode()
    assert f"Filed by triage: {ENOUGH} of {ENOUGH} blind checks right, at least" in page
    assert "Triage filed it, as it has earned" in page
    assert "filed by triage" in client.get(reverse("agents:queue")).content.decode()
    version = Ticket.objects.get(pk=run.ticket_id).version
    posted = {"proposed_category": "", "version": version}
    assert client.post(reverse("agents:category", args=[run.ticket_id]), posted).status_code == 302
    assert Ticket.objects.get(pk=run.ticket_id).category is None
    assert "Filed by triage" not in client.get(reverse("agents:ticket", args=[run.ticket_id])).content.decode()
    rung = read_rung(billing.slug)
    assert rung is not None
    assert (rung.applied, rung.refiled) == (1, 1)


def test_a_lead_turns_it_on_and_off_and_a_rep_reads_how_it_stands(climb: Climb) -> None:
    billing, lead, address = make_category(), sign_in(climb.lead), reverse("agents:ladder")
    assert "Triage files nothing by itself" in lead.get(address).content.decode()
    on = {"one_in": "5", "one_in_earned": "20", "applies": "on"}
    assert lead.post(address, on).status_code == 302
    assert ladder_policy().applies
    climb.earn(billing)
    with climb.site.as_role("worker"):
        settle_ladder()
    for client in (lead, sign_in(climb.rep)):
        page = client.get(address).content.decode()
        assert "Triage files what it has earned" in page
        assert f"{ENOUGH} of {ENOUGH}" in page
        assert "files by itself" in page
        assert ("Switch off" in page) is (client is lead)
    assert lead.post(reverse("agents:rung", args=[billing.pk])).status_code == 302
    assert "switched off" in lead.get(address).content.decode()
    assert lead.post(reverse("agents:rung", args=[billing.pk]), {"on": "yes"}).status_code == 302
    assert "files by itself" in lead.get(address).content.decode()
    assert lead.post(address, {**on, "applies": "off"}).status_code == 302
    assert "earned, not used" in lead.get(address).content.decode()


def test_nobody_but_a_lead_changes_anything_there(climb: Climb) -> None:
    billing = make_category()
    address, switch = reverse("agents:ladder"), reverse("agents:rung", args=[billing.pk])
    on = {"one_in": "5", "one_in_earned": "20", "applies": "on"}
    rep, customer = sign_in(climb.rep), sign_in(make_user())
    assert [rep.post(address, on).status_code, rep.post(switch).status_code] == [403, 403]
    assert [customer.get(address).status_code, customer.post(address, on).status_code] == [404, 404]
    assert customer.post(switch).status_code == 404
    assert Client().post(address, on).status_code == 403
    assert not ladder_policy().applies
    rung = read_rung(billing.slug)
    assert rung is not None
    assert rung.is_on


def test_what_cannot_be_chosen_is_refused_with_a_reason(climb: Climb) -> None:
    lead, address = sign_in(climb.lead), reverse("agents:ladder")
    for one_in, later in (("0", "20"), ("7", "20"), ("", ""), ("5", "x")):
        refused = lead.post(address, {"one_in": one_in, "one_in_earned": later, "applies": "on"})
        assert refused.status_code == 422, (one_in, later)
        assert "Nothing was changed." in refused.content.decode()
    assert lead.post(reverse("agents:rung", args=[9_999])).status_code == 404
    assert ladder_policy().pk is None


def test_the_page_says_why_a_right_was_lost_and_costs_the_same_for_many_categories(climb: Climb) -> None:
    billing, exports, lead = make_category(), make_category("Exports"), sign_in(climb.lead)
    climb.decide(applies=True)
    climb.earn(billing)
    with climb.site.as_role("worker"):
        settle_ladder()
    climb.check(billing, exports, 8)
    address = reverse("agents:ladder")
    assert "Lost just now" in lead.get(address).content.decode()
    with climb.site.as_role("worker"):
        settle_ladder()
    page = lead.get(address).content.decode()
    assert "recent blind checks were wrong too often" in page
    assert "Counted anew since" in page
    few = queries_of(lead, address)
    for number in range(12):
        make_category(f"Category-{number}")
    assert queries_of(lead, address) == few
