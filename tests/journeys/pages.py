"""Every kind of page, who opens it and how: one list for the accessibility checks and the screenshots.

Pages are opened as people open them; what a page needs to be there is looked up in the site or made by its form.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.template.loader import render_to_string
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import PATIENCE_MS, Sessions
from tests.running import RunningSite

MACRO_NAME = "Ask for the log of the box"
LONG_WORD = "https://files.example.org/backup/2026/11/16/front-desk/" + "holdfast-incremental-" * 6 + "0001.hfb"


class Who(StrEnum):
    """Whose browser it is; all but the visitor sign in, with the demo's logins."""

    VISITOR = "visitor"
    CUSTOMER = "customer"
    REP = "rep"
    LEAD = "lead"
    EDITOR = "editor"


@dataclass(frozen=True)
class PageKind:
    """A kind of page: `routes` are the named addresses that it stands for."""

    name: str
    who: Who
    routes: tuple[str, ...]
    open: Callable[[Page, RunningSite], None]
    ours: bool = True  # False where Wagtail draws the page


def goto(path: str) -> Callable[[Page, RunningSite], None]:
    """A page with a fixed address."""

    def go(page: Page, site: RunningSite) -> None:
        page.goto(f"{site.address}{path}")

    return go


def found(path: str, query: str) -> Callable[[Page, RunningSite], None]:
    """A page whose address holds what a query finds."""

    def go(page: Page, site: RunningSite) -> None:
        value = site.value(query)
        assert value is not None, f"the site holds nothing for {path}: {query}"
        page.goto(f"{site.address}{path.format(value)}")

    return go


def made(template: str, **context: object) -> Callable[[Page, RunningSite], None]:
    """A page that only shows when something is broken, put in the place of one that is not."""

    def go(page: Page, site: RunningSite) -> None:
        address = f"{site.address}/made/{template}"
        body = render_to_string(template, context)
        page.route(address, lambda route: route.fulfill(status=200, content_type="text/html", body=body))
        page.goto(address)

    return go


def _form_with_suggestions(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/requests/new/")
    page.get_by_label("In a few words").fill("Backup of the till stops")
    page.get_by_label("What happened").fill("The window says HF-2104: vault is locked by another session.")
    expect(
        page.get_by_role("complementary", name="Articles that may help").get_by_role("listitem").first
    ).to_be_visible()


def _form_with_errors(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/requests/new/")
    page.get_by_label("Your e-mail address").fill("not an address")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("alert").or_(page.locator(".error-summary")).first).to_be_visible()


def _receipt(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/requests/new/")
    page.get_by_label("In a few words").fill("Where do I see how full the vault is?")
    page.get_by_label("What happened").fill("We would like to know before it is full. Is there a report by mail?")
    page.get_by_label("Your e-mail address").fill("pat@example.org")
    page.get_by_label("Your name").fill("Pat Osei")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("heading", name="Your request has arrived.")).to_be_visible()


def _stale_form(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/requests/new/")
    page.get_by_label("In a few words").fill("Written a day ago")
    page.get_by_label("What happened").fill("And the browser was closed in between.")
    page.context.clear_cookies()
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def _wrong_password(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/accounts/login/")
    page.get_by_label(re.compile("e-?mail", re.IGNORECASE)).fill("nobody@example.org")
    page.get_by_label("Password", exact=True).fill("not the password")
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(page.locator(".error-summary, [role=alert], .field__error").first).to_be_visible()


def _keys(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/console/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def _report_requests(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/console/report/")
    page.get_by_role("main").locator("a[href*='report/requests/']").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def _preview(page: Page, site: RunningSite) -> None:
    found("/console/tickets/{}/", DRAFTED)(page, site)
    words = f"Hello Cora,\n\nthe log is at\n{LONG_WORD}\n\nRavi"
    page.get_by_role("textbox", name=re.compile("Your reply to")).fill(words)
    page.get_by_role("button", name="Preview the mail").click()
    expect(page.get_by_role("article", name="Mail")).to_be_visible()


def _passages_found(page: Page, site: RunningSite) -> None:
    found("/console/tickets/{}/", DRAFTED)(page, site)
    page.get_by_role("searchbox", name="Look for a passage in the articles").fill("vault is locked by another session")
    page.get_by_role("button", name="Look up").click()
    expect(page.get_by_role("button", name=re.compile("Insert with source")).first).to_be_visible()


def _macro_with_errors(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/console/macros/new/")
    page.get_by_label("Text").fill("Hello {nmae}")
    page.get_by_role("button", name="Keep it").click()
    expect(page.locator(".field__error").first).to_be_visible()


def _weights(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/console/priority/")
    page.get_by_role("spinbutton", name="Weight of “outage”").fill("1")
    page.get_by_role("button", name="Show the effect").click()
    expect(page.get_by_role("heading", name="What these weights would change")).to_be_visible()


def _macros(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/console/macros/")
    if not page.get_by_role("heading", name=MACRO_NAME).count():
        page.goto(f"{site.address}/console/macros/new/")
        page.get_by_label("Name").fill(MACRO_NAME)
        page.get_by_label("Text").fill(f"Hello {{requester}},\n\nplease send us the log of the box.\n{LONG_WORD}")
        page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("link", name=re.compile("Change")).first).to_be_visible()


REQUESTER = "SELECT requester_id FROM portal_ticket ORDER BY id DESC LIMIT 1"
DRAFTED = "SELECT max(ticket_id) FROM triage_draft"
HIGH_TOUCH = (
    "SELECT max(t.id) FROM portal_ticket t JOIN portal_organisation o ON o.id = t.organisation_id"
    " WHERE o.kind = 'high_touch' AND t.status = 'open'"
)
ALLOW_EMERGENCIES = (
    "INSERT INTO kb_editorialpolicy (id, review_required, emergency_allowed) VALUES (1, true, true)"
    " ON CONFLICT (id) DO UPDATE SET emergency_allowed = true RETURNING 1"
)
UNREVIEWED = "SELECT page_ptr_id FROM kb_articlepage WHERE source_path LIKE '%%online-only%%' LIMIT 1"
ARTICLE = "SELECT url_path FROM wagtailcore_page WHERE slug LIKE 'hf-2104%%' AND live LIMIT 1"
ARTICLE_ID = "SELECT id FROM wagtailcore_page WHERE slug LIKE 'hf-2104%%' AND live LIMIT 1"
OWN = (
    "SELECT t.reference FROM portal_ticket t JOIN portal_user u ON u.id = t.requester_id"
    " WHERE u.email = 'customer@demo.example' ORDER BY t.id LIMIT 1"
)


def _article(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/articles/search/?q=HF-2104")
    page.get_by_role("main").get_by_role("link", name=re.compile("HF-2104")).first.click()
    expect(page.get_by_role("article").or_(page.get_by_role("heading", level=1)).first).to_be_visible()


def _section(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/articles/search/")
    page.get_by_role("main").get_by_role("listitem").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def _emergency(page: Page, site: RunningSite) -> None:
    """The list of emergencies with one in it, by way of the form."""
    site.rows(ALLOW_EMERGENCIES, role="owner")
    article = site.value(UNREVIEWED)
    page.goto(f"{site.address}/cms/pages/{article}/edit/")
    page.locator("#id_title").fill("Unplug nothing while the lamp is red")
    page.locator("footer [data-w-dropdown-target='toggle']").first.click()
    page.locator("footer .action-save").click()
    expect(page.get_by_role("status").or_(page.locator(".messages")).first).to_be_visible()
    page.goto(f"{site.address}/cms/articles/{article}/emergency/")
    page.get_by_label("Why it cannot wait").fill("Whoever unplugs it then loses the vault.")
    page.get_by_role("button", name="Publish now, alone").click()
    page.goto(f"{site.address}/cms/articles/emergencies/")
    expect(page.get_by_text("somebody else reviews it").first).to_be_visible()


def _effect(page: Page, site: RunningSite) -> None:
    page.goto(f"{site.address}/cms/snippets/kb/synonym/add/")
    page.locator("#id_phrase").fill("little lamp")
    page.locator("#id_meaning").fill("status light")
    page.locator("footer button").first.click()
    expect(page.get_by_role("heading", name="With it")).to_be_visible()


KINDS = (
    PageKind("home", Who.VISITOR, ("portal:home",), goto("/")),
    PageKind("home-signed-in", Who.CUSTOMER, ("portal:home",), goto("/")),
    PageKind("search", Who.VISITOR, ("kb:search",), goto("/articles/search/")),
    PageKind("search-found", Who.VISITOR, ("kb:search",), goto("/articles/search/?q=the+backup+stops+every+night")),
    PageKind("search-nothing", Who.VISITOR, ("kb:search",), goto("/articles/search/?q=purple+giraffe+migration")),
    PageKind("section", Who.VISITOR, ("wagtail_serve",), _section),
    PageKind("article", Who.VISITOR, ("wagtail_serve",), _article),
    PageKind("request-form", Who.VISITOR, ("portal:file_ticket",), goto("/requests/new/")),
    PageKind("request-suggestions", Who.CUSTOMER, ("portal:file_ticket", "portal:suggestions"), _form_with_suggestions),
    PageKind("request-errors", Who.VISITOR, ("portal:file_ticket",), _form_with_errors),
    PageKind("request-receipt", Who.VISITOR, ("portal:receipt", "portal:follow"), _receipt),
    PageKind("requests", Who.CUSTOMER, ("portal:tickets",), goto("/requests/")),
    PageKind("requests-none", Who.EDITOR, ("portal:tickets",), goto("/requests/")),
    PageKind("request", Who.CUSTOMER, ("portal:ticket",), found("/requests/{}/", OWN)),
    PageKind("profile", Who.CUSTOMER, ("portal:profile",), goto("/profile/")),
    PageKind("sign-in", Who.VISITOR, ("account_login",), goto("/accounts/login/")),
    PageKind("sign-in-refused", Who.VISITOR, ("account_login",), _wrong_password),
    PageKind("sign-up", Who.VISITOR, ("account_signup",), goto("/accounts/signup/")),
    PageKind("sign-out", Who.CUSTOMER, ("account_logout",), goto("/accounts/logout/")),
    PageKind("password-reset", Who.VISITOR, ("account_reset_password",), goto("/accounts/password/reset/")),
    PageKind(
        "password-reset-sent", Who.VISITOR, ("account_reset_password_done",), goto("/accounts/password/reset/done/")
    ),
    PageKind(
        "password-reset-link-used",
        Who.VISITOR,
        ("account_reset_password_from_key",),
        goto("/accounts/password/reset/key/1-used-up/"),
    ),
    PageKind(
        "password-reset-over",
        Who.VISITOR,
        ("account_reset_password_from_key_done",),
        goto("/accounts/password/reset/key/done/"),
    ),
    PageKind("password", Who.CUSTOMER, ("account_change_password",), goto("/accounts/password/change/")),
    PageKind("e-mail", Who.CUSTOMER, ("account_email",), goto("/accounts/email/")),
    PageKind("e-mail-sent", Who.VISITOR, ("account_email_verification_sent",), goto("/accounts/confirm-email/")),
    PageKind("e-mail-confirm", Who.VISITOR, ("account_confirm_email",), goto("/accounts/confirm-email/used-up/")),
    PageKind("sessions", Who.CUSTOMER, ("usersessions_list",), goto("/accounts/sessions/")),
    PageKind("inactive", Who.VISITOR, ("account_inactive",), goto("/accounts/inactive/")),
    PageKind("reauthenticate", Who.CUSTOMER, ("account_reauthenticate",), goto("/accounts/reauthenticate/")),
    PageKind("mailbox", Who.VISITOR, ("demo_mailbox",), goto("/demo/mailbox/")),
    PageKind("error-404", Who.VISITOR, (), goto("/no/such/page/")),
    PageKind("error-403", Who.CUSTOMER, (), goto("/console/")),
    PageKind("error-form-too-old", Who.VISITOR, (), _stale_form),
    PageKind("error-400", Who.VISITOR, (), made("400.html", too_much=True)),
    PageKind("error-500", Who.VISITOR, (), made("500.html")),
    PageKind("mail-aside", Who.LEAD, ("portal:mail_aside",), goto("/mail/aside/")),
    PageKind("queue", Who.REP, ("agents:queue",), goto("/console/")),
    PageKind("queue-nothing", Who.REP, ("agents:queue",), goto("/console/?q=purple+giraffe")),
    PageKind(
        "ticket-draft",
        Who.REP,
        ("agents:ticket", "agents:triage_pane", "agents:news", "agents:arrivals"),
        found("/console/tickets/{}/", DRAFTED),
    ),
    PageKind("ticket-passages", Who.REP, ("agents:passages",), _passages_found),
    PageKind("macros", Who.LEAD, ("agents:macros", "agents:edit_macro"), _macros),
    PageKind("macro-errors", Who.LEAD, ("agents:new_macro",), _macro_with_errors),
    PageKind("keys", Who.REP, ("agents:queue",), _keys),
    PageKind("ticket-high-touch", Who.REP, ("agents:ticket",), found("/console/tickets/{}/", HIGH_TOUCH)),
    PageKind("preview", Who.REP, ("agents:preview",), _preview),
    PageKind("report", Who.LEAD, ("agents:report",), goto("/console/report/")),
    PageKind("report-requests", Who.LEAD, ("agents:report_requests",), _report_requests),
    PageKind("drafting", Who.LEAD, ("agents:drafting",), goto("/console/drafting/")),
    PageKind("ladder", Who.LEAD, ("agents:ladder",), goto("/console/filing/")),
    PageKind("weights", Who.LEAD, ("agents:weights",), _weights),
    PageKind("search-health", Who.LEAD, ("agents:search_health",), goto("/console/search/")),
    PageKind("erase", Who.LEAD, ("portal:erase_person",), found("/people/{}/erase/", REQUESTER)),
    PageKind("flag-article", Who.REP, ("portal:flag_article",), found("/flags/articles/{}/", ARTICLE_ID)),
    PageKind("flagged-articles", Who.EDITOR, ("flagged_articles",), goto("/cms/articles/flagged/"), ours=False),
    PageKind("articles-due", Who.EDITOR, ("article_reviews_due",), goto("/cms/articles/due/"), ours=False),
    PageKind("dead-links", Who.EDITOR, ("article_dead_links",), goto("/cms/articles/dead-links/"), ours=False),
    PageKind(
        "missing-pictures",
        Who.EDITOR,
        ("article_missing_pictures",),
        goto("/cms/articles/missing-pictures/"),
        ours=False,
    ),
    PageKind("emergency", Who.LEAD, ("article_emergency", "article_emergencies"), _emergency, ours=False),
    PageKind("synonym", Who.EDITOR, (), goto("/cms/snippets/kb/synonym/add/"), ours=False),
    PageKind("pin", Who.EDITOR, (), goto("/cms/snippets/kb/pin/add/"), ours=False),
    PageKind("effect", Who.EDITOR, (), _effect, ours=False),
    PageKind("editors-dashboard", Who.EDITOR, ("wagtailadmin_home",), goto("/cms/"), ours=False),
)

# Named addresses that are no page of their own, each with its reason; the test asks those of POST with a GET.
ONLY_POST = "a button of another page"
FOR_PROGRAMS = "read by search engines and readers of feeds"
NO_PAGE = {
    "healthz": "JSON for load balancers",
    "media": "an editor's picture",
    "robots": FOR_PROGRAMS,
    "sitemap": FOR_PROGRAMS,
    "sitemap_part": FOR_PROGRAMS,
    "kb:feed": FOR_PROGRAMS,
    "kb:section_feed": FOR_PROGRAMS,
    "portal:attachment": "a download",
    "portal:decide_on_mail": ONLY_POST,
    "article_still_right": ONLY_POST,
    "article_emergency_reviewed": ONLY_POST,
    "portal:judge_reply": ONLY_POST,
    "portal:judge_article": ONLY_POST,
    "settle_article": ONLY_POST,
    "portal:reply": ONLY_POST,
    "portal:close_ticket": ONLY_POST,
    "portal:reopen_ticket": ONLY_POST,
    "portal:suggestions": ONLY_POST,
    "agents:take": ONLY_POST,
    "agents:leave": ONLY_POST,
    "agents:look_up": ONLY_POST,
    "agents:cite": ONLY_POST,
    "agents:use_macro": ONLY_POST,
    "agents:macro_active": ONLY_POST,
    "agents:single_keys": ONLY_POST,
    "agents:report_table": "a CSV file",
    "agents:keep": ONLY_POST,
    "agents:send": ONLY_POST,
    "agents:note": ONLY_POST,
    "agents:withdraw": ONLY_POST,
    "agents:take_back": ONLY_POST,
    "agents:use_draft": ONLY_POST,
    "agents:reject_draft": ONLY_POST,
    "agents:use_step": ONLY_POST,
    "agents:read_again": ONLY_POST,
    "agents:category": ONLY_POST,
    "agents:priority": ONLY_POST,
    "agents:rung": ONLY_POST,
    "agents:assignee": ONLY_POST,
    "agents:screening": ONLY_POST,
    "agents:solve": ONLY_POST,
    "agents:reopen": ONLY_POST,
    "account_set_password": "for people who never had one; everyone here has",
    "account_confirm_login_code": "signing in by a code is off",
}


class Browsing:
    """Browsers of the people who look at pages."""

    def __init__(self, browser: Browser, sessions: Sessions, site: RunningSite) -> None:
        self.site = site
        self._browser = browser
        self._sessions = sessions

    @contextlib.contextmanager
    def page(self, kind: PageKind) -> Iterator[Page]:
        """A page of that kind, open in a browser of its own."""
        cookies = None if kind.who is Who.VISITOR else self._sessions.cookies(kind.who.value)
        context = self._browser.new_context(viewport={"width": 1280, "height": 900}, storage_state=cookies)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        kind.open(page, self.site)
        yield page
        context.close()
