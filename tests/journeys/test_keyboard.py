"""The console by keyboard alone, from the sign-in to a sent reply.

At each stop the focus can be seen and lies on the screen, and on every page the stops follow the order of the page.
"""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import NewPage, Sessions
from tests.journeys.steps import WATCH, answers, ask_and_be_drafted
from tests.running import RunningSite, wait_until

pytestmark = pytest.mark.journey

MOST_STOPS = 60
# What has the focus: its name, whether it shows, and whether it comes after the stop before it.
STOP = """
() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const before = window.lastStop;
  window.lastStop = e;
  const follows = other => Boolean(other.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
  return {
    name: (e.getAttribute("aria-label") || e.labels?.[0]?.textContent || e.textContent).trim().replace(/\\s+/g, " "),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    seen: box.width > 1 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    after: !before || before === e || follows(before),
    page: e === document.body,
  };
}
"""


def tab_to(page: Page, wanted: str) -> list[str]:
    """Press Tab until `wanted` has the focus; every stop on the way must show. Returns their names."""
    passed: list[str] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        assert not stop["page"], f"Tab left the page after {passed}"
        assert stop["ring"], f"the focus cannot be seen on {stop['name']!r}"
        assert stop["seen"], f"the focus is off the screen on {stop['name']!r}"
        assert stop["after"], f"{stop['name']!r} comes after {passed[-1:]}, but stands before it"
        passed.append(stop["name"])
        if re.search(wanted, stop["name"]):
            return passed
    pytest.fail(f"no stop is called {wanted!r} among {passed}")


@pytest.fixture(scope="module")
def number(browser: Browser, sessions: Sessions, running_site: RunningSite) -> int:
    """A drafted request to answer."""
    with browser.new_context(storage_state=sessions.cookies("customer")) as context:
        return ask_and_be_drafted(context.new_page(), running_site, WATCH)


def test_every_part_of_the_queue_and_the_ticket_is_reached_in_order(
    running_site: RunningSite, new_page: NewPage, number: int
) -> None:
    page = new_page("rep")
    page.goto(f"{running_site.address}/console/?q={number}&show=all")
    assert "Show" in tab_to(page, f"^{re.escape(WATCH.subject)}")
    page.goto(f"{running_site.address}/console/tickets/{number}/")
    stops = tab_to(page, "^Mark as solved")
    wanted = ["Use this draft", "Send", "Preview the mail"]
    assert [stop for stop in stops if stop in wanted] == wanted


def test_from_the_sign_in_to_a_sent_reply_without_a_mouse(
    running_site: RunningSite, new_page: NewPage, number: int
) -> None:
    page = new_page()
    email, password = running_site.logins["rep"]
    page.goto(f"{running_site.address}/accounts/login/?next=/console/?q={number}%26show=all")
    if page.evaluate("document.activeElement === document.body"):
        tab_to(page, "(?i)e-?mail")
    page.keyboard.type(email)
    tab_to(page, "^Password")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/console/"))

    assert tab_to(page, "^Skip to the content")[0] == "Skip to the content"
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.id === 'main'")
    tab_to(page, f"^{re.escape(WATCH.subject)}")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(WATCH.subject)

    tab_to(page, "^Use this draft")
    page.keyboard.press("Enter")
    reply = page.get_by_role("textbox", name=re.compile("Your reply to"))
    expect(reply).not_to_have_value("")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("e")
    expect(reply).to_be_focused()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nWritten without a mouse.\n")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("article", name="Mail")).to_contain_text("Written without a mouse.")

    tab_to(page, "^Send$")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your reply goes out.").or_(page.get_by_text("Sent by")).first).to_be_visible()
    rep = running_site.logins["rep"][0]
    wait_until(lambda: [row[:2] for row in answers(running_site, number)] == [(rep, rep)], describe="one answer")


def test_the_sheet_of_keys_opens_closes_and_tells_the_truth(
    running_site: RunningSite, new_page: NewPage, number: int
) -> None:
    page = new_page("rep")
    page.goto(f"{running_site.address}/console/?q={number}&show=all")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keys")
    expect(sheet).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", level=1)).to_have_text(WATCH.subject)
    for key, name in (("e", re.compile("Your reply to")), ("p", re.compile("passage|Look", re.IGNORECASE))):
        page.keyboard.press(key)
        expect(
            page.get_by_role("textbox", name=name).or_(page.get_by_role("searchbox", name=name)).first
        ).to_be_focused()
        page.evaluate("document.activeElement.blur()")
    page.keyboard.press("g")
    page.keyboard.press("q")
    expect(page).to_have_url(re.compile(r"/console/(\?|#|$)"))
