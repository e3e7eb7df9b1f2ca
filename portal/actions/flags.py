"""Calling an article wrong, and dealing with it: staff say so, editors of that article answer for it."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from kb.models import ArticlePage
from kb.redaction import redact
from portal import audit
from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import ArticleFlag, ArticleSettlement, Ticket, User
from portal.permissions import audiences_for, audiences_of_requester, is_person, is_rep


def may_flag(user: User | AnonymousUser, article: ArticlePage, ticket: Ticket | None = None) -> bool:
    """Whether this is a rep who reads the article: by an audience of their own, or on a request they may open."""
    if not is_rep(user) or not isinstance(user, User):
        return False
    audiences = audiences_for(user)
    if ticket is not None and Ticket.objects.visible_to(user).filter(pk=ticket.pk).exists():
        audiences |= audiences_of_requester(ticket)
    return article.may_be_read_by(audiences)


def may_settle(user: User | AnonymousUser, article: ArticlePage) -> bool:
    """Whether this person may change the article, by Wagtail's permissions."""
    if not is_person(user) or not user.has_perm("wagtailadmin.access_admin"):
        return False
    return bool(article.permissions_for_user(user).can_edit())


def flag_article(
    *, actor: User, article: ArticlePage, reason: str, comment: str, ticket: Ticket | None = None
) -> ArticleFlag:
    """Tell the editors that `article` is wrong. The request it was noticed on stands in the audit trail alone."""
    if not may_flag(actor, article, ticket):
        raise NotAllowedError
    if reason not in ArticleFlag.Reason.values:
        raise InvalidRequestError(_("Choose what is wrong with it. Nothing was changed."))
    with transaction.atomic():
        flag = ArticleFlag.objects.create(
            article_id=article.pk,
            revision_id=article.live_revision_id,
            reason=reason,
            comment=redact(comment.strip()).text[:500],
            flagged_by=actor,
        )
        ticket_id = ticket.pk if ticket is not None else None
        audit.record(
            "article.flagged", actor=actor, target=flag, ticket_id=ticket_id, article=article.pk, reason=reason
        )
    return flag


def settle_article(*, actor: User, article: ArticlePage, up_to: datetime) -> ArticleSettlement:
    """The editor has dealt with everything said of `article` until `up_to`, which is what they saw."""
    if not may_settle(actor, article):
        raise NotAllowedError
    with transaction.atomic():
        settled = ArticleSettlement.objects.create(
            article_id=article.pk, up_to=min(up_to, timezone.now()), settled_by=actor
        )
        audit.record("article.settled", actor=actor, target=settled, article=article.pk)
    return settled
