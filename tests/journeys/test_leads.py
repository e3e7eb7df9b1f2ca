"""A lead opens the report from the console, and each of its numbers opens onto the requests behind it."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import NewPage
from tests.running import RunningSite

pytestmark = pytest.mark.journey


def test_a_lead_reads_the_report_and_the_requests_behind_a_number(running_site: RunningSite, new_page: NewPage) -> None:
    lead = new_page("lead")
    lead.goto(f"{running_site.address}/console/")
    lead.get_by_role("navigation", name="Console").get_by_role("link", name="Report").click()
    expect(lead.get_by_role("heading", level=1, name="Report")).to_be_visible()
    filed = lead.get_by_role("definition").first.get_by_role("link")
    count = int(re.sub(r"\D", "", filed.inner_text()))
    filed.click()
    expect(lead.get_by_role("heading", level=1)).to_be_visible()
    assert 0 < count <= int(str(running_site.value("SELECT count(*) FROM portal_ticket")))


def test_a_rep_is_not_shown_it(running_site: RunningSite, new_page: NewPage) -> None:
    rep = new_page("rep")
    rep.goto(f"{running_site.address}/console/")
    expect(rep.get_by_role("navigation", name="Console").get_by_role("link", name="Report")).to_have_count(0)
