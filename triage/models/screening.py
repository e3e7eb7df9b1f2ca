"""What people said of a request where the screen may be wrong: spam or not, a duplicate or not. Append-only.

The newest word about each of the two counts. It orders the queue, teaches the screen, and hides nothing.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from triage.choices import About


class ScreeningWord(models.Model):
    ticket = models.ForeignKey("portal.Ticket", models.PROTECT, related_name="screening_words")
    about = models.CharField(max_length=9, choices=About.choices)
    holds = models.BooleanField(help_text=_("That it is; else that it is not."))
    duplicate_of = models.ForeignKey("portal.Ticket", models.PROTECT, null=True, blank=True, related_name="+")
    machine_said = models.BooleanField(help_text=_("Whether triage said that it is, when the person spoke."))
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["ticket", "about", "-id"], name="triage_screening_newest")]
        constraints = [
            models.CheckConstraint(
                name="triage_duplicate_names_another",
                condition=Q(about="duplicate", holds=True, duplicate_of__isnull=False) & ~Q(duplicate_of=F("ticket"))
                | Q(duplicate_of__isnull=True) & ~Q(about="duplicate", holds=True),
            ),
        ]
