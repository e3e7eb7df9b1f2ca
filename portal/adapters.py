"""Where django-allauth meets the outbox: it sends nothing itself, it files fixed notices.

Invariant: no text travels; the mailer writes each notice from its own template and makes the links there.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from portal.models import Notice, OutboxEntry, User

NOTICE_OF_TEMPLATE = {
    "account/email/email_confirmation": Notice.EMAIL_CONFIRMATION,
    "account/email/email_confirmation_signup": Notice.EMAIL_CONFIRMATION,
    "account/email/password_reset_key": Notice.PASSWORD_RESET,
    "account/email/account_already_exists": Notice.ACCOUNT_EXISTS,
}


class OutboxAccountAdapter(DefaultAccountAdapter):
    """Turns each of allauth's mails into an outbox row of (notice, ids)."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """File the notice that belongs to `template_prefix`; one to an address nobody has is dropped."""
        notice = NOTICE_OF_TEMPLATE.get(template_prefix, Notice.ACCOUNT_CHANGED)
        if notice is Notice.EMAIL_CONFIRMATION:
            address = EmailAddress.objects.filter(email__iexact=email, user=context["user"]).first()
            if address is not None:
                OutboxEntry.objects.create(notice=notice, email_address=address)
            return
        user = User.objects.filter(email=email.lower()).first()
        if user is not None:
            OutboxEntry.objects.create(notice=notice, user=user)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that rate limits count by, as the web server vouches for it."""
        return str(request.META.get("REMOTE_ADDR", ""))
