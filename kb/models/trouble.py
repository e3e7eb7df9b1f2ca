"""Spells in which search answered by words alone: since when, how often and why, and nothing of what was asked."""

from django.db import models


class SearchTrouble(models.Model):
    """One spell of one reason. `times` counts at least so many searches: each process writes now and then."""

    reason = models.CharField(max_length=30)
    began_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["-last_at"], name="kb_trouble_latest")]

    def __str__(self) -> str:
        return f"{self.reason}: {self.times}"
