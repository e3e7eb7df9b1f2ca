"""The index: immutable source texts, their passages and vectors, and manifests of what is indexed.

Passages and vectors stand on one of two sides, each a whole index of its own; a `Generation` says what made a side and
which one answers. The index is derived: it refers to articles without a constraint, so an editor who deletes a page
needs no rights on it. Nothing here decides what a reader may see; `kb.search` asks the articles themselves.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField, HnswIndex, SparseVectorField

from kb.models.pages import ArticlePage
from kb.retrieval.lexical import TERM_SPACE

DIMENSIONS = 384
SIDES = (0, 1)


class Generation(models.Model):
    """What made a side of the index: one embedder, over passages of one size. Its settings never change.

    One is live and answers; the other is being built beside it, or is the way back. An index that is read through its
    side alone needs no row of it touched for a switch, so no search ever meets half of one.
    """

    name = models.CharField(max_length=60, unique=True)
    embedder = models.CharField(max_length=60)
    passage_pieces = models.PositiveSmallIntegerField()
    side = models.PositiveSmallIntegerField(unique=True)
    is_live = models.BooleanField(default=False)
    built_at = models.DateTimeField(null=True)
    """When it was first whole: from then on the sweep keeps it so."""
    left_at = models.DateTimeField(null=True)
    """When it was switched away from."""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(side__in=SIDES), name="kb_generation_side"),
            models.UniqueConstraint(fields=["is_live"], condition=Q(is_live=True), name="kb_generation_one_live"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.embedder}, {self.passage_pieces} pieces)"


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
    """The manifest: which revision of an article the index holds, whatever the generation."""

    article = models.OneToOneField(
        ArticlePage, on_delete=models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="indexed"
    )
    source_text = models.ForeignKey(SourceText, on_delete=models.PROTECT, related_name="+")
    revision_id = models.BigIntegerField()
    published_at = models.DateTimeField(null=True)
    fingerprint = models.CharField(max_length=64)
    """Of all that the rows of any generation depend on."""
    audience = models.CharField(max_length=64, db_index=True)
    language = models.CharField(max_length=10)
    title_terms = ArrayField(models.IntegerField())
    title_weights = SparseVectorField(dimensions=TERM_SPACE)
    indexed_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [GinIndex(fields=["title_terms"], name="kb_indexed_title_terms", fastupdate=False)]

    def __str__(self) -> str:
        return f"article {self.article_id}, revision {self.revision_id}"


class GenerationEntry(models.Model):
    """The manifest of an article in one generation. Written last, so it never promises too much.

    The passages are right while the fingerprint is the one of `IndexedArticle`.
    """

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="entries")
    article = models.ForeignKey(ArticlePage, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    fingerprint = models.CharField(max_length=64)
    embedder = models.CharField(max_length=60, blank=True)
    """Of the vectors; empty when it was missing and the article can be found by its words alone."""
    passages = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["generation", "article"], name="kb_generation_entry_once")]

    def __str__(self) -> str:
        return f"article {self.article_id} in generation {self.generation_id}"


class Passage(models.Model):
    """A span of the live source text of an article, with its terms weighted for BM25 and its error signatures."""

    article = models.ForeignKey(
        ArticlePage, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="passages"
    )
    side = models.PositiveSmallIntegerField()
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
            models.Index(fields=["article", "side"], name="kb_passage_of_article"),
            *(
                GinIndex(fields=[field], name=f"kb_passage_{field}_{side}", fastupdate=False, condition=Q(side=side))
                for field in ("terms", "signatures")
                for side in SIDES
            ),
            models.Index(fields=["audience", "side"], name="kb_passage_restricted", condition=~Q(audience="public")),
        ]

    def __str__(self) -> str:
        return f"article {self.article_id}, passage {self.position}"


class PassageVector(models.Model):
    """A passage's vector, by the embedder of its generation. Each side has an HNSW index of what is public."""

    passage = models.OneToOneField(Passage, on_delete=models.CASCADE, related_name="vector")
    side = models.PositiveSmallIntegerField()
    vector = HalfVectorField(dimensions=DIMENSIONS)
    is_public = models.BooleanField()

    class Meta:
        indexes = [
            HnswIndex(
                name=f"kb_vector_public_{side}",
                fields=["vector"],
                opclasses=["halfvec_cosine_ops"],
                condition=Q(is_public=True, side=side),
            )
            for side in SIDES
        ]

    def __str__(self) -> str:
        return f"vector of passage {self.passage_id}"


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
    passages_0 = models.IntegerField(default=0)
    passages_1 = models.IntegerField(default=0)
    """Of each side."""
    titles = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"term {self.key} for {self.audience}: {self.passages_0}, {self.passages_1}"
