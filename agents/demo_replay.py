"""Plays the demo's requests through the product's own actions, each in the name of whoever would have done it.

Replies leave by `agents.sending`, so by release(), from a session row of the demo person who sends: the loader has no
way around the guard. The sessions end with the replay.
"""

import gzip
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Min
from django.http import HttpRequest
from django.utils import timezone

from agents.actions.reviews import reject_draft
from agents.demo_dates import Tick
from agents.demo_script import DemoRequest, Event, Verb
from agents.drafttext import draft_text
from agents.sending import send_reply
from kb.enqueue import enqueue
from kb.models import ArticlePage
from portal.actions.tickets import (
    Filing,
    ShownArticle,
    add_customer_message,
    add_note,
    file_ticket,
    set_assignee,
    set_category,
    set_priority,
    solve_ticket,
)
from portal.models import Category, Message, Ticket, User
from portal.permissions import is_rep
from portal.signals import message_received
from triage.models import Draft
from triage.receivers import enqueue_triage
from triage.tasks import triage_message

Think = Callable[[list[int], "Replay"], None]
ABOUT_DRAFTS = {Verb.SENDS_DRAFT, Verb.EDITS_DRAFT, Verb.REJECTS_DRAFT}
READING_TIME = timedelta(seconds=20)


class Replay:
    """One pass over the requests. `think` triages the messages it is given; None: a worker will, later."""

    def __init__(self, people: Mapping[str, User], *, think: Think | None) -> None:
        self.people = people
        self.think = think
        self.ticks: list[Tick] = []
        self._tickets: dict[str, Ticket] = {}
        self._came: dict[int, datetime] = {}
        """When each first message came in the story."""
        self._sessions: dict[str, HttpRequest] = {}

    def run(self, requests: Sequence[DemoRequest]) -> None:
        """Play what is not there yet: file in order, read what somebody acts on a draft of, then act in order.

        What nobody has read by then goes to the worker, open requests first: those of the past keep none waiting.
        """
        new = [request for request in requests if not Ticket.objects.filter(filing_key=request.filing_key).exists()]
        with _nobody_listening():
            for request in new:
                self.tick(request.moment)
                self._file(request)
            drafted = [self._tickets[r.key].pk for r in new if any(event.verb in ABOUT_DRAFTS for event in r.events)]
            if self.think is not None:
                self.think(list(_unread(drafted)), self)
            acts = [(event, request) for request in new for event in request.events]
            try:
                for event, request in sorted(acts, key=lambda act: act[0].moment):
                    self.tick(event.moment)
                    self._act(event, request)
            finally:
                self._sign_out()
        self.tick(timezone.now())
        for message_id in _unread([ticket.pk for ticket in self._tickets.values()]):
            enqueue(triage_message, message_id)

    def tick(self, planned: datetime) -> None:
        """What is written from now on happened at `planned` in the story."""
        self.ticks.append(Tick(timezone.now(), planned))

    def tick_for_reading(self, message_id: int) -> None:
        """What is written from now on happened a few seconds after this message came."""
        self.tick(self._came[message_id] + READING_TIME)

    def _act(self, event: Event, request: DemoRequest) -> None:
        actor, ticket = self.people[event.who], self._tickets[request.key]
        if is_rep(actor):
            self._take(actor, ticket, request)
        self._do(actor, ticket, request, event)
        ticket.refresh_from_db()

    def _file(self, request: DemoRequest) -> None:
        pages = dict(
            ArticlePage.objects.filter(source_path__in=[p for p, _ in request.shown]).values_list("source_path", "pk")
        )
        filing = Filing(
            subject=request.subject,
            text=request.on_its_days(request.text),
            filing_key=request.filing_key,
            language=request.language,
            attachments=_files(request, request.file),
            shown=[
                ShownArticle(article_id=pages[path], position=position, opened=opened)
                for position, (path, opened) in enumerate(request.shown, start=1)
            ],
        )
        ticket = file_ticket(actor=self.people[request.by], filing=filing, verified=request.is_verified)
        self._tickets[request.key] = ticket
        self._came[ticket.messages.values_list("pk", flat=True)[0]] = request.moment

    def _take(self, actor: User, ticket: Ticket, request: DemoRequest) -> None:
        """The first of the staff who acts on a request says what it is about and becomes responsible."""
        if request.category and ticket.category is None:
            set_category(actor=actor, ticket=ticket, category=Category.objects.get(slug=request.category))
            if request.priority:
                set_priority(actor=actor, ticket=ticket, priority=request.priority)
            if ticket.assignee is None:
                set_assignee(actor=actor, ticket=ticket, assignee=actor)

    def _do(self, actor: User, ticket: Ticket, request: DemoRequest, event: Event) -> None:
        text = request.on_its_days(event.text)
        match event.verb:
            case Verb.WRITES:
                add_customer_message(actor=actor, ticket=ticket, text=text, attachments=_files(request, event.file))
            case Verb.REPLIES:
                self._send(actor, ticket, text, None)
            case Verb.EDITS_DRAFT:
                self._send(actor, ticket, text, _draft_for(ticket))
            case Verb.SENDS_DRAFT:
                draft = _draft_for(ticket)
                self._send(actor, ticket, draft_text(draft) if draft is not None else text, draft)
            case Verb.REJECTS_DRAFT:
                if draft := _draft_for(ticket):
                    reject_draft(actor=actor, ticket=ticket, draft=draft, reason=event.detail, comment=text)
            case Verb.NOTES:
                add_note(actor=actor, ticket=ticket, text=text)
            case Verb.SETS:
                self._set(actor, ticket, dict(part.split("=") for part in event.detail.split()))
            case Verb.SOLVES:
                solve_ticket(actor=actor, ticket=ticket)

    def _set(self, actor: User, ticket: Ticket, fields: Mapping[str, str]) -> None:
        if "priority" in fields:
            set_priority(actor=actor, ticket=ticket, priority=fields["priority"])
        if "assignee" in fields:
            set_assignee(actor=actor, ticket=ticket, assignee=self.people[fields["assignee"]])

    def _send(self, actor: User, ticket: Ticket, text: str, draft: Draft | None) -> None:
        send_reply(
            actor=actor,
            session_key=str(self._sign_in(actor).session.session_key),
            ticket=ticket,
            version=ticket.version,
            text=text,
            draft=draft,
            undo_seconds=0,
        )

    def _sign_in(self, actor: User) -> HttpRequest:
        """A session as the sign-in page makes it, for release() to find; one for each person."""
        if actor.email not in self._sessions:
            request = HttpRequest()
            request.META["REMOTE_ADDR"] = "127.0.0.1"
            request.session, request.user = SessionStore(), actor
            login(request, actor, backend=settings.AUTHENTICATION_BACKENDS[0])
            UserSession.objects.create_from_request(request)
            self._sessions[actor.email] = request
        return self._sessions[actor.email]

    def _sign_out(self) -> None:
        keys = [request.session.session_key for request in self._sessions.values()]
        for request in self._sessions.values():
            logout(request)
        UserSession.objects.filter(session_key__in=keys).delete()


def _unread(ticket_ids: Sequence[int]) -> Iterator[int]:
    """The messages of these requests that triage has not read and the sweep would find, those of open ones first."""
    inbound = Message.objects.inbound().filter(ticket__in=ticket_ids)
    first = set(inbound.values("ticket").annotate(first=Min("pk")).values_list("first", flat=True))
    for is_open in (True, False):
        for pk, status in inbound.filter(triage_run=None).order_by("pk").values_list("pk", "ticket__status"):
            if (status == Ticket.Status.OPEN) is is_open and (is_open or pk in first):
                yield pk


def _draft_for(ticket: Ticket) -> Draft | None:
    """The draft that a rep would see: for the newest message, if triage wrote one."""
    draft = Draft.objects.filter(ticket=ticket).order_by("-pk").first()
    return draft if draft is not None and not draft.is_stale() else None


def _files(request: DemoRequest, name: str) -> list[SimpleUploadedFile]:
    if not name:
        return []
    content = request.file_text(name).encode()
    if name.endswith(".gz"):
        return [SimpleUploadedFile(name, gzip.compress(content, mtime=0), "application/gzip")]
    return [SimpleUploadedFile(name, content, "text/plain")]


@contextmanager
def _nobody_listening() -> Iterator[None]:
    """Messages of long ago are read where they are played, or not at all: none may stand in the worker's queue."""
    message_received.disconnect(dispatch_uid="triage.message_received")
    try:
        yield
    finally:
        message_received.connect(enqueue_triage, dispatch_uid="triage.message_received")
