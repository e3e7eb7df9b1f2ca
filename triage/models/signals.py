"""What leads decided about the weights of priority's signals. Append-only: the newest of a signal counts.

A signal that nobody decided about weighs what it was shipped with.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from triage.weights import LEAST, MOST


class SignalDecision(models.Model):
    code = models.CharField(max_length=24, help_text=_("Of the signal, as in triage/urgency.py."))
    weight_before = models.SmallIntegerField()
    weight = models.SmallIntegerField()
    was_on = models.BooleanField()
    is_on = models.BooleanField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["code", "-id"], name="triage_signal_newest")]
        constraints = [
            models.CheckConstraint(
                name="triage_signal_weight_in_bounds", condition=Q(weight__gte=LEAST, weight__lte=MOST)
            ),
        ]
