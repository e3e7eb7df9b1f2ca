"""A real browser for the journeys. Every page it opens is watched: an error in its console fails the test."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    StorageState,
    expect,
    sync_playwright,
)

from tests.running import RunningSite, live_site

PROGRAM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A form that must be mended and a conversation that has moved on are answers, though the browser logs them.
REFUSAL = re.compile(r"status of (409|422) ")
# Two cores run other tests meanwhile.
PATIENCE_MS = 30_000


@pytest.fixture(scope="package")
def running_site() -> Iterator[RunningSite]:
    """One site for all journeys: each brings its own requests, and counts only those."""
    with live_site() as live:
        yield live


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    assert PROGRAM, "the journeys need chromium: apt-get install chromium"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=PROGRAM, args=ARGUMENTS)
        yield started
        started.close()


@dataclass
class Complaints:
    """What the browser held against the pages: script errors, refused content, failed requests."""

    heard: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.heard.append(f"{page.url}: {error}"))
        page.on("requestfailed", self._failed)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not REFUSAL.search(message.text):
            self.heard.append(f"{message.location.get('url')}: {message.text}")

    def _failed(self, request: Request) -> None:
        # A newer keystroke, or leaving the page, drops the older request on purpose.
        if request.failure != "net::ERR_ABORTED":
            self.heard.append(f"{request.url}: {request.failure}")


class Sessions:
    """Signs each of the demo's people in once, by the form; their later browsers begin with that session's cookies."""

    def __init__(self, browser: Browser, site: RunningSite) -> None:
        self._browser = browser
        self._site = site
        self._cookies: dict[str, StorageState] = {}

    def cookies(self, role: str) -> StorageState:
        if role not in self._cookies:
            context = self._browser.new_context()
            context.set_default_timeout(PATIENCE_MS)
            sign_in(context.new_page(), self._site.address, self._site.logins[role], then="/profile/")
            self._cookies[role] = context.storage_state()
            context.close()
        return self._cookies[role]


@pytest.fixture(scope="package")
def sessions(browser: Browser, running_site: RunningSite) -> Sessions:
    """Of the site that the journeys share."""
    return Sessions(browser, running_site)


NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser, sessions: Sessions) -> Iterator[NewPage]:
    """Opens pages of people who share no browser.

    `scripts=False` is one without JavaScript; with a `role` they are signed in.
    """
    complaints = Complaints()
    opened: list[BrowserContext] = []

    def make(role: str | None = None, *, scripts: bool = True) -> Page:
        context = browser.new_context(
            java_script_enabled=scripts,
            viewport={"width": 1280, "height": 900},
            storage_state=sessions.cookies(role) if role else None,
        )
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", complaints.watch)
        opened.append(context)
        return context.new_page()

    yield make
    for context in opened:
        context.close()
    assert complaints.heard == []


def sign_in(page: Page, address: str, login: tuple[str, str], *, then: str = "/") -> None:
    """By the form, as people do."""
    page.goto(f"{address}/accounts/login/?next={then}")
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill(login[0])
    page.get_by_label("Password", exact=True).fill(login[1])
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{address}{then}")
