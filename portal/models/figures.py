"""Figures measured from the record, kept as rows so that a page reads one and measures nothing itself."""

from django.db import models

from portal.models.tickets import Category


class FirstResponse(models.Model):
    """Within how many minutes four in five of `n` requests had a first answer; `category` is empty for all of them.

    `minutes` is empty where fewer than that share have been answered. `portal.firstresponse` measures and reads it.
    """

    category = models.ForeignKey(Category, models.CASCADE, null=True, related_name="+")
    minutes = models.PositiveIntegerField(null=True)
    n = models.PositiveIntegerField()
    measured_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["category"], nulls_distinct=False, name="first_response_once")]
