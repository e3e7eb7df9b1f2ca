"""The models of kb: articles and their index."""

from kb.models.pages import ArticleIndexPage, ArticlePage
from kb.models.retrieval import IndexedArticle, Passage, PassageVector, SourceText, TermStatistic

__all__ = [
    "ArticleIndexPage",
    "ArticlePage",
    "IndexedArticle",
    "Passage",
    "PassageVector",
    "SourceText",
    "TermStatistic",
]
