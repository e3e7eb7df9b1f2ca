"""What people decided: reviews of drafts, approvals of replies, what they cited, and what they are still writing.

Invariant: an approval is written by release() alone, in the transaction that puts the message before the customer.
"""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from kb.models import SourceText
from portal.models import Category, Message, ReleasePayload, Ticket, User
from triage.models import Draft


class Approval(models.Model):
    """Who released exactly which payload, from which session, having seen which version of the conversation."""

    payload = models.OneToOneField(ReleasePayload, models.PROTECT, related_name="approval")
    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="approvals")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    draft = models.ForeignKey(Draft, models.PROTECT, null=True, blank=True, related_name="approvals")
    session_digest = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")


class Review(models.Model):
    """What a rep made of a draft. A rejection is kept as data; a draft that was sent names its message."""

    class Verdict(models.TextChoices):
        AS_IS = "as_is", _("Sent as it was")
        EDITED = "edited", _("Sent after editing")
        REJECTED = "rejected", _("Rejected")

    class Reason(models.TextChoices):
        WRONG_ARTICLE = "wrong_article", _("It answers another question")
        OUTDATED = "outdated", _("The article is out of date")
        INCOMPLETE = "incomplete", _("It leaves out what matters")
        TONE = "tone", _("It is not how we speak to this customer")
        NEEDS_PERSON = "needs_person", _("This needs a conversation, not an article")
        OTHER = "other", _("Something else")

    draft = models.ForeignKey(Draft, models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=8, choices=Verdict)
    message = models.OneToOneField(Message, models.PROTECT, null=True, blank=True, related_name="review")
    reason = models.CharField(max_length=16, choices=Reason, blank=True, default="")
    comment = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("review")
        verbose_name_plural = _("reviews")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["draft"], condition=Q(verdict="rejected"), name="draft_rejected_once"),
            models.CheckConstraint(
                condition=Q(verdict="rejected", message__isnull=True) & ~Q(reason="")
                | Q(verdict__in=["as_is", "edited"], message__isnull=False, reason=""),
                name="review_says_what_became_of_it",
            ),
        ]


class Composition(models.Model):
    """What a rep has begun to write, kept on the server so that no crash, reassignment or sign-out loses it."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="compositions")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    draft = models.ForeignKey(Draft, models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(blank=True)
    note = models.TextField(blank=True)
    seen_version = models.PositiveIntegerField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("reply being written")
        verbose_name_plural = _("replies being written")
        constraints = [models.UniqueConstraint(fields=["ticket", "author"], name="one_composition_each")]


class CitedPassage(models.Model):
    """A passage that a rep looked up and put into a reply: quote and digest are copied, as every citation's are."""

    source_text = models.ForeignKey(SourceText, models.PROTECT, related_name="+")
    heading = models.CharField(max_length=500, blank=True)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = models.TextField()
    digest = models.CharField(max_length=64)
    address = models.CharField(max_length=1000)

    class Meta:
        abstract = True

    def copied(self) -> dict[str, Any]:
        """What a citation of the same passage elsewhere is made of."""
        names = ("source_text_id", "heading", "start", "end", "quote", "digest", "address")
        return {name: getattr(self, name) for name in names}


class CompositionCitation(CitedPassage):
    """A passage cited in a reply that is still being written."""

    composition = models.ForeignKey(Composition, models.CASCADE, related_name="citations")

    class Meta:
        verbose_name = _("passage in a reply being written")
        verbose_name_plural = _("passages in replies being written")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["composition", "source_text", "start", "end"], name="kept_citation_once")
        ]


class Citation(CitedPassage):
    """A passage that a released reply rests on. Append-only; `verbatim` says whether its words stood in the reply."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="citations")
    verbatim = models.BooleanField()

    class Meta:
        verbose_name = _("passage cited in a reply")
        verbose_name_plural = _("passages cited in replies")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "source_text", "start", "end"], name="citation_once"),
            models.CheckConstraint(condition=~Q(quote="") & ~Q(digest=""), name="citation_has_its_quote"),
        ]


class MacroQuerySet(models.QuerySet["Macro"]):
    """Reads of macros, as verbs that chain."""

    def usable_by(self, person: User) -> "MacroQuerySet":
        """What somebody may put into a reply: macros in use, for everybody or their own."""
        return self.known_to(person).filter(is_active=True)

    def known_to(self, person: User) -> "MacroQuerySet":
        """Those for everybody and a person's own; another rep's own macros are nobody else's."""
        return self.filter(Q(owner__isnull=True) | Q(owner=person))


class Macro(models.Model):
    """Words that reps use again and again. `owner` empty: for everybody; else for that person alone."""

    name = models.CharField(_("name"), max_length=80)
    text = models.TextField(_("text"), max_length=10_000)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category")
    )
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="macros")
    is_active = models.BooleanField(_("in use"), default=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    objects = MacroQuerySet.as_manager()

    class Meta:
        verbose_name = _("macro")
        verbose_name_plural = _("macros")
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(Lower("name"), "owner", nulls_distinct=False, name="macro_name_once_per_owner")
        ]

    def __str__(self) -> str:
        return self.name


class Presence(models.Model):
    """That somebody has a request open, refreshed by their page. It informs; it never keeps anybody out."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="presences")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()
    wrote_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [models.UniqueConstraint(fields=["ticket", "person"], name="present_once")]


class DeskPreference(models.Model):
    """How one person wants the console to behave. No row: as it comes."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="desk_preference")
    single_keys = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("console preference")
        verbose_name_plural = _("console preferences")
