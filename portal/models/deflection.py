"""What was shown beside a request before it was filed: the ledger behind any claim of deflection."""

from django.db import models

from portal.models.tickets import Ticket


class DeflectionShown(models.Model):
    """One article that stood beside the form, where, and whether the writer opened it."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="shown_articles")
    # No constraint: an article deleted at this very moment must never cost somebody their request.
    article = models.ForeignKey("kb.ArticlePage", models.SET_NULL, null=True, related_name="+", db_constraint=False)
    position = models.PositiveSmallIntegerField()
    opened = models.BooleanField(default=False)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["ticket", "article"], name="shown_once")]
