"""Organisations, who belongs to them, and who works here.

Invariant: what an account may be subject to is read from these rows, never predicted. No row means an unknown account.
"""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """An account. A high-touch one is served by its named engineer (or deputy) and by no automation at all."""

    class Kind(models.TextChoices):
        STANDARD = "standard", _("Standard")
        HIGH_TOUCH = "high_touch", _("High-touch")
        UNKNOWN = "unknown", _("Unknown")

    name = models.CharField(_("name"), max_length=200, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.UNKNOWN)
    engineer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("engineer")
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("deputy")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["standard", "high_touch", "unknown"]), name="organisation_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """The one organisation that a person belongs to."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, related_name="membership")
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="memberships")

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")


class StaffRole(models.Model):
    """That somebody works here as a rep or a lead. release() reads these rows."""

    class Role(models.TextChoices):
        REP = "rep", _("Rep")
        LEAD = "lead", _("Lead")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="staff_roles")
    role = models.CharField(_("role"), max_length=8, choices=Role)

    class Meta:
        verbose_name = _("staff role")
        verbose_name_plural = _("staff roles")
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="staff_role_once"),
            models.CheckConstraint(condition=models.Q(role__in=["rep", "lead"]), name="staff_role_known"),
        ]


class Team(models.Model):
    """A group of reps that requests are routed to; one of them is where requests start."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    is_default = models.BooleanField(_("where requests start"), default=False)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_team"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RateCounter(models.Model):
    """How often something happened within a fixed window; in PostgreSQL, so that it holds without Redis."""

    key = models.CharField(max_length=120)
    window = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window"], name="rate_counter_once")]
