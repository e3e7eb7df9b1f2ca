"""Hears of changed passwords from allauth, and of articles that one person put out alone from kb.

Whoever knew the old password is signed out, in the database too: Django notices an outdated session when it next asks
for a page; release() asks nobody but the session's row. Emergencies stand in the audit trail, which kb does not know.
"""

from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from kb.models import ArticleApproval, EmergencyFinding
from portal import audit
from portal.actions.accounts import end_sessions
from portal.models import User


@receiver([password_changed, password_set], dispatch_uid="portal.password_changed")
def end_other_sessions(*, request: HttpRequest, user: User, **_: Any) -> None:
    end_sessions(actor=user, user=user, but_for=request.session.session_key or "")


@receiver(password_reset, dispatch_uid="portal.password_reset")
def end_every_session(*, user: User, **_: Any) -> None:
    end_sessions(actor=user, user=user)


@receiver(post_save, sender=ArticleApproval, dispatch_uid="portal.audit_emergency")
def audit_emergency(*, instance: ArticleApproval, **_: Any) -> None:
    if instance.basis == ArticleApproval.Basis.EMERGENCY:
        ids = {"article": instance.article_id, "revision": instance.revision_id}
        audit.record("article.published_alone", actor=instance.published_by, target=instance, **ids)


@receiver(post_save, sender=EmergencyFinding, dispatch_uid="portal.audit_finding")
def audit_finding(*, instance: EmergencyFinding, **_: Any) -> None:
    ids = {"article": instance.emergency.article_id, "revision": instance.emergency.revision_id}
    verb = "article.found_right" if instance.was_right else "article.found_wrong"
    audit.record(verb, actor=instance.found_by, target=instance, **ids)
