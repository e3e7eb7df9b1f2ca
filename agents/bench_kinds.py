"""Which pages `bench pages` opens: every kind of page that somebody waits for, and the reason for each one left out.

A test compares both lists with the site's addresses, so that a new page cannot be forgotten.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.urls import reverse

from agents.bench_site import Subjects

PORTAL, CONSOLE, CMS = "portal", "console", "cms"


class Who(StrEnum):
    VISITOR = "visitor"
    CUSTOMER = "customer"
    REP = "rep"
    LEAD = "lead"
    EDITOR = "editor"


Address = Callable[[Subjects, int], str]
Fields = Callable[[Subjects, int], dict[str, str]]


@dataclass(frozen=True)
class Kind:
    """A kind of page: `address` gives the path of the nth visit, `fields` what is posted there, if anything is."""

    name: str
    route: str
    who: Who
    address: Address
    fields: Fields | None = None
    status: int = 200
    group: str = PORTAL


def _named(route: str, query: str = "") -> Address:
    return lambda _subjects, _n: reverse(route) + query


def _of(route: str, chosen: Callable[[Subjects], object], query: str = "") -> Address:
    return lambda subjects, _n: reverse(route, args=[chosen(subjects)]) + query


def _asked(route: str, questions: Callable[[Subjects], tuple[str, ...]], query: str) -> Address:
    return lambda subjects, n: reverse(route) + query + subjects.quoted(questions(subjects), n)


def _written(subjects: Subjects, n: int) -> dict[str, str]:
    question = subjects.questions[n % len(subjects.questions)]
    return {"subject": question[:60], "message": f"Since Monday this does not work: {question}"}


KINDS: tuple[Kind, ...] = (
    Kind("home", "portal:home", Who.VISITOR, _named("portal:home")),
    Kind("home, signed in", "portal:home", Who.CUSTOMER, _named("portal:home")),
    Kind("section", "wagtail_serve", Who.VISITOR, lambda s, _n: s.section),
    Kind("article, short", "wagtail_serve", Who.VISITOR, lambda s, _n: s.short_article),
    Kind("article, longest", "wagtail_serve", Who.VISITOR, lambda s, _n: s.long_article),
    Kind("article, signed in", "wagtail_serve", Who.CUSTOMER, lambda s, _n: s.long_article),
    Kind("search, empty", "kb:search", Who.VISITOR, _named("kb:search")),
    Kind("search, found", "kb:search", Who.VISITOR, _asked("kb:search", lambda s: s.questions, "?q=")),
    Kind("search, nothing", "kb:search", Who.VISITOR, _asked("kb:search", lambda s: s.foreign, "?q=")),
    Kind("search, code", "kb:search", Who.VISITOR, _asked("kb:search", lambda s: s.codes, "?q=")),
    Kind("suggestions", "portal:suggestions", Who.VISITOR, _named("portal:suggestions"), _written),
    Kind("request form", "portal:file_ticket", Who.VISITOR, _named("portal:file_ticket")),
    Kind("form, signed in", "portal:file_ticket", Who.CUSTOMER, _named("portal:file_ticket")),
    Kind("receipt", "portal:receipt", Who.CUSTOMER, _of("portal:receipt", lambda s: s.short.reference)),
    Kind("my requests", "portal:tickets", Who.CUSTOMER, _named("portal:tickets", "?show=all")),
    Kind("request, short", "portal:ticket", Who.CUSTOMER, _of("portal:ticket", lambda s: s.short.reference)),
    Kind("request, 100 messages", "portal:ticket", Who.CUSTOMER, _of("portal:ticket", lambda s: s.long.reference)),
    Kind("follow link", "portal:follow", Who.VISITOR, _of("portal:follow", lambda s: s.token), status=302),
    Kind("profile", "portal:profile", Who.CUSTOMER, _named("portal:profile")),
    Kind("sign in", "account_login", Who.VISITOR, _named("account_login")),
    Kind("sign up", "account_signup", Who.VISITOR, _named("account_signup")),
    Kind("reset password", "account_reset_password", Who.VISITOR, _named("account_reset_password")),
    Kind("change password", "account_change_password", Who.CUSTOMER, _named("account_change_password")),
    Kind("addresses", "account_email", Who.CUSTOMER, _named("account_email")),
    Kind("devices", "usersessions_list", Who.CUSTOMER, _named("usersessions_list")),
    Kind("sign out", "account_logout", Who.CUSTOMER, _named("account_logout")),
    Kind("not found", "", Who.VISITOR, lambda _s, _n: "/nothing/here/", status=404),
    Kind("queue, to answer", "agents:queue", Who.REP, _named("agents:queue"), group=CONSOLE),
    Kind("queue, waiting", "agents:queue", Who.REP, _named("agents:queue", "?show=waiting"), group=CONSOLE),
    Kind("queue, solved", "agents:queue", Who.REP, _named("agents:queue", "?show=solved"), group=CONSOLE),
    Kind("queue, all", "agents:queue", Who.REP, _named("agents:queue", "?show=all"), group=CONSOLE),
    Kind("queue, page 2", "agents:queue", Who.REP, _named("agents:queue", "?page=2"), group=CONSOLE),
    Kind(
        "queue, searched",
        "agents:queue",
        Who.REP,
        _asked("agents:queue", lambda s: s.words, "?show=all&q="),
        group=CONSOLE,
    ),
    Kind("ticket, draft", "agents:ticket", Who.REP, _of("agents:ticket", lambda s: s.drafted.pk), group=CONSOLE),
    Kind("ticket, no draft", "agents:ticket", Who.REP, _of("agents:ticket", lambda s: s.undrafted.pk), group=CONSOLE),
    Kind("ticket, 100 messages", "agents:ticket", Who.REP, _of("agents:ticket", lambda s: s.long.pk), group=CONSOLE),
    Kind(
        "triage pane", "agents:triage_pane", Who.REP, _of("agents:triage_pane", lambda s: s.drafted.pk), group=CONSOLE
    ),
    Kind("news", "agents:news", Who.REP, _of("agents:news", lambda s: s.drafted.pk), group=CONSOLE),
    Kind("preview", "agents:preview", Who.REP, _of("agents:preview", lambda s: s.drafted.pk), group=CONSOLE),
    Kind("report", "agents:report", Who.LEAD, _named("agents:report"), group=CONSOLE),
    Kind(
        "report, requests",
        "agents:report_requests",
        Who.LEAD,
        _named("agents:report_requests", "?of=filed"),
        group=CONSOLE,
    ),
    Kind("console, articles", "kb:search", Who.REP, _asked("kb:search", lambda s: s.questions, "?q="), group=CONSOLE),
    Kind(
        "passages to cite",
        "agents:passages",
        Who.REP,
        lambda s, n: reverse("agents:passages", args=[s.drafted.pk]) + "?find=" + s.quoted(s.questions, n),
        group=CONSOLE,
    ),
    Kind("mail set aside", "portal:mail_aside", Who.LEAD, _named("portal:mail_aside"), group=CONSOLE),
    Kind("drafting", "agents:drafting", Who.LEAD, _named("agents:drafting"), group=CONSOLE),
    Kind("what triage files", "agents:ladder", Who.LEAD, _named("agents:ladder"), group=CONSOLE),
    Kind("how priority is weighed", "agents:weights", Who.LEAD, _named("agents:weights"), group=CONSOLE),
    Kind("how search does", "agents:search_health", Who.LEAD, _named("agents:search_health"), group=CONSOLE),
    Kind("macros", "agents:macros", Who.REP, _named("agents:macros"), group=CONSOLE),
    Kind("new macro", "agents:new_macro", Who.REP, _named("agents:new_macro"), group=CONSOLE),
    Kind("arrivals", "agents:arrivals", Who.REP, _named("agents:arrivals", "?since=0"), group=CONSOLE),
    Kind("cms home", "wagtailadmin_home", Who.EDITOR, _named("wagtailadmin_home"), group=CMS),
    Kind(
        "cms explorer",
        "wagtailadmin_explore",
        Who.EDITOR,
        _of("wagtailadmin_explore", lambda s: s.section_id),
        group=CMS,
    ),
    Kind(
        "cms edit",
        "wagtailadmin_pages:edit",
        Who.EDITOR,
        _of("wagtailadmin_pages:edit", lambda s: s.long_article_id),
        group=CMS,
    ),
)

_VERB = "a button: it changes something and answers with a redirect to a page that is measured"
_PLUMBING = "no page that a person waits for"
_PROGRAMS = "read by search engines and readers of feeds, now and then"

UNMEASURED: dict[str, str] = {
    "healthz": _PLUMBING,
    "robots": _PROGRAMS,
    "sitemap": _PROGRAMS,
    "sitemap_part": _PROGRAMS,
    "kb:feed": _PROGRAMS,
    "kb:section_feed": _PROGRAMS,
    "media": "bytes of a picture, bound by the disk",
    "demo_mailbox": "stands only in the demo",
    "portal:reply": _VERB,
    "portal:close_ticket": _VERB,
    "portal:reopen_ticket": _VERB,
    "portal:judge_reply": _VERB,
    "portal:judge_article": _VERB,
    "portal:flag_article": "a form of two fields for staff",
    "portal:decide_on_mail": _VERB,
    "portal:erase_person": "a form with four counts, opened a few times a year",
    "portal:attachment": "bytes of a file, bound by the disk",
    "agents:single_keys": _VERB,
    "agents:edit_macro": "the form of a new macro, filled",
    "agents:macro_active": _VERB,
    "agents:use_macro": _VERB,
    "agents:take": _VERB,
    "agents:leave": _VERB,
    "agents:look_up": "passages to cite, for who has no scripts",
    "agents:cite": _VERB,
    "agents:keep": _VERB,
    "agents:send": _VERB,
    "agents:note": _VERB,
    "agents:withdraw": _VERB,
    "agents:take_back": _VERB,
    "agents:use_draft": _VERB,
    "agents:reject_draft": _VERB,
    "agents:use_step": _VERB,
    "agents:read_again": _VERB,
    "agents:category": _VERB,
    "agents:priority": _VERB,
    "agents:rung": _VERB,
    "agents:assignee": _VERB,
    "agents:screening": _VERB,
    "agents:report_table": "a file to download, built from the reads of the report",
    "agents:solve": _VERB,
    "agents:reopen": _VERB,
}
