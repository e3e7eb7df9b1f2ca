"""What an article is to the index: its text cut into passages, the words of its fields, and a digest of it all.

Reads the article alone and writes nothing. Equal fingerprints mean equal rows, under equal settings of the generation.
"""

import hashlib
from dataclasses import dataclass

from django.conf import settings
from pgvector import SparseVector

from kb.models import ArticlePage
from kb.retrieval import lexical
from kb.retrieval.chunking import EXTRACTOR_VERSION, PASSAGE_PIECES, ComposedArticle, Section, compose

# How this version reads words and texts. It opens every fingerprint, so a version that reads otherwise knows its rows.
READING = f"{lexical.LEXICAL_VERSION}.{EXTRACTOR_VERSION}."


@dataclass(frozen=True)
class Lexical:
    """The words of one field, ready to be stored."""

    terms: list[int]
    weights: SparseVector


def sparse(weights: dict[int, float]) -> SparseVector:
    return SparseVector(weights, lexical.TERM_SPACE)


def lexical_field(text: str, language: str, statistics: lexical.FieldStatistics) -> Lexical:
    sequence = list(lexical.terms(text, language))
    return Lexical(sorted(lexical.count(sequence)), sparse(lexical.field_weights(sequence, statistics)))


def has_vectors(language: str) -> bool:
    """The embedder knows English; articles in other languages are found by their words."""
    return language.partition("-")[0] == "en"


def stemming_language(language: str) -> str:
    """An article is stemmed by its own language where the site speaks it, so that questions are stemmed alike."""
    code = language.partition("-")[0]
    return code if code in {name.partition("-")[0] for name, _ in settings.LANGUAGES} else "en"


def compose_article(article: ArticlePage, *, pieces: int = PASSAGE_PIECES) -> ComposedArticle:
    sections = list(article.plain_sections())
    summary = " ".join(article.summary.split())
    told = " ".join(" ".join(section.text for section in sections[:3]).split())
    if summary and summary.rstrip(".…") not in told:
        sections.insert(0, Section((), summary))
    return compose(article.title, sections, pieces=pieces)


def fingerprint_of(article: ArticlePage, composed: ComposedArticle) -> str:
    """Digest of all that the rows depend on, beside the settings of the generation."""
    parts = [composed.digest, article.audience, article.language, str(article.live_revision_id or 0)]
    parts += [entry.anchor for entry in article.contents]
    return READING + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:48]
