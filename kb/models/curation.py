"""What editors say about searching: synonyms, and articles pinned to a phrase. `kb.curation` reads them."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, PageChooserPanel

from kb.curation import LONGEST_PHRASE, phrase_key
from kb.models.pages import ArticlePage


class Phrase(models.Model):
    """Words that people type, kept beside the spelling in which they are looked for."""

    phrase = models.CharField(
        _("what people type"), max_length=80, help_text=_("Up to four words. Upper case and accents do not matter.")
    )
    phrase_key = models.CharField(max_length=160, editable=False, db_index=True)
    is_used = models.BooleanField(
        _("in use"), default=True, help_text=_("Leave it off to look at its effect first. In use, it counts at once.")
    )

    once: ClassVar[tuple[str, str]]
    """What no two entries may have in common; the form does not know the spelling that is looked for."""

    class Meta:
        abstract = True

    def save(self, *args: object, **kwargs: object) -> None:
        self.phrase_key = phrase_key(self.phrase)
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    def clean(self) -> None:
        super().clean()
        self.phrase_key = phrase_key(self.phrase)
        if not 0 < len(self.phrase_key.split()) <= LONGEST_PHRASE:
            raise ValidationError({"phrase": _("Use one to four words, in letters and digits.")})
        said = {field: getattr(self, field) for field in self.once}
        if type(self)._default_manager.filter(**said).exclude(pk=self.pk).exists():
            raise ValidationError({"phrase": _("This stands here already. Change that entry instead.")})


class Synonym(Phrase):
    """Whoever types the phrase also asks for its meaning."""

    meaning = models.CharField(
        _("what it means"), max_length=80, help_text=_("Words that stand in articles: “network storage” for “NAS”.")
    )

    once = ("phrase_key", "meaning")
    panels = [FieldPanel("phrase"), FieldPanel("meaning"), FieldPanel("is_used")]

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ["phrase_key", "pk"]
        constraints = [models.UniqueConstraint(fields=["phrase_key", "meaning"], name="kb_synonym_once")]

    def __str__(self) -> str:
        return f"{self.phrase} = {self.meaning}"


class Pin(Phrase):
    """Who asks with the phrase finds this article first, if they may read it."""

    article = models.ForeignKey(ArticlePage, models.CASCADE, verbose_name=_("article"), related_name="+")

    once = ("phrase_key", "article_id")
    panels = [FieldPanel("phrase"), PageChooserPanel("article"), FieldPanel("is_used")]

    class Meta:
        verbose_name = _("pinned article")
        verbose_name_plural = _("pinned articles")
        ordering = ["phrase_key", "pk"]
        constraints = [models.UniqueConstraint(fields=["phrase_key", "article"], name="kb_pin_once")]

    def __str__(self) -> str:
        return f"{self.phrase}: {self.article.title}"
