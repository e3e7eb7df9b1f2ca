"""`bench pages`: how long each kind of page takes to arrive, with one client, on the product's own web server.

Every page is asked for by real HTTP as the people who see it, signed in by the form. Times are those of whole pages.
"""

from collections.abc import Sequence
from pathlib import Path

from django.urls import reverse

from agents.bench_browser import Answer, Browser
from agents.bench_kinds import CMS, KINDS, Kind, Who
from agents.bench_server import running_server
from agents.bench_site import BenchSite, Subjects, bench_site
from portal.demo import demo_password
from triage.evaluation.metrics import percentile
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import with_progress

REQUESTS = 40
WARM_UP = 6
TARGET_MS = 100.0
_LOGINS = {
    Who.CUSTOMER: "customer@demo.example",
    Who.REP: "rep@demo.example",
    Who.LEAD: "lead@demo.example",
    Who.EDITOR: "editor@demo.example",
}


def bench_pages(articles: Path | None, *, workers: int = 1, kinds: Sequence[Kind] = KINDS) -> Report:
    """Measure every kind of page, on the demo and, with `articles`, on those beside it."""
    with bench_site(articles) as site, running_server(site.database, workers=workers, files=site.files) as server:
        browsers = _browsers(server.port)
        measured = {
            kind.name: (kind, _measure(kind, browsers[kind.who], site.subjects))
            for kind in with_progress(kinds, "page kinds")
        }
        resident = server.resident_megabytes()
    figures: Figures = {
        "articles": site.subjects.articles,
        "tickets": site.subjects.tickets,
        "requests_per_page": REQUESTS,
        "target_p95_ms": TARGET_MS,
        "over_target": sum(_is_over(answers) for kind, answers in measured.values() if kind.group != CMS),
        "rss_mb": resident,
        "pages": {name: _row(answers) for name, (kind, answers) in measured.items() if kind.group != CMS},
        "cms": {name: _row(answers) for name, (kind, answers) in measured.items() if kind.group == CMS},
    }
    return Report("pages", figures, _notes(site))


def _browsers(port: int) -> dict[Who, Browser]:
    browsers = {who: Browser(port, number) for number, who in enumerate(Who, 1)}
    for who, email in _LOGINS.items():
        browsers[who].sign_in(reverse("account_login"), email, demo_password())
    browsers[Who.VISITOR].get(reverse("account_login"))  # for the cookie that a form needs
    return browsers


def _measure(kind: Kind, browser: Browser, subjects: Subjects) -> list[Answer]:
    """The answer of each visit after the warm-up. Raises RuntimeError for a wrong page."""
    answers: list[Answer] = []
    for n in range(WARM_UP + REQUESTS):
        path = kind.address(subjects, n)
        answer = browser.post(path, kind.fields(subjects, n)) if kind.fields else browser.get(path)
        if answer.status != kind.status:
            raise RuntimeError(f"{kind.name} ({path}) answered {answer.status} and not {kind.status}")
        answers.append(answer)
    return answers[WARM_UP:]


def _row(answers: list[Answer]) -> Figures:
    return {
        "p50_ms": _p(answers, 0.5),
        "p95_ms": _p(answers, 0.95),
        "cpu_ms": percentile([answer.processor for answer in answers], 0.5),
        "queries": answers[-1].queries,
        "bytes": len(answers[-1].body),
        "target": "over" if _is_over(answers) else "met",
    }


def _p(answers: list[Answer], share: float) -> float:
    return percentile([answer.milliseconds for answer in answers], share)


def _is_over(answers: list[Answer]) -> bool:
    return _p(answers, 0.95) >= TARGET_MS


def _notes(site: BenchSite) -> tuple[str, ...]:
    size = f"{site.subjects.articles} articles and {site.subjects.tickets} requests"
    return (
        f"one client, {REQUESTS} requests a page after {WARM_UP} to warm up; the target: p95 under {TARGET_MS:.0f} ms",
        f"the longest section, article and conversation of {size}; every search asks for something else",
        "cpu_ms: median of the web server's processor time; the rest is the database, the network and other work",
        "the pages of the editing system are listed apart: the target is not theirs",
    )
