"""Erasure: not a word of the person is left in any table, file, queue, mail or page; and others keep theirs."""

from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.urls import reverse

from agents.models import Approval, Review
from portal.actions.erasure import files_left
from portal.mail.deliver import send_entry
from portal.models import (
    Attachment,
    AuditEvent,
    DeflectionShown,
    Message,
    MessageBody,
    OutboxEntry,
    ReleasePayload,
    Ticket,
    User,
)
from tests.conftest import Site
from tests.factories import make_organisation, make_ticket, make_user, sign_in
from tests.guard.conftest import session
from tests.guard.erasing import ADDRESS, TOMBSTONE, WORDS, Case, files_with, redis_keys_with, rows_with, tell_the_story
from triage.models import Run


@pytest.fixture
def case(site: Site) -> Case:
    return tell_the_story(site)


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
