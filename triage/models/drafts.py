"""Drafts: sentences with a source each, for a rep to read beside those sources.

A draft is text for one person at a desk. It lives where the portal cannot import it, so there is no flag to forget.
"""

from collections.abc import Iterable

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce, Left, Length
from django.utils.translation import gettext_lazy as _
from wagtail.models import PageViewRestriction

from kb.models import SourceText
from portal.models import Message
from portal.permissions import audiences_of_requester
from triage.choices import NotWorded, SentenceForm, SentenceKind
from triage.models.runs import LogFinding, Run

_SOURCED = [SentenceKind.QUOTED, SentenceKind.WORDED]


class Draft(models.Model):
    run = models.OneToOneField(Run, models.CASCADE, related_name="draft")
    ticket = models.ForeignKey("portal.Ticket", models.PROTECT, related_name="drafts")
    answers = models.ForeignKey("portal.Message", models.PROTECT, related_name="drafts")
    model = models.CharField(max_length=100, blank=True, help_text=_("The chat model that worded it; else it quotes."))
    not_worded = models.CharField(max_length=15, blank=True, choices=NotWorded.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["ticket", "-id"], name="triage_draft_latest")]
        constraints = [
            models.CheckConstraint(name="triage_worded_or_says_why_not", condition=Q(model="") | Q(not_worded="")),
        ]

    def is_stale(self) -> bool:
        """Tell whether the customer wrote again since, or a cited source is no longer what they can read today."""
        return self.has_newer_message() or bool(self.stale_sources())

    def has_newer_message(self) -> bool:
        newer = Message.objects.filter(ticket_id=self.ticket_id, direction="inbound", id__gt=self.answers_id)
        return newer.exclude(automatic__in=["auto_reply", "bounce"]).exists()

    def stale_sources(self) -> list[SourceText]:
        """Return the cited source texts that are no longer what their article says today, to this requester."""
        cited = SourceText.objects.filter(pk__in=self.sentences.filter(source_text__isnull=False).values("source_text"))
        live = set(live_sources(cited, audiences_of_requester(self.ticket)).values_list("pk", flat=True))
        return [source for source in cited if source.pk not in live]


def live_sources(
    sources: "models.QuerySet[SourceText]", audiences: Iterable[str | OuterRef]
) -> "models.QuerySet[SourceText]":
    """Return those that say what their live article says to these readers: published, and indexed as it is now.

    Between a publication and its indexing nothing is known, so nothing counts as live. An article may be closed to its
    reader without another word in it: by its audience, or by where it was moved.
    """
    closed = PageViewRestriction.objects.filter(page__path=Left(OuterRef("article__path"), Length("page__path")))
    return sources.filter(
        ~Exists(closed),
        article__audience__in=list(audiences),
        article__live=True,
        article__indexed__revision_id=Coalesce("article__live_revision_id", 0),
        article__indexed__source_text__digest=F("digest"),
    )


class DraftSentence(models.Model):
    """One sentence. `quote` is `source_text[start:end]`, which it says or puts in words; `digest` is of the whole."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="sentences")
    position = models.PositiveSmallIntegerField()
    text = models.TextField()
    kind = models.CharField(max_length=11, choices=SentenceKind.choices)
    form = models.CharField(max_length=8, choices=SentenceForm.choices, default=SentenceForm.SENTENCE)
    source_text = models.ForeignKey("kb.SourceText", models.PROTECT, null=True, blank=True, related_name="+")
    passage_id = models.BigIntegerField(null=True, blank=True, help_text=_("Passages come and go with the index."))
    heading = models.CharField(max_length=500, blank=True)
    start = models.PositiveIntegerField(null=True, blank=True)
    end = models.PositiveIntegerField(null=True, blank=True)
    quote = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)
    log_finding = models.ForeignKey(LogFinding, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["draft", "position"]
        constraints = [
            models.UniqueConstraint(fields=["draft", "position"], name="triage_sentence_position"),
            # Every sentence has a source, or says that it has none: the database holds the promise.
            models.CheckConstraint(
                name="triage_quoted_has_a_source",
                condition=Q(kind=SentenceKind.NEEDS_WORDS, source_text__isnull=True, log_finding__isnull=True, quote="")
                | (
                    Q(kind__in=_SOURCED, source_text__isnull=False, start__isnull=False, end__gt=F("start"))
                    & ~Q(quote="")
                    & ~Q(digest="")
                )
                | (Q(kind=SentenceKind.QUOTED, log_finding__isnull=False) & ~Q(quote="")),
            ),
        ]
