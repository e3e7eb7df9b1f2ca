"""The throw-away site that pages are measured on: the demo, a long conversation, and articles of somebody's if given.

Everything comes in by the product's own importer, forms and triage, but for the filler of the queue and of one long
conversation, which is written in bulk: a hundred messages triaged one by one would measure triage.
"""

import contextlib
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_plus

from django.core.management import call_command
from django.db import connection
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Length
from django.test.utils import override_settings

from agents.bench_server import file_settings
from agents.demo_loading import load as load_demo
from kb.importing import import_directory
from kb.models import ArticleIndexPage, ArticlePage, SourceText
from portal.database import using
from portal.models import Message, MessageBody, Ticket, User
from portal.permissions import follow_token
from triage.evaluation.knowledge import throwaway_site
from triage.models import Draft

IMPORTED = "Imported"
ROLES = ("web", "worker", "mailer")
FILLER_TICKETS = 90
LONG_MESSAGES = 100
_FOREIGN = ("sourdough starter hydration", "train timetable saturday", "guitar string gauge", "mortgage rate forecast")
_CODES = ("HF-2104", "HF-3302", "SQLSTATE[42S02]", "0x80070005", "ENOSPC")
_PARAGRAPH = (
    "We looked again this morning and it is still the same. The box was restarted, the cable was changed, and the job "
    "was started by hand. The log shows the same lines as before.\n\nIs there anything else that we can try here?"
)


@dataclass(frozen=True)
class Subjects:
    """What the pages under measurement are about."""

    customer: User
    section: str
    section_id: int
    short_article: str
    long_article: str
    long_article_id: int
    short: Ticket
    long: Ticket
    drafted: Ticket
    undrafted: Ticket
    token: str
    questions: tuple[str, ...]
    articles: int
    tickets: int
    foreign: tuple[str, ...] = _FOREIGN
    codes: tuple[str, ...] = _CODES
    words: tuple[str, ...] = ("backup", "restore", "sync", "invoice", "printer")

    @staticmethod
    def quoted(words: tuple[str, ...], n: int) -> str:
        return quote_plus(words[n % len(words)])


@dataclass(frozen=True)
class BenchSite:
    database: str
    files: Path
    subjects: Subjects


@contextlib.contextmanager
def bench_site(articles: Path | None) -> Iterator[BenchSite]:
    """A whole site to visit; its database and its files are gone at the end."""
    with tempfile.TemporaryDirectory(prefix="handrail-bench-") as directory, throwaway_site(also=ROLES) as database:
        files = Path(directory)
        with override_settings(**file_settings(files)):
            call_command("collectstatic", interactive=False, verbosity=0)
            with using(role="web", database=database):  # the demo's replies go through release(), as anybody's
                # Tasks run here and now, so the index refuses the web's role once an article; then the worker does it.
                logging.disable(logging.ERROR)
                cast = load_demo()
                logging.disable(logging.INFO)
            if articles is not None:
                import_directory(articles, actor=cast.editor, section=IMPORTED)
            long = _fill(cast.customer)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            yield BenchSite(database, files, _subjects(cast.customer, long))


def _fill(customer: User) -> Ticket:
    """Requests for a second page of the queue, and one with a long conversation; the long one."""
    tickets = Ticket.objects.bulk_create(
        Ticket(
            requester=customer,
            organisation=customer.membership.organisation,
            identity_verified=True,
            subject=f"Backup of computer {number} is slower than before",
        )
        for number in range(FILLER_TICKETS)
    )
    _write(tickets, 1)
    _write(tickets[:1], LONG_MESSAGES - 1)
    return Ticket.objects.get(pk=tickets[0].pk)


def _write(tickets: list[Ticket], count: int) -> None:
    messages = Message.objects.bulk_create(
        Message(ticket=ticket, direction=Message.Direction.INBOUND, author=ticket.requester)
        for ticket in tickets
        for _ in range(count)
    )
    MessageBody.objects.bulk_create(MessageBody(message=message, text=_PARAGRAPH) for message in messages)


def _subjects(customer: User, long: Ticket) -> Subjects:
    pages = ArticlePage.objects.live().filter(audience="public")
    text = SourceText.objects.filter(article=OuterRef("pk")).order_by("-pk").values(length=Length("text"))[:1]
    by_length = list(pages.annotate(length=Subquery(text)).filter(length__isnull=False).order_by("length"))
    section = ArticleIndexPage.objects.live().order_by("-numchild")[0]
    own = Ticket.objects.filter(requester=customer)
    drafted = Draft.objects.exclude(reviews__verdict="rejected").order_by("-pk")[0].ticket
    undrafted = Ticket.objects.filter(triage_runs__isnull=False, drafts__isnull=True).order_by("-pk")[0]
    titles = by_length[:: max(1, len(by_length) // 40)]
    return Subjects(
        customer=customer,
        section=section.url or "/",
        section_id=section.pk,
        short_article=by_length[0].url or "/",
        long_article=by_length[-1].url or "/",
        long_article_id=by_length[-1].pk,
        short=own.filter(triage_runs__isnull=False).order_by("pk")[0],
        long=long,
        drafted=drafted,
        undrafted=undrafted,
        token=follow_token(undrafted),
        questions=tuple(page.title for page in titles),
        articles=len(by_length),
        tickets=Ticket.objects.count(),
    )
