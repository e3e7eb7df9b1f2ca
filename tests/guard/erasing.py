"""A person whose words stand in every place that keeps any, and where to look for them afterwards."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from allauth.account.models import EmailAddress, EmailConfirmation
from celery import current_app
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg import sql

from agents.actions.compositions import keep_words
from agents.actions.reviews import reject_draft
from portal.actions.erasure import erase_person
from portal.actions.tickets import add_note
from portal.models import (
    DeflectionShown,
    Notice,
    OutboxEntry,
    Ticket,
    User,
)
from tests.conftest import Site
from tests.factories import make_organisation, make_rep, make_ticket, make_user, sign_in
from tests.guard.conftest import RELEASE, Scene, session, session_of
from triage.models import Draft, DraftSentence, FieldProposal, LogFinding, NextStep, Run
from triage.running import run_triage

NAME, ADDRESS, SECOND_ADDRESS = "Zebulon Quackenbush", "zebulon@quackenbush.example", "zeb@marmoset.example"
WORDS = ("zebulon", "quackenbush", "marmoset", "xylograph", "balderdash", "thaumaturge")
ERASE = "SELECT public.erase_person(%s, %s)"
TOMBSTONE = "Erased at the person's request."


@dataclass(frozen=True)
class Case:
    """A person with words of theirs in every place that keeps any, and a lead who is signed in."""

    scene: Scene
    person: User
    tickets: tuple[Ticket, ...]
    lead: User
    lead_session: str

    @property
    def site(self) -> Site:
        return self.scene.site

    def erase(self, **options: float) -> object:
        return erase_person(actor=self.lead, session_key=self.lead_session, person=self.person, **options)


def tell_the_story(site: Site) -> Case:
    """Through the product's own actions and pages wherever there is one."""
    rep, lead = make_rep("Rita"), make_rep("Lea", lead=True)
    person = make_user(NAME, email=ADDRESS, organisation=make_organisation())
    second = EmailAddress.objects.create(user=person, email=SECOND_ADDRESS)
    EmailConfirmation.create(second)
    OutboxEntry.objects.create(notice=Notice.EMAIL_CONFIRMATION, email_address=second)
    OutboxEntry.objects.create(notice=Notice.PASSWORD_RESET, user=person)
    log = SimpleUploadedFile("thaumaturge.log", b"ERROR balderdash failed\n" * 5, content_type="text/plain")
    ticket = make_ticket(person, subject="The xylograph stops", text="Our xylograph fails, says Zebulon.", files=[log])
    other = make_ticket(person, subject="Xylograph again", text="A second xylograph, at marmoset.")
    DeflectionShown.objects.create(ticket=ticket, article_id=7, position=1)
    scene = Scene(site, ticket, rep, session_of(rep))
    with site.as_role("worker"):
        run_triage(ticket.messages.get().pk, task_id="t")
        draft = store_copies(other)
    reject_draft(actor=rep, ticket=other, draft=draft, reason="other", comment="Zebulon means a balderdash.")
    add_note(actor=rep, ticket=ticket, text="Quackenbush called about the xylograph.")
    with session(site, "web") as web:
        for text, appears in (("About your xylograph, Zebulon:", None), ("And the balderdash:", later())):
            payload = scene.payload(text, subject="Re: The xylograph stops", recipients=[ADDRESS])
            web.execute(RELEASE, scene.arguments(payload, visible_from=appears))
            web.commit()
    keep_words(actor=rep, ticket=ticket, version=3, text="Dear Zebulon, the xylograph", note="ask quackenbush")
    administrator = sign_in(make_user("Ada", is_staff=True, is_superuser=True))
    administrator.post(
        reverse("admin:portal_user_change", args=[person.pk]),
        {"email": ADDRESS, "display_name": NAME, "kind": "human", "language": "en", "is_active": "on"},
    )
    administrator.post(reverse("admin:account_emailaddress_change", args=[second.pk]), {"email": SECOND_ADDRESS})
    client = sign_in(person)
    client.get(reverse("portal:ticket", args=[ticket.reference]))
    Client().post(reverse("account_login"), {"login": ADDRESS, "password": "xylograph"})
    return Case(scene, person, (ticket, other), lead, session_of(lead))


def later() -> object:
    return timezone.now() + timedelta(hours=1)


def store_copies(ticket: Ticket) -> Draft:
    """What a pipeline that found much would have stored, the customer's words in each part."""
    message = ticket.messages.get()
    run = Run.objects.create(
        message=message,
        ticket=ticket,
        state="done",
        finished_at=timezone.now(),
        outputs={"retrieve": {"query": "a second xylograph"}},
        embedding=[0.5] * 384,
        embedding_version="test",
        failure_detail="xylograph",
    )
    draft = Draft.objects.create(run=run, ticket=ticket, answers=message)
    finding = LogFinding.objects.create(
        run=run, position=0, line_no=1, kind="error", head="balderdash", text="xylograph"
    )
    DraftSentence.objects.create(draft=draft, position=0, text=f"Hello {NAME},", kind="needs_words")
    DraftSentence.objects.create(
        draft=draft, position=1, text="balderdash", quote="balderdash", kind="quoted", log_finding=finding
    )
    FieldProposal.objects.create(run=run, field="priority", value="high", reasons=["the message says xylograph"])
    NextStep.objects.create(run=run, position=0, kind="question", text="Which xylograph?", reason="two marmosets")
    return draft


def rows_with(site: Site, words: tuple[str, ...]) -> dict[str, list[str]]:
    """Every table of the database with the words that any column of any row of it holds, whatever its type."""
    found: dict[str, list[str]] = {}
    with session(site, "owner") as owner:
        tables = owner.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
        for (table,) in tables:
            query = sql.SQL("SELECT lower(to_jsonb(t)::text) FROM {} t").format(sql.Identifier(str(table)))
            for (row,) in owner.execute(query).fetchall():
                held = [word for word in words if word in str(row)]
                if held:
                    found.setdefault(str(table), []).extend(held)
    for stored in Session.objects.all():
        if any(word in json.dumps(stored.get_decoded()).lower() for word in words):
            found.setdefault("django_session", []).append("(decoded)")
    return found


def files_with(words: tuple[str, ...]) -> list[str]:
    """Every file that Handrail keeps, but for the engines' own: by name and by content."""
    data = Path(settings.HANDRAIL_DATA)
    places = [Path(storages["attachments"].location), Path(settings.MEDIA_ROOT), data / "logs", data / "mailbox"]  # type: ignore[attr-defined]
    files = [file for place in places if place.is_dir() for file in place.rglob("*") if file.is_file()]
    return [
        str(file)
        for file in files
        if any(w in str(file).lower() or w.encode() in file.read_bytes().lower() for w in words)
    ]


def redis_keys_with(words: tuple[str, ...]) -> list[str]:
    with current_app.connection_for_read() as connection:
        client = connection.channel().client  # type: ignore[attr-defined]
        return [
            key.decode(errors="replace")
            for key in client.scan_iter()
            if any(word.encode() in (key + (client.dump(key) or b"")).lower() for word in words)
        ]


def erase_somebody(standing_scene: Scene) -> Case:
    """A person with one request, who was erased."""
    lead = make_rep("Lea", lead=True)
    person = make_user(NAME, organisation=make_organisation())
    case = Case(standing_scene, person, (make_ticket(person),), lead, session_of(lead))
    case.erase()
    return case
