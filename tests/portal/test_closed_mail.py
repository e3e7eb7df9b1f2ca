"""No process but the mailer mails anybody: what editors are told of reviews stands on their start page."""

from importlib import import_module

import pytest
from django.core.cache import cache
from django.core.mail import send_mail
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal.models import OutboxEntry, User
from tests.kb.library import approve, draft, editor_named, submit
from tests.portal.test_mail import Server, server

__all__ = ["server"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def as_the_web_process(server: Server, settings: Settings) -> Server:
    """A mail server is named, and answers; this process has the settings that the web role has."""
    settings.EMAIL_BACKEND = import_module("portal.settings").EMAIL_BACKEND
    cache.clear()
    return server


def start_page(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.get(reverse("wagtailadmin_home")).content.decode()


def test_a_review_is_told_of_on_the_start_page_and_by_no_mail(as_the_web_process: Server) -> None:
    edda, lena = editor_named("Edda"), editor_named("Lena")
    state = submit(draft(edda), author=edda)
    assert "1 article waits for your review" in start_page(lena)
    assert "waits for your review" not in start_page(edda)
    state.task.specific.on_action(state, lena, "reject", comment="Which export?")
    assert "1 article came back to you" in start_page(edda)
    assert "came back to you" not in start_page(lena)
    assert as_the_web_process.mails == []
    assert not OutboxEntry.objects.exists()


def test_an_approval_mails_nobody(as_the_web_process: Server) -> None:
    edda, lena = editor_named("Edda"), editor_named("Lena")
    approve(submit(draft(edda), author=edda), reviewer=lena)
    assert "waits for your review" not in start_page(lena)
    assert as_the_web_process.mails == []


def test_mail_from_the_web_process_goes_nowhere(as_the_web_process: Server, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="portal.mail.closed"):
        assert send_mail("Subject", "Words", None, ["lena@example.org"]) == 0
    assert as_the_web_process.mails == []
    assert [record.getMessage() for record in caplog.records] == ["mail_not_sent_from_here"]


def test_the_mailer_sends(server: Server) -> None:
    assert send_mail("Subject", "Words", None, ["lena@example.org"]) == 1
    assert len(server.mails) == 1


def test_no_editor_is_offered_mails() -> None:
    client = Client()
    client.force_login(editor_named("Edda"))
    html = client.get(reverse("wagtailadmin_account")).content.decode()
    assert "theme" in html
    assert "notifications-" not in html
