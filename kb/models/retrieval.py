"""The index: immutable source texts, their passages and vectors, and one manifest row per indexed article.

The index is derived: it refers to articles without a constraint, so an editor who deletes a page needs no rights on it.
Nothing here decides what a reader may see; `kb.search` asks the articles themselves.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField, HnswIndex, SparseVectorField

from kb.models.pages import ArticlePage
from kb.retrieval.lexical import TERM_SPACE

DIMENSIONS = 384


class SourceText(models.Model):
    """What an extractor read in one revision. Rows never change (a trigger refuses it), so a citation stays true."""

    article = models.ForeignKey(
        ArticlePage, on_delete=models.DO_NOTHING, db_constraint=False, related_name="source_texts"
    )
    revision_id = models.BigIntegerField()
    extractor_version = models.CharField(max_length=20)
    title = models.CharField(max_length=255)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["article", "revision_id", "extractor_version", "digest"], name="kb_source_text_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title} (revision {self.revision_id})"


class IndexedArticle(models.Model):
    """The manifest: which revision of an article the index holds. Written last, so it never promises too much."""

    article = models.OneToOneField(
        ArticlePage, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="indexed"
    )
    source_text = models.ForeignKey(SourceText, on_delete=models.PROTECT, related_name="+")
    revision_id = models.BigIntegerField()
    published_at = models.DateTimeField(null=True)
    fingerprint = models.CharField(max_length=64)
    generation = models.CharField(max_length=60, blank=True)
    """Of the vectors; empty when the embedder was missing and the article can be found by its words alone."""
    audience = models.CharField(max_length=64, db_index=True)
    language = models.CharField(max_length=10)
    title_terms = ArrayField(models.IntegerField())
    title_weights = SparseVectorField(dimensions=TERM_SPACE)
    indexed_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [GinIndex(fields=["title_terms"], name="kb_indexed_title_terms", fastupdate=False)]

    def __str__(self) -> str:
        return f"article {self.article_id}, revision {self.revision_id}"


class Passage(models.Model):
    """A span of the live source text of an article, with its terms weighted for BM25 and its error signatures."""

    article = models.ForeignKey(ArticlePage, on_delete=models.DO_NOTHING, db_constraint=False, related_name="passages")
    source_text = models.ForeignKey(SourceText, on_delete=models.PROTECT, related_name="passages")
    position = models.PositiveIntegerField()
    heading_path = ArrayField(models.TextField())
    anchor = models.TextField(blank=True, default="", db_default="")
    """Where on the page its section begins; empty for the top."""
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    audience = models.CharField(max_length=64)
    terms = ArrayField(models.IntegerField())
    weights = SparseVectorField(dimensions=TERM_SPACE)
    signatures = ArrayField(models.TextField(), default=list)

    class Meta:
        indexes = [
            GinIndex(fields=["terms"], name="kb_passage_terms", fastupdate=False),
            GinIndex(fields=["signatures"], name="kb_passage_signatures", fastupdate=False),
            models.Index(fields=["audience"], name="kb_passage_restricted", condition=~Q(audience="public")),
        ]

    def __str__(self) -> str:
        return f"article {self.article_id}, passage {self.position}"


class PassageVector(models.Model):
    """A passage's vector of one generation. A new generation is written beside the live one and switched to at once."""

    passage = models.ForeignKey(Passage, on_delete=models.CASCADE, related_name="vectors")
    generation = models.CharField(max_length=60)
    vector = HalfVectorField(dimensions=DIMENSIONS)
    is_live = models.BooleanField()
    is_public = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["passage", "generation"], name="kb_vector_once")]
        indexes = [
            HnswIndex(
                name="kb_vector_public_live",
                fields=["vector"],
                opclasses=["halfvec_cosine_ops"],
                condition=Q(is_live=True, is_public=True),
            )
        ]

    def __str__(self) -> str:
        return f"passage {self.passage_id}, {self.generation}"


class TermStatistic(models.Model):
    """In how many passages and titles for one audience a term stands: what BM25 weighs a question's words by.

    Counted for each audience alone, for a reader's question must not be weighed, or mended, by words that stand only
    where they may not read.
    """

    COLLECTION = -1
    """The key of the row that counts all passages and titles of the audience."""

    pk = models.CompositePrimaryKey("key", "audience")
    key = models.IntegerField()
    audience = models.CharField(max_length=64)
    passages = models.IntegerField(default=0)
    titles = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"term {self.key} for {self.audience}: {self.passages}"
