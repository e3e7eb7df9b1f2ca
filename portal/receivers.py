"""Hears of changed passwords from allauth: whoever knew the old one is signed out, in the database too.

Django notices an outdated session when it next asks for a page; release() asks nobody but the session's row.
"""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.dispatch import receiver
from django.http import HttpRequest

from portal.actions.accounts import end_sessions
from portal.models import User


@receiver([password_changed, password_set], dispatch_uid="portal.password_changed")
def end_other_sessions(*, request: HttpRequest, user: User, **_: Any) -> None:
    end_sessions(actor=user, user=user, but_for=request.session.session_key or "")


@receiver(password_reset, dispatch_uid="portal.password_reset")
def end_every_session(*, user: User, **_: Any) -> None:
    end_sessions(actor=user, user=user)
