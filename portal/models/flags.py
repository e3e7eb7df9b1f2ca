"""That an article was called wrong, by whom and why, and that an editor dealt with it.

Invariant: both tables are appended to, never changed. What came after the moment up to which somebody dealt with an
article stays on the list.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from portal.models.user import User


class ArticleFlag(models.Model):
    """A member of staff says what is wrong with an article, in words for its editors alone."""

    class Reason(models.TextChoices):
        WRONG = "wrong", _("It does not work, or is not true")
        OUTDATED = "outdated", _("It was right once; the product has changed")
        INCOMPLETE = "incomplete", _("A step or a case is missing")
        UNCLEAR = "unclear", _("Customers misunderstand it")

    # Flags outlive the article and the revision that they speak of.
    article_id = models.BigIntegerField()
    revision_id = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=12, choices=Reason)
    comment = models.CharField(max_length=500, blank=True)
    flagged_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["article_id", "-created_at"], name="flag_of_article")]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["wrong", "outdated", "incomplete", "unclear"]), name="flag_reason_known"
            )
        ]


class ArticleSettlement(models.Model):
    """An editor has dealt with what was said of an article until `up_to`."""

    article_id = models.BigIntegerField()
    up_to = models.DateTimeField()
    settled_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["article_id", "-up_to"], name="settlement_of_article")]
