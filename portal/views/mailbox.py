"""The demo's mailbox: what the mailer sent, read from disk. Exists only while the demo's own mail server runs."""

import email.policy
import mailbox
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

PER_PAGE = 20


@dataclass(frozen=True)
class ReadMail:
    """One mail as a mail program would show it."""

    sender: str
    recipient: str
    subject: str
    date: str
    text: str


def demo_mailbox(request: HttpRequest) -> HttpResponse:
    """List the mails, newest first; 404 on any site that sends real mail."""
    if not settings.HANDRAIL_DEMO:
        raise Http404
    box = mailbox.Maildir(str(settings.HANDRAIL_DATA / "mailbox"), create=False)
    try:
        keys = sorted(box.keys(), reverse=True)
    except FileNotFoundError:
        keys = []
    page = Paginator(keys, PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/mailbox.html", {"page": page, "mails": [_read(box.get_bytes(key)) for key in page]})


def _read(raw: bytes) -> ReadMail:
    mail = message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    body = mail.get_body(("plain",))
    return ReadMail(
        sender=str(mail["From"]),
        recipient=str(mail["To"]),
        subject=str(mail["Subject"]),
        date=str(mail["Date"]),
        text=body.get_content() if body is not None else "",
    )
