"""Turns an outbox row into the mail that leaves: a released payload as it stands, or a fixed notice.

The preview that a rep sees and the mail that is sent are made by the same function from the same payload.
"""

from dataclasses import dataclass
from email.utils import formataddr
from urllib.parse import urljoin, urlsplit

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from portal.models import Notice, OutboxEntry, ReleasePayload, Ticket
from portal.permissions import follow_token


@dataclass(frozen=True)
class MailText:
    """What a mail says and to whom; threading headers come from the conversation."""

    subject: str
    text: str
    html: str
    recipients: tuple[str, ...]
    sender: str


def mail_of_payload(payload: ReleasePayload) -> MailText:
    """The mail of a released reply, exactly as its preview shows it; the templates only wrap."""
    with translation.override(payload.language):
        context = {
            "payload": payload,
            "ticket": payload.ticket,
            "link": _link_to(payload.ticket),
            "site": settings.HANDRAIL_NAME,
        }
        return MailText(
            subject=f"{payload.subject} [#{payload.ticket_id}]",
            text=render_to_string("portal/mail/reply.txt", context),
            html=render_to_string("portal/mail/reply.html", context),
            recipients=tuple(payload.recipients),
            sender=formataddr((f"{payload.sender_name} · {settings.HANDRAIL_NAME}", settings.DEFAULT_FROM_EMAIL)),
        )


def mail_of_notice(entry: OutboxEntry) -> MailText:
    """The mail of a fixed notice. Links with a key are made here and stored nowhere."""
    user = entry.user or (entry.ticket.requester if entry.ticket else None)
    address = _address_of(entry)
    recipient = address.email if address is not None else user.email if user is not None else ""
    person = user or (address.user if address is not None else None)
    language = (
        entry.ticket.language if entry.ticket else person.language if person is not None else settings.LANGUAGE_CODE
    )
    context = {"site": settings.HANDRAIL_NAME, "ticket": entry.ticket, "link": _notice_link(entry), "person": person}
    with translation.override(language):
        subject = render_to_string(f"portal/mail/{entry.notice}_subject.txt", context).strip()
        text = render_to_string(f"portal/mail/{entry.notice}.txt", context)
    return MailText(subject, text, "", (recipient,), formataddr((settings.HANDRAIL_NAME, settings.DEFAULT_FROM_EMAIL)))


def build_mail(entry: OutboxEntry) -> EmailMultiAlternatives:
    """The whole mail of an outbox row, with headers that keep a conversation together."""
    message = entry.message
    mail = mail_of_payload(message.payload) if message is not None and message.payload else mail_of_notice(entry)
    headers = {"Message-ID": f"<handrail-outbox-{entry.pk}@{_domain()}>"}
    if entry.notice:
        headers["Auto-Submitted"] = "auto-generated"
    ticket = message.ticket if message is not None else entry.ticket
    if ticket is not None:
        root = f"<handrail-request-{ticket.reference}@{_domain()}>"
        headers |= {"References": root, "In-Reply-To": root, "X-Handrail-Request": str(ticket.pk)}
    built = EmailMultiAlternatives(mail.subject, mail.text, mail.sender, list(mail.recipients), headers=headers)
    if mail.html:
        built.attach_alternative(mail.html, "text/html")
    return built


def _address_of(entry: OutboxEntry) -> EmailAddress | None:
    """The address that a notice is about; None when its owner removed it since."""
    return EmailAddress.objects.select_related("user").filter(pk=entry.email_address_id).first()


def _domain() -> str:
    return urlsplit(settings.HANDRAIL_PUBLIC_URL).hostname or "localhost"


def _absolute(path: str) -> str:
    return urljoin(f"{settings.HANDRAIL_PUBLIC_URL}/", path.lstrip("/"))


def _link_to(ticket: Ticket) -> str:
    """Where the customer reads on: by account, or by signed link for a request filed without one."""
    if ticket.identity_verified:
        return _absolute(reverse("portal:ticket", args=[ticket.reference]))
    return _absolute(reverse("portal:follow", args=[follow_token(ticket)]))


def _notice_link(entry: OutboxEntry) -> str:
    if entry.notice == Notice.REQUEST_RECEIVED and entry.ticket is not None:
        return _link_to(entry.ticket)
    address = _address_of(entry)
    if entry.notice == Notice.EMAIL_CONFIRMATION and address is not None:
        return _absolute(reverse("account_confirm_email", args=[EmailConfirmationHMAC(address).key]))
    if entry.notice == Notice.PASSWORD_RESET and entry.user is not None:
        key = f"{user_pk_to_url_str(entry.user)}-{default_token_generator.make_token(entry.user)}"
        return _absolute(
            reverse(
                "account_reset_password_from_key", kwargs=dict(zip(("uidb36", "key"), key.split("-", 1), strict=True))
            )
        )
    return _absolute(reverse("account_login"))
