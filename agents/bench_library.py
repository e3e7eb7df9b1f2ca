"""A generated library of any size in a throw-away database, made to weigh what a real one weighs.

The texts are generated, with words as unevenly common as in a language. The vectors of the first passages are the
embedder's own; the others are those plus noise, for embedding a hundred thousand passages would take hours. Rows are
written in bulk, but composed, weighed and counted by the functions that index a real article.
"""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.utils import timezone
from pgvector import HalfVector
from wagtail.models import Page

from kb.models import ArticleIndexPage, ArticlePage, IndexedArticle, Passage, PassageVector, SourceText
from kb.retrieval import lexical
from kb.retrieval.chunking import EXTRACTOR_VERSION, ComposedArticle, Section, compose
from kb.retrieval.embedder import DIMENSIONS, Vectors, embed_texts
from kb.retrieval.indexing import lexical_field
from kb.retrieval.reconcile import recount_statistics
from triage.evaluation.runner import with_progress

PASSAGES_PER_ARTICLE = 4
REAL_VECTORS = 400
NOISE = 0.35
BATCH = 250
_SYLLABLES = "ba de fi go lu mar ne os pra qui ral sen tor ul ven wor xi yo zan chi"
_COMMON = (
    "the a to of and in is for on you with it this when that not be are your from by can as if error page set open"
    " button order file user account save after before change click new export import mail product list field value"
)


@dataclass(frozen=True)
class Generated:
    title: str
    composed: ComposedArticle


class Writer:
    """Titles, passages and questions from one seeded chance, so that two runs measure the same library."""

    def __init__(self, seed: int = 11, vocabulary: int = 6_000) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        syllables = _SYLLABLES.split()
        coined = {"".join(self._chance.choices(syllables, k=self._chance.choice((2, 3, 4)))) for _ in range(vocabulary)}
        self._words = [*_COMMON.split(), *sorted(coined)]
        weights = [1 / (place + 3) for place in range(len(self._words))]  # Zipf and Mandelbrot
        self._cumulative = list(itertools.accumulate(weights))

    def words(self, count: int) -> list[str]:
        return self._chance.choices(self._words, cum_weights=self._cumulative, k=count)

    def sentence(self) -> str:
        return " ".join(self.words(self._chance.randint(7, 16))).capitalize() + "."

    def article(self) -> Generated:
        title = " ".join(self.words(self._chance.randint(4, 9))).capitalize()
        sections = [
            Section((f"Part {number}",), " ".join(self.sentence() for _ in range(8)))
            for number in range(PASSAGES_PER_ARTICLE)
        ]
        return Generated(title, compose(title, sections))

    def question(self, article: Generated) -> str:
        """What somebody types: some words of an article among others; one in ten is a long report."""
        passage = self._chance.choice(article.composed.passages).text.split()
        size = self._chance.randint(60, 140) if self._chance.random() < 0.1 else self._chance.randint(4, 14)
        known = self._chance.choices(passage, k=size // 2)
        return " ".join([*known, *self.words(size - len(known))])


def write_library(passages: int, writer: Writer) -> list[Generated]:
    """Fill the current database with `passages` passages; the generated articles."""
    articles = [writer.article() for _ in range(max(1, passages // PASSAGES_PER_ARTICLE))]
    vectors = _vectors([span.embedded_text for article in articles for span in article.composed.passages])
    pages = _write_pages(articles)
    batches = [range(first, min(first + BATCH, len(articles))) for first in range(0, len(articles), BATCH)]
    for batch in with_progress(batches, "library: batches"):
        _write_index([articles[n] for n in batch], [pages[n] for n in batch], vectors)
    recount_statistics()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return articles


def _vectors(texts: Sequence[str]) -> Iterator[Vectors]:
    real = np.concatenate([embed_texts([text]) for text in with_progress(texts[:REAL_VECTORS], "library: embedding")])
    chance = np.random.default_rng(5)
    yield from real
    for number in range(len(texts) - len(real)):
        noisy = real[number % len(real)] + chance.normal(scale=NOISE / np.sqrt(DIMENSIONS), size=DIMENSIONS)
        yield (noisy / np.linalg.norm(noisy)).astype(np.float32)


def _write_pages(articles: Sequence[Generated]) -> list[int]:
    """One article is published as an editor does it; the generated ones are copies of its rows."""
    section = ArticleIndexPage(title="Bench", slug="bench")
    Page.get_first_root_node().add_child(instance=section)
    first = ArticlePage(title="Generated", slug="generated", body=[("text", "<p>Generated.</p>")])
    section.add_child(instance=first)
    first.save_revision().publish()
    numbers = list(range(len(articles)))
    ids = [first.pk + 1 + number for number in numbers]
    page_values = {
        "id": "made.id",
        "path": "made.path",
        "title": "made.title",
        "draft_title": "made.title",
        "slug": "'article-' || made.number",
        "url_path": "page.url_path || made.number || '/'",
        "translation_key": "gen_random_uuid()",
        "latest_revision_id": "NULL",
    }
    made = [
        ids,
        [ArticlePage._get_path(section.path, section.depth + 1, number + 2) for number in numbers],
        [articles[number].title for number in numbers],
        numbers,
    ]
    _copy_row("wagtailcore_page", Page, first.pk, page_values, made)
    _copy_row("kb_articlepage", ArticlePage, first.pk, {"page_ptr_id": "made.id"}, made)
    Page.objects.filter(pk=section.pk).update(numchild=len(articles) + 1)
    return ids


def _copy_row(table: str, model: type[Page], pk: int, values: dict[str, str], made: list[list[object]]) -> None:
    """INSERT copies of one row, with some columns replaced. Names and expressions come from this module alone."""
    columns = [field.column for field in model._meta.local_concrete_fields]
    chosen = ", ".join(values.get(column, f'page."{column}"') for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    key = model._meta.pk.column
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({named}) SELECT {chosen} FROM {table} page,"  # noqa: S608
            " unnest(%s::int[], %s::text[], %s::text[], %s::int[]) AS made (id, path, title, number)"
            f" WHERE page.{key} = %s",
            [*made, pk],
        )


def _write_index(articles: Sequence[Generated], pages: Sequence[int], vectors: Iterator[Vectors]) -> None:
    sources = SourceText.objects.bulk_create(
        SourceText(
            article_id=page,
            revision_id=0,
            extractor_version=EXTRACTOR_VERSION,
            title=article.title,
            text=article.composed.text,
            digest=article.composed.digest,
        )
        for article, page in zip(articles, pages, strict=True)
    )
    passages = Passage.objects.bulk_create(
        passage
        for article, page, source in zip(articles, pages, sources, strict=True)
        for passage in _passages(article, page, source)
    )
    PassageVector.objects.bulk_create(
        PassageVector(passage=passage, side=0, vector=HalfVector(next(vectors)), is_public=True) for passage in passages
    )
    IndexedArticle.objects.bulk_create(
        _entry(article, page, source) for article, page, source in zip(articles, pages, sources, strict=True)
    )


def _passages(article: Generated, page: int, source: SourceText) -> Iterator[Passage]:
    for span in article.composed.passages:
        words = lexical_field(span.embedded_text, "en", lexical.PASSAGE)
        yield Passage(
            article_id=page,
            side=0,
            source_text=source,
            position=span.position,
            heading_path=list(span.heading_path),
            start=span.start,
            end=span.end,
            digest=span.digest,
            audience="public",
            terms=words.terms,
            weights=words.weights,
        )


def _entry(article: Generated, page: int, source: SourceText) -> IndexedArticle:
    title = lexical_field(article.title, "en", lexical.TITLE)
    return IndexedArticle(
        article_id=page,
        source_text=source,
        revision_id=0,
        published_at=timezone.now(),
        fingerprint="",
        audience="public",
        language="en",
        title_terms=title.terms,
        title_weights=title.weights,
    )
