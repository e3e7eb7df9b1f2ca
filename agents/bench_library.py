"""A generated library of any size in a throw-away database, made to weigh what a real one weighs.

The texts are generated from the embedder's own vocabulary, its words as unevenly common as in a language, so that a
question has as many word pieces as one that people typed. The vectors of the first passages are the embedder's own, and
questions are about these; the others are drawn (`bench_vectors`), for embedding a hundred thousand would take an hour.
Rows are written in bulk, but composed, weighed and counted by the functions that index a real article.
"""

import contextlib
import itertools
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone
from pgvector import HalfVector
from psycopg import sql
from tokenizers import Tokenizer
from wagtail.models import Page

from agents.bench_vectors import Cloud
from kb.models import ArticleIndexPage, ArticlePage, IndexedArticle, Passage, PassageVector, SourceText
from kb.retrieval import lexical
from kb.retrieval.chunking import EXTRACTOR_VERSION, ComposedArticle, Section, compose
from kb.retrieval.composing import lexical_field
from kb.retrieval.embedder import TOKENIZER_FILE, Vectors, embed_texts, embedder_directory
from kb.retrieval.reconcile import recount_statistics
from portal.database import admin_server
from triage.evaluation.runner import with_progress

PASSAGES_PER_ARTICLE = 4
EMBEDDED = 2_000
BATCH = 250
VOCABULARY = 12_000
REPORT_CHARACTERS = 3_000
REQUEST_WORDS = 100
OWN_WORDS = 0.75
_WORD = re.compile(r"[a-z]{2,}")
_SLOW_INDEXES = ("kb_passage_terms_0", "kb_vector_public_0")
"""Far quicker to build over all rows than to extend by each."""


@dataclass(frozen=True)
class Generated:
    title: str
    composed: ComposedArticle


class Writer:
    """Titles, passages and questions from one seeded chance, so that two runs measure the same library."""

    def __init__(self, seed: int = 11) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        pieces = Tokenizer.from_file(str(embedder_directory() / TOKENIZER_FILE)).get_vocab()
        known = sorted((number, piece) for piece, number in pieces.items() if _WORD.fullmatch(piece))
        self._words = [piece for _number, piece in known[:VOCABULARY]]
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

    def question(self, text: str) -> str:
        """What somebody types who needs this text: a few of its words among others."""
        return self._asked(text, self._chance.randint(4, 14))

    def request(self, text: str) -> str:
        """A plain request of a hundred words, in sentences."""
        words = self._asked(text, REQUEST_WORDS).split()
        return " ".join(f"{' '.join(words[at : at + 12])}." for at in range(0, len(words), 12))

    def report(self, text: str) -> str:
        """A long request: what happened in some sentences, then a pasted log."""
        lines = [self._asked(text, self._chance.randint(60, 140))]
        while sum(map(len, lines)) < REPORT_CHARACTERS:
            time = f"{self._chance.randint(0, 23):02}:{self._chance.randint(0, 59):02}:{self._chance.randint(0, 59):02}"
            lines.append(f"2026-03-02 {time} {self._chance.choice(('INFO', 'ERROR'))} {' '.join(self.words(9))}")
        return "\n".join(lines)[:REPORT_CHARACTERS]

    def _asked(self, text: str, size: int) -> str:
        """Most of it a run of the text's own words, as of somebody who says what the article says."""
        known, own = text.split(), round(size * OWN_WORDS)
        first = self._chance.randrange(max(1, len(known) - own))
        run = known[first : first + own]
        return " ".join([*run, *self.words(size - len(run))])


def write_library(passages: int) -> None:
    """Fill the current database with `passages` passages, in batches, so that any number fits into memory."""
    writer = Writer()
    count = max(1, passages // PASSAGES_PER_ARTICLE)
    pages = _Pages()
    cloud = Cloud()
    embedded = 0
    with _built_last(_SLOW_INDEXES):
        for first in with_progress(range(0, count, BATCH), f"library: batches of {BATCH} articles,"):
            articles = [writer.article() for _ in range(min(BATCH, count - first))]
            spans = [span.embedded_text for article in articles for span in article.composed.passages]
            own = embed_texts(spans[: EMBEDDED - embedded])
            embedded += len(own)
            _write_index(articles, pages.write(articles), iter([*own, *cloud.draw(len(spans) - len(own))]))
        pages.close()
    recount_statistics()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def texts_of(count: int) -> list[str]:
    """Texts to ask about, the same each time: of articles whose vectors are their own, for only those can be found."""
    chance = random.Random(7)  # noqa: S311 - repeatable, not secret
    embedded = SourceText.objects.order_by("pk").values_list("text", flat=True)
    return chance.choices(list(embedded[: max(1, EMBEDDED // PASSAGES_PER_ARTICLE)]), k=count)


@contextlib.contextmanager
def _built_last(names: Sequence[str]) -> Iterator[None]:
    """Without these indexes for the time being; as the superuser, for they are not the evaluation's own."""
    server, _maintenance = admin_server()
    with server.connect(connection.settings_dict["NAME"]) as admin:
        found = "SELECT indexdef FROM pg_indexes WHERE indexname = ANY(%s)"
        definitions = [str(row[0]) for row in admin.execute(found, [list(names)])]
        for name in names:
            admin.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    with server.connect(connection.settings_dict["NAME"]) as admin:
        admin.execute("SET maintenance_work_mem = '3GB'")
        for definition in with_progress(definitions, "library: indexes"):
            admin.execute(definition.encode())


class _Pages:
    """One article is published as an editor does it; the generated ones are copies of its rows."""

    def __init__(self) -> None:
        self._section = ArticleIndexPage(title="Bench", slug="bench")
        Page.get_first_root_node().add_child(instance=self._section)
        self._first = ArticlePage(title="Generated", slug="generated", body=[("text", "<p>Generated.</p>")])
        self._section.add_child(instance=self._first)
        self._first.save_revision().publish()
        self._written = 0

    def write(self, articles: Sequence[Generated]) -> list[int]:
        """The ids of their pages."""
        numbers = list(range(self._written, self._written + len(articles)))
        self._written += len(articles)
        ids = [self._first.pk + 1 + number for number in numbers]
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
        depth = self._section.depth + 1
        paths = [ArticlePage._get_path(self._section.path, depth, number + 2) for number in numbers]
        made: list[list[object]] = [[*ids], [*paths], [article.title for article in articles], [*numbers]]
        _copy_row("wagtailcore_page", Page, self._first.pk, page_values, made)
        _copy_row("kb_articlepage", ArticlePage, self._first.pk, {"page_ptr_id": "made.id"}, made)
        return ids

    def close(self) -> None:
        self._first.delete()
        Page.objects.filter(pk=self._section.pk).update(numchild=self._written)


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
