"""What leads decided about drafting for the whole site. Append-only: the newest decision counts, the others are why."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DraftingDecision(models.Model):
    is_on = models.BooleanField()
    reason = models.CharField(max_length=300, blank=True, help_text=_("In the lead's words, for every rep to read."))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="triage_drafting_off_has_a_reason", condition=Q(is_on=True) | ~Q(reason="")),
        ]
