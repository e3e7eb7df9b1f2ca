"""An editor puts an article into better words, a second person approves them, and customers are shown the article."""

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.steps import suggestions
from tests.running import RunningSite, wait_until

pytestmark = pytest.mark.journey

TITLE = "Quokka mode: the box hums a melody at noon"
ARTICLE = "SELECT page_ptr_id FROM kb_articlepage WHERE source_path LIKE '%%status-lights.md'"


def _open_editor(page: Page, site: RunningSite, article: object) -> None:
    page.goto(f"{site.address}/cms/pages/{article}/edit/")
    expect(page.locator("#id_title")).to_be_visible()


def _choose(page: Page, action: str) -> None:
    """Press an action of the bar at the foot of the editor; all but the first are behind its arrow."""
    button = page.locator(f"footer [name='{action}'], footer [data-workflow-action-name='{action}']").first
    if not button.is_visible():
        page.locator("footer [data-w-dropdown-target='toggle']").first.click()
    button.click()


def test_better_words_are_approved_by_another_and_then_suggested(running_site: RunningSite, new_page: NewPage) -> None:
    article = running_site.value(ARTICLE)
    live = "SELECT title FROM wagtailcore_page WHERE id = %s"
    before = running_site.value(live, article)
    editor, lead, customer = new_page("editor"), new_page("lead"), new_page("customer")

    _open_editor(editor, running_site, article)
    editor.locator("#id_title").fill(TITLE)
    _choose(editor, "action-submit")
    wait_until(
        lambda: running_site.value("SELECT count(*) FROM wagtailcore_workflowstate WHERE object_id = %s", str(article)),
        describe="the words wait for a second person",
    )
    assert running_site.value(live, article) == before

    _open_editor(lead, running_site, article)
    _choose(lead, "approve")
    wait_until(lambda: running_site.value(live, article) == TITLE, describe="the approved words are live")
    lead_id, editor_id = (
        running_site.value("SELECT id FROM portal_user WHERE email = %s", running_site.logins[role][0])
        for role in ("lead", "editor")
    )
    revision = running_site.value("SELECT live_revision_id FROM wagtailcore_page WHERE id = %s", article)
    assert running_site.value("SELECT user_id FROM wagtailcore_revision WHERE id = %s", revision) == editor_id
    assert running_site.rows("SELECT approved_by_id FROM kb_articleapproval WHERE revision_id = %s", revision) == [
        (lead_id,)
    ]

    title = "SELECT title FROM kb_sourcetext WHERE revision_id = %s"
    wait_until(lambda: running_site.value(title, revision) == TITLE, seconds=60, describe="the index follows")
    customer.goto(f"{running_site.address}/requests/new/")
    customer.get_by_label("In a few words").fill("Our box hums a melody at noon, is that quokka mode?")
    expect(suggestions(customer).filter(has_text=TITLE)).to_contain_text("reviewed")
