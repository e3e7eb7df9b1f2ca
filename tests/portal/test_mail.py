"""Mail against a real SMTP server on loopback: sent once, postponed, refused, and never resent blindly after a kill."""

import asyncio
import email
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message as Mail

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.utils import timezone
from pytest_django import Settings

from agents.processes import free_port
from portal.environment import BASE_DIR
from portal.mail.compose import mail_of_payload
from portal.mail.deliver import MAX_ATTEMPTS, STUCK_AFTER, deliver_due, set_stuck_aside
from portal.models import AuditEvent, Message, MessageStop, OutboxEntry
from tests.conftest import Site
from tests.factories import make_ticket
from tests.guard.conftest import RELEASE, Scene, scene, session  # noqa: F401 - a fixture
from tests.running import wait_until

State = OutboxEntry.State


class Server:
    """A mail server that keeps what it gets and answers as told."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.answer = "250 OK"
        self.hang_seconds = 0.0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            self.mails.append(email.message_from_bytes(envelope.original_content or b""))
        if self.hang_seconds:
            await asyncio.sleep(self.hang_seconds)
        return self.answer


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    yield handler
    controller.stop()


def release(scene: Scene, text: str = "Please restart the agent.", **changes: object) -> OutboxEntry:  # noqa: F811
    with session(scene.site, "web") as rep:
        rep.execute(RELEASE, scene.arguments(scene.payload(text), **changes))
        rep.commit()
    return OutboxEntry.objects.get(message__payload__text=text)


def deliver(scene: Scene) -> int:  # noqa: F811
    with scene.site.as_role("mailer"):
        return deliver_due()


def test_a_released_reply_is_mailed_once_and_is_the_preview(scene: Scene, server: Server) -> None:  # noqa: F811
    entry = release(scene)
    assert deliver(scene) == 2  # the receipt of the filing, and the reply
    assert deliver(scene) == 0
    entry.refresh_from_db()
    assert entry.state == State.SENT
    reply = next(mail for mail in server.mails if "Re:" in str(mail["Subject"]))
    assert entry.message is not None
    assert entry.message.payload is not None
    preview = mail_of_payload(entry.message.payload)
    body = reply.get_payload(0).get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert body.replace("\r\n", "\n").strip() == preview.text.strip()
    assert reply["To"] == scene.ticket.requester.email
    assert "Rita" in str(reply["From"])


def test_receipt_and_reply_thread_together(scene: Scene, server: Server) -> None:  # noqa: F811
    release(scene)
    deliver(scene)
    assert len({mail["References"] for mail in server.mails}) == 1
    assert len({mail["Message-ID"] for mail in server.mails}) == 2


def test_a_receipt_says_that_nobody_has_read_the_request_yet(scene: Scene, server: Server) -> None:  # noqa: F811
    deliver(scene)
    (receipt,) = server.mails
    body = receipt.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert "nobody has read your request yet" in body
    assert receipt["Auto-Submitted"] == "auto-generated"


def test_a_reply_that_is_not_visible_yet_is_not_mailed(scene: Scene, server: Server) -> None:  # noqa: F811
    release(scene, visible_from=timezone.now() + timedelta(seconds=60))
    assert deliver(scene) == 1  # the receipt alone
    assert not any("Re:" in str(mail["Subject"]) for mail in server.mails)


def test_a_stopped_reply_is_never_mailed(scene: Scene, server: Server) -> None:  # noqa: F811
    entry = release(scene, visible_from=timezone.now() + timedelta(milliseconds=300))
    assert entry.message is not None
    MessageStop.objects.create(message=entry.message, reason="withdrawn", stopped_by=scene.rep)
    time.sleep(0.4)
    deliver(scene)
    entry.refresh_from_db()
    assert entry.state == State.HELD
    assert not any("Re:" in str(mail["Subject"]) for mail in server.mails)


@pytest.mark.parametrize(
    ("answer", "state"), [("451 greylisted, come back", State.QUEUED), ("550 no such mailbox", State.FAILED)]
)
def test_a_refusal_is_retried_or_shown(scene: Scene, server: Server, answer: str, state: str) -> None:  # noqa: F811
    server.answer = answer
    assert deliver(scene) == 0
    entry = OutboxEntry.objects.get()
    assert entry.state == state
    assert entry.failure == f"refused_{answer[:3]}"


def test_a_refusal_for_now_does_not_go_on_for_ever(scene: Scene, server: Server) -> None:  # noqa: F811
    server.answer = "451 come back"
    with scene.site.as_role("mailer"):
        OutboxEntry.objects.update(attempts=MAX_ATTEMPTS - 1)
    deliver(scene)
    assert OutboxEntry.objects.get().state == State.FAILED


def test_mail_waits_for_a_server_that_is_down(scene: Scene, settings: Settings) -> None:  # noqa: F811
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert deliver(scene) == 0
    entry = OutboxEntry.objects.get()
    assert (entry.state, entry.failure) == (State.QUEUED, "unreachable")
    assert entry.due_at > timezone.now()


# A mailer's start on a machine that runs all of `make test` beside it.
MAILER_SECONDS = 120
MAILER = """
import os, sys
os.environ.update(DJANGO_SETTINGS_MODULE="portal.settings", HANDRAIL_DB_ROLE="mailer")
import django
django.setup()
from django.db import connections
connections["default"].settings_dict["NAME"] = sys.argv[1]
from portal.mail.deliver import deliver_due
print("delivering", flush=True)
deliver_due()
"""


def test_a_mailer_killed_while_sending_never_sends_twice(scene: Scene, server: Server) -> None:  # noqa: F811
    """SIGKILL after the server took the mail and before it was marked sent: a person decides, nothing is resent."""
    deliver(scene)
    entry = release(scene)
    server.hang_seconds = 30
    environment = {
        **os.environ,
        "HANDRAIL_SMTP_HOST": "127.0.0.1",
        "HANDRAIL_SMTP_PORT": str(settings.EMAIL_PORT),
    }
    mailer = subprocess.Popen([sys.executable, "-c", MAILER, scene.site.name], cwd=BASE_DIR, env=environment)
    wait_until(lambda: len(server.mails) == 2, seconds=MAILER_SECONDS, describe="the server took the mail")
    mailer.send_signal(signal.SIGKILL)
    mailer.wait()
    server.hang_seconds = 0
    assert len(server.mails) == 2
    entry.refresh_from_db()
    assert entry.state == State.IN_FLIGHT
    assert deliver(scene) == 0
    with scene.site.as_role("mailer"):
        OutboxEntry.objects.filter(pk=entry.pk).update(claimed_at=timezone.now() - STUCK_AFTER - timedelta(seconds=1))
        assert set_stuck_aside() == 1
    assert deliver(scene) == 0
    entry.refresh_from_db()
    assert entry.state == State.STUCK
    assert len(server.mails) == 2


def test_two_mailers_at_once_send_each_mail_once(site: Site, server: Server) -> None:
    for number in range(12):
        make_ticket(subject=f"Request {number}")
    environment = {**os.environ, "HANDRAIL_SMTP_HOST": "127.0.0.1", "HANDRAIL_SMTP_PORT": str(settings.EMAIL_PORT)}
    mailers = [
        subprocess.Popen([sys.executable, "-c", MAILER, site.name], cwd=BASE_DIR, env=environment) for _ in range(2)
    ]
    assert [mailer.wait(MAILER_SECONDS) for mailer in mailers] == [0, 0]
    assert len(server.mails) == 12
    assert len({mail["Message-ID"] for mail in server.mails}) == 12


def test_the_audit_trail_knows_what_was_sent(scene: Scene, server: Server) -> None:  # noqa: F811
    deliver(scene)
    assert AuditEvent.objects.filter(verb="mail.sent").count() == 1


def test_an_outbox_row_has_no_text() -> None:
    texts = [f.name for f in OutboxEntry._meta.get_fields() if isinstance(f, models.TextField | models.JSONField)]
    assert texts == []


def test_files_of_a_request_survive(site: Site) -> None:
    ticket = make_ticket(files=[SimpleUploadedFile("agent.log", b"ERROR 17", "text/plain")])
    (attachment,) = Message.objects.get(ticket=ticket).attachments.all()
    with attachment.open() as file:
        assert file.read() == b"ERROR 17"
