"""The ladder's record: decisions of leads, requests checked blind, rights earned and lost, values applied.

Everything is append-only. What a person chose is never written here: it is read from the audit trail, where the first
change after a draw is the label of a blind check, and the first change after an application a disagreement.
"""

from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from portal.models import AuditEvent
from triage.choices import FieldName, LadderReason

# Urgency is an escalation, and proposed only; a check constraint holds it wherever a value could be applied.
_NEVER_URGENT = ~Q(field=FieldName.PRIORITY, value="urgent")


class LadderPolicy(models.Model):
    """What leads decided for the whole site; the newest counts. Without any, nothing is checked and nothing applied."""

    applies = models.BooleanField(help_text=_("Triage files what it has earned."))
    one_in = models.PositiveSmallIntegerField(help_text=_("One request in so many is checked blind; 0: none."))
    one_in_earned = models.PositiveSmallIntegerField(help_text=_("The same while the value's right is earned."))
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="triage_what_applies_is_checked",
                condition=Q(applies=False) | Q(one_in__gt=0, one_in_earned__gt=0),
            ),
        ]


class RungSwitch(models.Model):
    """A lead's word on one value of one field; the newest counts."""

    field = models.CharField(max_length=8, choices=FieldName.choices)
    value = models.CharField(max_length=100)
    is_on = models.BooleanField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["field", "value", "-id"], name="triage_rung_switch")]


_Row = TypeVar("_Row", bound=models.Model)


class ChosenByPeopleQuerySet(models.QuerySet[_Row]):
    """Reads of rows with a ticket and a field, beside what a person chose there first."""

    def with_choices(self) -> "models.QuerySet[Any]":
        """With `choice_event` and `choice`: what a person said first since, and None where nobody has."""
        first = choices_of_people().order_by("pk")
        return self.annotate(
            choice_event=Subquery(first.values("pk")[:1]), choice=Subquery(first.values("details__after")[:1])
        )

    def unchosen(self) -> "ChosenByPeopleQuerySet[_Row]":
        return self.exclude(Exists(choices_of_people()))


def choices_of_people() -> "models.QuerySet[AuditEvent]":
    """What people chose for the outer row's `ticket` and `field`: the audit trail knows no other author of it."""
    verb = Concat(Value("ticket."), OuterRef("field"), Value("_changed"))
    return AuditEvent.objects.filter(ticket_id=OuterRef("ticket_id"), verb=verb, actor__isnull=False)


class BlindCheck(models.Model):
    """A request whose proposed value nobody sees until a person has chosen one: the only sample that counts."""

    run = models.ForeignKey("triage.Run", models.PROTECT, related_name="blind_checks")
    ticket = models.ForeignKey("portal.Ticket", models.PROTECT, related_name="+")
    field = models.CharField(max_length=8, choices=FieldName.choices)
    value = models.CharField(max_length=100, help_text=_("What triage proposed."))
    one_in = models.PositiveSmallIntegerField(help_text=_("The rate it was drawn at."))
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChosenByPeopleQuerySet["BlindCheck"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "field"], name="triage_one_blind_check_per_field"),
        ]
        indexes = [models.Index(fields=["field", "value", "id"], name="triage_blind_checks_of")]


class LadderChange(models.Model):
    """A right that was earned or lost, with the evidence of that moment."""

    field = models.CharField(max_length=8, choices=FieldName.choices)
    value = models.CharField(max_length=100)
    reason = models.CharField(max_length=8, choices=LadderReason.choices)
    n = models.PositiveIntegerField(help_text=_("Blind checks."))
    right = models.PositiveIntegerField()
    lower = models.FloatField(help_text=_("The precision proven."))
    bar = models.FloatField()
    error = models.FloatField(help_text=_("The chance that a value at or under the bar earns the right at all."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(name="triage_urgent_earns_nothing", condition=_NEVER_URGENT)]
        indexes = [models.Index(fields=["field", "value", "-id"], name="triage_ladder_changes_of")]

    @property
    def is_earned(self) -> bool:
        return self.reason == LadderReason.PROVEN


class AppliedValue(models.Model):
    """A value that was put into an empty field without a click, with what stood behind it then."""

    run = models.ForeignKey("triage.Run", models.PROTECT, related_name="applied_values")
    ticket = models.ForeignKey("portal.Ticket", models.PROTECT, related_name="+")
    change = models.ForeignKey(LadderChange, models.PROTECT, related_name="+")
    field = models.CharField(max_length=8, choices=FieldName.choices)
    value = models.CharField(max_length=100)
    n = models.PositiveIntegerField()
    right = models.PositiveIntegerField()
    lower = models.FloatField()
    bar = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ChosenByPeopleQuerySet["AppliedValue"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["ticket", "field"], name="triage_applied_once"),
            models.CheckConstraint(name="triage_urgent_is_never_applied", condition=_NEVER_URGENT),
            models.CheckConstraint(name="triage_applied_above_the_bar", condition=Q(lower__gte=F("bar"))),
        ]
        indexes = [models.Index(fields=["field", "value", "id"], name="triage_applied_of")]
