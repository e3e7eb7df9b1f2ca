"""Erasure: not a word of the person is left in any table, file or queue; and nobody else can do it or undo it."""

import json
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
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
from agents.models import Approval, Composition, Review
from portal.actions.erasure import erase_person, files_left
from portal.actions.tickets import add_customer_message, add_note
from portal.errors import ErasedError, ErasureRefusedError, NotAllowedError, SessionEndedError
from portal.mail.deliver import send_entry
from portal.models import (
    Attachment,
    AuditEvent,
    DeflectionShown,
    Message,
    MessageBody,
    Notice,
    OutboxEntry,
    ReleasePayload,
    Ticket,
    User,
)
from tests.conftest import Site
from tests.factories import make_organisation, make_rep, make_ticket, make_user, sign_in
from tests.guard.conftest import RELEASE, Scene, session, session_of
from tests.guard.test_privileges import REFUSED, ROLES
from triage.actions.runs import begin_run, store_outcome
from triage.gathering import gather, get_message
from triage.models import Draft, DraftSentence, FieldProposal, LogFinding, NextStep, NoDraftReason, Run
from triage.pipeline import run_pipeline
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


@pytest.fixture
def case(site: Site) -> Case:
    return tell_the_story(site)


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


def test_not_a_word_is_left_anywhere(case: Case) -> None:
    before = rows_with(case.site, WORDS)
    for table in (
        "portal_user",
        "portal_ticket",
        "portal_messagebody",
        "portal_releasepayload",
        "portal_attachment",
        "account_emailaddress",
        "django_session",
        "django_admin_log",
        "triage_run",
        "triage_logfinding",
        "triage_draftsentence",
        "triage_fieldproposal",
        "triage_nextstep",
        "agents_composition",
        "agents_review",
    ):
        assert table in before, f"the story puts nothing into {table}"
    assert files_with(WORDS)
    digests = list(ReleasePayload.objects.order_by("pk").values_list("digest", flat=True))

    done = case.erase()

    assert getattr(done, "is_complete", False)
    assert rows_with(case.site, WORDS) == {}
    assert files_with(WORDS) == []
    assert redis_keys_with(WORDS) == []
    assert list(ReleasePayload.objects.order_by("pk").values_list("digest", flat=True)) == digests
    assert (Message.objects.count(), Approval.objects.count(), Run.objects.count()) == (5, 2, 2)
    assert set(MessageBody.objects.values_list("text", flat=True)) == {TOMBSTONE}
    assert not Run.objects.exclude(embedding=None).exists()
    assert not DeflectionShown.objects.exists()


def test_others_keep_their_words(case: Case) -> None:
    neighbour = make_ticket(make_user("Nan", organisation=make_organisation()), text="A xylograph of my own.")
    case.erase()
    assert neighbour.messages.with_text().get().text == "A xylograph of my own."
    assert Ticket.objects.get(pk=neighbour.pk).subject == "Backups stop"


def test_it_is_audited_and_can_be_run_again(case: Case) -> None:
    case.erase()
    first = User.objects.get(pk=case.person.pk)
    case.erase()
    again = User.objects.get(pk=case.person.pk)
    assert (again.erased_at, again.email) == (first.erased_at, f"erased-{case.person.pk}@erased.invalid")
    assert (again.get_full_name(), again.is_active) == ("Erased person", False)
    assert not again.has_usable_password()
    events = AuditEvent.objects.filter(target="portal.user", target_id=case.person.pk, verb__startswith="person.")
    assert [event.verb for event in events].count("person.erased") == 1
    assert {event.actor_id for event in events} == {case.lead.pk}


def test_the_person_may_come_back_as_somebody_new(case: Case) -> None:
    case.erase()
    assert make_ticket(make_user("Zeb", email=ADDRESS)).pk not in [ticket.pk for ticket in case.tickets]


def test_mail_that_has_not_left_does_not_leave(case: Case) -> None:
    case.erase()
    assert set(OutboxEntry.objects.values_list("state", flat=True)) == {"held"}


def test_mail_that_was_taken_up_a_moment_before_does_not_leave(case: Case) -> None:
    """Its mailer finds the tombstone; it does not even open a connection."""
    entry = OutboxEntry.objects.filter(message__isnull=False).earliest("pk")
    with session(case.site, "mailer") as mailer:
        mailer.execute("UPDATE portal_outboxentry SET state = 'in_flight' WHERE id = %s", [entry.pk])
        mailer.commit()
    case.erase()
    with case.site.as_role("mailer"):
        assert not send_entry(OutboxEntry.objects.get(pk=entry.pk))
    entry.refresh_from_db()
    assert (entry.state, entry.failure) == ("held", "no_address")


# -- Nothing is added afterwards, nor slips through meanwhile ---------------------------------------------------------


def test_nothing_can_be_added_to_an_erased_conversation(case: Case) -> None:
    ticket, rep = case.tickets[0], case.scene.rep
    case.erase()
    with pytest.raises(ErasedError):
        add_customer_message(actor=case.person, ticket=ticket, text="Xylograph")
    with pytest.raises(ErasedError):
        add_note(actor=rep, ticket=ticket, text="Xylograph")
    with pytest.raises(ErasedError):
        keep_words(actor=rep, ticket=ticket, version=ticket.version, text="Xylograph")


MESSAGE = "INSERT INTO portal_message (ticket_id, direction, author_id, automatic)"
TICKET = """
    INSERT INTO portal_ticket (reference, filing_key, requester_id, subject, status, priority, version, channel,
        language, identity_verified, created_at, updated_at)
    VALUES (gen_random_uuid(), gen_random_uuid(), %(person)s, 'A third xylograph', 'open', 'normal', 0, 'web', 'en',
        true, now(), now())
"""
COMPOSITION = """
    INSERT INTO agents_composition (ticket_id, author_id, text, note, seen_version, updated_at)
    VALUES (%(ticket)s, %(rep)s, 'the xylograph', '', 0, now())
"""
PAYLOAD = """
    INSERT INTO portal_releasepayload (ticket_id, subject, text, html, recipients, sender_name, language, attachments,
        digest, created_by_id, created_at)
    VALUES (%(ticket)s, 'x', 'x', '', '{x}', 'x', 'en', '{}', 'x', %(rep)s, now())
"""
AFTERWARDS = [
    f"{MESSAGE} VALUES (%(ticket)s, 'inbound', %(person)s, 'none')",
    f"{MESSAGE} VALUES (%(ticket)s, 'note', %(rep)s, 'none')",
    TICKET,
    COMPOSITION,
    PAYLOAD,
    "UPDATE portal_user SET display_name = 'Zebulon' WHERE id = %(person)s",
    "UPDATE portal_user SET is_active = true WHERE id = %(person)s",
    "UPDATE portal_user SET erased_at = NULL WHERE id = %(person)s",
    "UPDATE portal_user SET erased_at = now() WHERE id = %(rep)s",
]


@pytest.mark.parametrize("statement", AFTERWARDS)
def test_the_database_refuses_to_add_to_or_undo_an_erasure(erased: Case, statement: str) -> None:
    named = {"ticket": erased.tickets[0].pk, "person": erased.person.pk, "rep": erased.scene.rep.pk}
    with session(erased.site, "web") as web, pytest.raises(psycopg.errors.IntegrityError) as refusal:
        web.execute(statement.encode(), named)
    assert refusal.value.sqlstate == "23H09"


@pytest.fixture(scope="module")
def erased(standing_scene: Scene) -> Case:
    """A person who was erased, for a module of refusals."""
    lead = make_rep("Lea", lead=True)
    person = make_user(NAME, organisation=make_organisation())
    case = Case(standing_scene, person, (make_ticket(person),), lead, session_of(lead))
    case.erase()
    return case


def test_a_release_into_an_erased_conversation_is_refused(case: Case) -> None:
    payload = case.scene.payload("Xylograph", recipients=[ADDRESS])
    case.erase()
    with session(case.site, "web") as web, pytest.raises(psycopg.errors.IntegrityError):
        web.execute(RELEASE, case.scene.arguments(payload))
    assert rows_with(case.site, WORDS) == {}


def test_words_on_their_way_while_it_runs_are_found(case: Case) -> None:
    """A rep's page keeps words, a customer's message is being stored: neither has committed when erasure begins."""
    with session(case.site, "web") as keeping, session(case.site, "web") as filing:
        named = {"ticket": case.tickets[1].pk, "rep": case.lead.pk, "person": case.person.pk}
        keeping.execute(COMPOSITION, named)
        filing.execute(TICKET, named)

        def commit_later() -> None:
            time.sleep(0.7)
            keeping.commit()
            filing.commit()

        committing = threading.Thread(target=commit_later)
        committing.start()
        done = case.erase()
        committing.join(10)
    assert getattr(done, "is_complete", False)
    assert rows_with(case.site, WORDS) == {}
    assert not Composition.objects.filter(ticket__in=case.tickets).exists()


def test_it_says_so_when_something_under_way_does_not_end(case: Case) -> None:
    with session(case.site, "web") as keeping:
        keeping.execute("UPDATE portal_cache SET value = '' WHERE cache_key = 'nothing'")
        keeping.execute("SELECT pg_current_xact_id()")
        done = case.erase(wait_seconds=0.2)
        keeping.rollback()
    assert not getattr(done, "is_complete", True)
    assert getattr(case.erase(), "is_complete", False)


def test_a_run_that_read_before_stores_nothing_after(case: Case) -> None:
    message = add_customer_message(actor=case.person, ticket=case.tickets[1], text="One more xylograph.")
    with case.site.as_role("worker"):
        read = get_message(message.pk)
        assert read is not None
        run = begin_run(message=read, task_id="t", pipeline_version="1", actor=None)
        assert run is not None
        gathered = gather(read)
        outcome = run_pipeline(gathered.request)
    case.erase()
    with case.site.as_role("worker"):
        stored = store_outcome(run=run, outcome=outcome, inputs=gathered.inputs, input_digest="x", actor=None)
    assert stored.no_draft_reason == NoDraftReason.ERASED
    assert rows_with(case.site, WORDS) == {}


# -- Files ------------------------------------------------------------------------------------------------------------


def test_files_that_cannot_be_deleted_are_said_and_finished_later(case: Case) -> None:
    stored = Path(storages["attachments"].path(Attachment.objects.get().storage_name))
    stored.unlink()
    (stored / "in the way").mkdir(parents=True)
    done = case.erase()
    assert (getattr(done, "files_left", 0), getattr(done, "is_complete", True)) == (1, False)
    assert files_left(case.person) == 1
    (stored / "in the way").rmdir()
    assert getattr(case.erase(), "is_complete", False)
    assert files_left(case.person) == 0


# -- Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [role for role in ROLES if role != "web"])
def test_only_web_may_ask_for_an_erasure(erased: Case, role: str) -> None:
    person = make_user("Kit")
    with session(erased.site, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(ERASE, [person.pk, erased.lead_session])
    assert User.objects.get(pk=person.pk).erased_at is None


def test_neither_a_rep_nor_the_person_nor_a_stranger_erases(erased: Case) -> None:
    person = make_user("Kim")
    for actor, key, refusal in (
        (erased.scene.rep, erased.scene.session_key, NotAllowedError),
        (person, session_of(person), NotAllowedError),
        (erased.lead, "no-such-session", SessionEndedError),
    ):
        with pytest.raises(refusal):
            erase_person(actor=actor, session_key=key, person=person)
    assert User.objects.get(pk=person.pk).email == person.email


def test_an_administrator_may(erased: Case) -> None:
    person, administrator = make_user("Kay"), make_user("Ada", is_staff=True, is_superuser=True)
    erase_person(actor=administrator, session_key=session_of(administrator), person=person)
    assert User.objects.get(pk=person.pk).erased_at is not None


def test_who_works_here_or_answered_is_not_erased(erased: Case) -> None:
    former = make_user("Former")
    with session(erased.site, "owner") as owner:
        assert owner.execute("SELECT 1 FROM portal_message WHERE released_by_id = %s", [former.pk]).fetchone() is None
    for person in (erased.scene.rep, erased.lead, make_user("Ada", is_staff=True)):
        with pytest.raises(ErasureRefusedError):
            erase_person(actor=erased.lead, session_key=erased.lead_session, person=person)
        assert User.objects.get(pk=person.pk).erased_at is None


@pytest.mark.parametrize("role", ROLES)
def test_no_role_erases_by_hand(erased: Case, role: str) -> None:
    for statement in (
        "UPDATE portal_messagebody SET text = 'x'",
        "UPDATE portal_releasepayload SET text = 'x'",
        "UPDATE portal_attachment SET name = 'x'",
        "UPDATE portal_ticket SET subject = 'x'",
        "UPDATE portal_ticket SET erased_at = NULL",
    ):
        with session(erased.site, role) as connection:
            try:
                connection.execute(statement.encode())
            except psycopg.Error as refusal:
                assert refusal.sqlstate in {REFUSED, "23H06"}  # noqa: PT017
            else:
                assert (role, "portal_ticket" in statement) == ("owner", True)  # its own table; nothing runs as it
            connection.rollback()


# -- The page ---------------------------------------------------------------------------------------------------------


def test_the_page_asks_for_the_address_and_then_erases(case: Case) -> None:
    lead = sign_in(case.lead)
    address = reverse("portal:erase_person", args=[case.person.pk])
    assert ADDRESS in lead.get(address).content.decode()
    refused = lead.post(address, {"address": "somebody@example.org"})
    assert refused.status_code == 422
    assert User.objects.get(pk=case.person.pk).erased_at is None
    assert lead.post(address, {"address": f" {ADDRESS.upper()} "}).status_code == 302
    shown = lead.get(address).content.decode()
    assert "Erased on" in shown
    assert not any(word in shown.lower() for word in WORDS)
    assert lead.post(address).status_code == 302  # again, without typing


def test_the_page_is_for_leads_and_administrators(standing_scene: Scene) -> None:
    """The clone of the module is enough: nobody is erased here."""
    address = reverse("portal:erase_person", args=[make_user("Kid").pk])
    assert standing_scene.outbound() == 0
    assert sign_in(make_rep("Rex")).get(address).status_code == 404
    assert sign_in(make_user("Cust")).post(address, {"address": "x"}).status_code == 404
    assert Client().get(address).status_code == 302


def test_the_rep_sees_when_it_was_erased_and_nothing_else(case: Case) -> None:
    case.erase()
    rep = sign_in(case.scene.rep)
    shown = rep.get(reverse("agents:ticket", args=[case.tickets[0].pk])).content.decode()
    assert TOMBSTONE.replace("'", "&#x27;") in shown
    assert "Erased on" in shown
    assert not any(word in shown.lower() for word in WORDS)
    queue = rep.get(f"{reverse('agents:queue')}?show=all").content.decode().lower()
    assert not any(word in queue for word in WORDS)
    file = Attachment.objects.get()
    got = rep.get(reverse("portal:attachment", args=[case.tickets[0].reference, file.public_id]))
    assert got.status_code == 404
    assert Review.objects.get().comment == ""
