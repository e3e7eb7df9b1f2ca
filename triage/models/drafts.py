"""Drafts: sentences with a source each, for a rep to read beside those sources.

A draft is text for one person at a desk. It lives where the portal cannot import it, so there is no flag to forget.
"""

from django.db import models

from triage.models.runs import Run


class Draft(models.Model):
    run = models.OneToOneField(Run, models.CASCADE, related_name="draft")
    ticket = models.ForeignKey("portal.Ticket", models.PROTECT, related_name="drafts")
    answers = models.ForeignKey("portal.Message", models.PROTECT, related_name="drafts")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["ticket", "-id"], name="triage_draft_latest")]

    def is_stale(self) -> bool:
        """Tell whether the customer wrote again since, or a cited source is no longer the live text of its article."""
        return self.has_newer_message()

    def has_newer_message(self) -> bool:
        newer = type(self.answers).objects.filter(ticket_id=self.ticket_id, direction="inbound", id__gt=self.answers_id)
        return newer.exclude(automatic__in=["auto_reply", "bounce"]).exists()
