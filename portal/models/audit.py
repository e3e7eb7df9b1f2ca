"""The audit trail: who did what to what, in ids and digests only. Append-only by grants and by trigger."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class AuditEvent(models.Model):
    """One verb. `actor` is empty for the machine's own housekeeping."""

    verb = models.CharField(max_length=60)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    target = models.CharField(max_length=60)
    target_id = models.BigIntegerField()
    ticket_id = models.BigIntegerField(null=True)
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["ticket_id", "id"], name="audit_of_ticket")]
