"""A customer who finds the fix and leaves: nothing is filed, and writing to a person was one link away throughout."""

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import NewPage
from tests.journeys.steps import DEMO
from tests.running import RunningSite

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_the_fix_is_found_and_read_and_nothing_is_filed(
    running_site: RunningSite, new_page: NewPage, *, scripts: bool
) -> None:
    filed = running_site.value("SELECT count(*) FROM portal_ticket")
    page = new_page(scripts=scripts)
    page.goto(running_site.address)
    page.get_by_role("main").get_by_role("searchbox").fill("vault is locked by another session")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    page.get_by_role("main").get_by_role("link", name=DEMO.article).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(DEMO.article)
    expect(page.get_by_role("main")).to_contain_text("holdfast unlock")
    expect(page.get_by_role("link", name="Write to us").first).to_be_visible()
    assert running_site.value("SELECT count(*) FROM portal_ticket") == filed


def test_words_that_lead_nowhere_lead_to_a_person(running_site: RunningSite, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{running_site.address}/articles/search/?q=purple+giraffe+migration")
    main = page.get_by_role("main")
    expect(main).to_contain_text("purple giraffe migration")
    main.get_by_role("link", name="Write").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Write to us")
