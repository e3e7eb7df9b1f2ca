"""Where django-allauth meets the outbox: it sends nothing itself, it files fixed notices.

Invariant: no text travels; the mailer writes each notice from its own template and makes the links there.
"""

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed, password_reset
from django.contrib import messages
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from portal import audit
from portal.models import Notice, OutboxEntry, User

NOTICE_OF_TEMPLATE = {
    "account/email/email_confirmation": Notice.EMAIL_CONFIRMATION,
    "account/email/email_confirmation_signup": Notice.EMAIL_CONFIRMATION,
    "account/email/password_reset_key": Notice.PASSWORD_RESET,
    "account/email/account_already_exists": Notice.ACCOUNT_EXISTS,
}


class OutboxAccountAdapter(DefaultAccountAdapter):
    """Turns each of allauth's mails into an outbox row of (notice, ids), and says what went wrong in our words."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": gettext_lazy("This address and password do not go together."),
        "too_many_login_attempts": gettext_lazy("That was tried too often. Wait a few minutes, or set a new password."),
        "enter_current_password": gettext_lazy("This is not your present password."),
        "incorrect_password": gettext_lazy("This is not your password."),
        "duplicate_email": gettext_lazy("This is your address already."),
        "rate_limited": gettext_lazy("That was tried too often. Please wait a few minutes."),
    }

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
            if notice is Notice.ACCOUNT_EXISTS and not user.has_usable_password():
                # Somebody who wrote without an account: the way to one is to choose a password.
                notice = Notice.PASSWORD_RESET
            OutboxEntry.objects.create(notice=notice, user=user)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Refuse an address that somebody else wrote from without an account: their requests are not handed over."""
        address = email_address.email.lower()
        if User.objects.filter(email=address).exclude(pk=email_address.user_id).exists():
            self.add_message(
                request, messages.ERROR, "account/messages/email_confirmation_failed.txt", {"email": address}
            )
            return False
        return bool(super().confirm_email(request, email_address))

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address that rate limits count by, as the web server vouches for it."""
        return str(request.META.get("REMOTE_ADDR", ""))


@receiver(password_reset)
def trust_the_address(user: User, **_: Any) -> None:
    """Whoever opened the link that was mailed to an address has proven that it is theirs."""
    EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})
    audit.record("user.password_reset", actor=user, target=user)


@receiver(email_changed)
def record_change_of_address(user: User, **_: Any) -> None:
    """Which account moved to another address, for whoever has to find out later."""
    audit.record("user.email_changed", actor=user, target=user)
