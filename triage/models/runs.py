"""The record of a triage run: what was read, what each step put out, how long it took, what it proposes.

One run per message, for ever: a second attempt continues the same row. Nothing here reaches a customer and nothing
here is applied by itself.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from pgvector.django import HalfVectorField, HnswIndex

from portal.models import Ticket
from triage.choices import (
    Container,
    Failure,
    FieldName,
    LogFindingKind,
    NextStepKind,
    NoDraftReason,
    RunState,
    Verdict,
)

MAX_ATTEMPTS = 3
# Longer than the task's hard time limit: a run that is still "running" after it has lost its process.
STALE_AFTER = timedelta(seconds=150)


class RunQuerySet(models.QuerySet["Run"]):
    def due_again(self, now: datetime | None = None) -> "RunQuerySet":
        """Runs that need another attempt: never begun, failed with attempts left, or lost with their process."""
        lost_before = (now or timezone.now()) - STALE_AFTER
        unfinished = Q(state=RunState.PENDING) | Q(state=RunState.FAILED, attempts__lt=MAX_ATTEMPTS)
        return self.filter(unfinished | Q(state=RunState.RUNNING, started_at__lt=lost_before))

    def shareable(self) -> "RunQuerySet":
        """Runs that may teach or be compared with other customers' requests: never a high-touch account's."""
        allowed = Ticket.objects.automatable(unknown_accounts=settings.HANDRAIL_AUTOMATE_UNKNOWN)
        return self.filter(state=RunState.DONE, ticket__in=allowed)

    def person_labelled(self) -> "RunQuerySet":
        """Shareable first runs of tickets whose category a person set, with a vector to compare by."""
        return self.shareable().filter(
            ticket__category__isnull=False, ticket__category__is_active=True, embedding__isnull=False, is_first=True
        )


class Run(models.Model):
    message = models.OneToOneField("portal.Message", models.PROTECT, related_name="triage_run")
    ticket = models.ForeignKey("portal.Ticket", models.PROTECT, related_name="triage_runs")
    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_by = models.CharField(max_length=64, blank=True, help_text=_("The task that works on it."))
    is_first = models.BooleanField(default=False, help_text=_("The message opened the request."))

    pipeline_version = models.CharField(max_length=120, blank=True)
    input_digest = models.CharField(max_length=64, blank=True)
    inputs = models.JSONField(default=dict, help_text=_("Digests of the subject, the text and each attachment."))
    outputs = models.JSONField(default=dict, help_text=_("What every step put out, by step."))
    timings = models.JSONField(default=dict, help_text=_("Milliseconds by step."))

    verdict = models.CharField(max_length=9, choices=Verdict.choices, default=Verdict.PLAIN, blank=True)
    duplicate_of = models.ForeignKey("portal.Ticket", models.PROTECT, null=True, blank=True, related_name="+")
    no_draft_reason = models.CharField(max_length=20, choices=NoDraftReason.choices, blank=True)
    failure = models.CharField(max_length=8, choices=Failure.choices, default=Failure.NONE, blank=True)
    failure_detail = models.CharField(
        max_length=200, blank=True, help_text=_("Names of classes, never their messages.")
    )

    embedding = HalfVectorField(dimensions=384, null=True, editable=False)
    embedding_version = models.CharField(max_length=80, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="triage_run_finished_has_time",
                condition=~Q(state=RunState.DONE) | Q(finished_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(F("ticket"), F("id").desc(), name="triage_run_latest"),
            models.Index(fields=["state", "started_at"], name="triage_run_due", condition=~Q(state=RunState.DONE)),
            HnswIndex(
                fields=["embedding"],
                name="triage_run_alike",
                opclasses=["halfvec_cosine_ops"],
                m=16,
                ef_construction=64,
                condition=Q(is_first=True, embedding__isnull=False),
            ),
        ]

    @property
    def is_exhausted(self) -> bool:
        return self.state == RunState.FAILED and self.attempts >= MAX_ATTEMPTS


class FieldProposal(models.Model):
    """A value for a ticket's field, with its reasons. `confidence` is measured on held-out data or absent."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="proposals")
    field = models.CharField(max_length=8, choices=FieldName.choices)
    value = models.CharField(max_length=100, help_text=_("A category's slug, or a priority."))
    confidence = models.FloatField(null=True, blank=True)
    n = models.PositiveIntegerField(default=0, help_text=_("How many held-out cases stand behind the confidence."))
    measured_on = models.CharField(max_length=200, blank=True)
    reasons = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "field"], name="triage_one_proposal_per_field"),
            models.CheckConstraint(
                name="triage_confidence_is_measured",
                condition=Q(confidence__isnull=True)
                | (Q(confidence__gte=0, confidence__lte=1, n__gt=0) & ~Q(measured_on="")),
            ),
            # Urgency is an escalation: proposed as a next step for a person, never as a field.
            models.CheckConstraint(
                name="triage_urgent_is_never_a_field",
                condition=~Q(field=FieldName.PRIORITY, value="urgent"),
            ),
        ]


class LogCoverage(models.Model):
    """How much of one attachment was read, and what was not: a finding that is not there may only be unread."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="coverages")
    attachment = models.ForeignKey("portal.Attachment", models.PROTECT, related_name="+")
    container = models.CharField(max_length=4, choices=Container.choices, default=Container.PLAIN, blank=True)
    bytes_read = models.PositiveBigIntegerField(default=0, help_text=_("Unpacked."))
    members = models.PositiveIntegerField(default=0, help_text=_("Files found in an archive."))
    members_read = models.PositiveIntegerField(default=0)
    has_more = models.BooleanField(default=False, help_text=_("The archive holds more files than were looked at."))
    remarks = models.JSONField(default=list, help_text=_("Pairs of a member and what was the matter with it."))
    remarks_left_out = models.PositiveIntegerField(default=0)
    cut = models.JSONField(default=list, help_text=_("Which bounds stopped the reading."))
    unread = models.CharField(max_length=8, blank=True, help_text=_("Why nothing was read."))
    damage = models.CharField(max_length=9, blank=True)
    lines = models.PositiveIntegerField(default=0, help_text=_("Lines read."))
    first_stamp = models.CharField(max_length=60, blank=True)
    last_stamp = models.CharField(max_length=60, blank=True)
    versions = models.JSONField(default=list, help_text=_("What runs in which version, as the log names it."))
    hosts = models.JSONField(default=list, help_text=_("Machines that the log names."))

    class Meta:
        ordering = ["run", "attachment"]
        constraints = [models.UniqueConstraint(fields=["run", "attachment"], name="triage_one_coverage_per_file")]


class LogFinding(models.Model):
    """One thing that went wrong, read from the message or from an attachment. Every text is redacted."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="findings")
    attachment = models.ForeignKey("portal.Attachment", models.PROTECT, null=True, blank=True, related_name="+")
    member = models.CharField(max_length=200, blank=True, help_text=_("The file inside an archive."))
    position = models.PositiveSmallIntegerField()
    line_no = models.PositiveIntegerField()
    kind = models.CharField(max_length=11, choices=LogFindingKind.choices)
    head = models.TextField()
    cause = models.TextField(blank=True)
    text = models.TextField()
    signature = models.CharField(max_length=300, blank=True)
    template = models.TextField(blank=True, help_text=_("The message with what varies masked."))
    marks = models.JSONField(default=list, help_text=_("What names the fault, as the index of articles does."))
    mark = models.CharField(max_length=320, blank=True, db_index=True, help_text=_("The first of the marks."))
    stamp = models.CharField(max_length=60, blank=True)
    count = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["run", "position"]


class NextStep(models.Model):
    """One of at most three things that a person may do next: each a click, none automatic."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="next_steps")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=NextStepKind.choices)
    text = models.TextField()
    url = models.CharField(max_length=500, blank=True)
    reason = models.TextField()
    commands = models.TextField(blank=True, help_text=_("Of a runbook: what it has one type, letter by letter."))

    class Meta:
        ordering = ["run", "position"]
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="triage_next_step_position"),
            models.CheckConstraint(name="triage_at_most_three_steps", condition=Q(position__lt=3)),
        ]
