"""The models of kb: articles, their reviews and their index."""

from kb.models.pages import ArticleIndexPage, ArticlePage
from kb.models.retrieval import IndexedArticle, Passage, PassageVector, SourceText, TermStatistic
from kb.models.review import ArticleApproval, EditorialPolicy, ReviewTask

__all__ = [
    "ArticleApproval",
    "ArticleIndexPage",
    "ArticlePage",
    "EditorialPolicy",
    "IndexedArticle",
    "Passage",
    "PassageVector",
    "ReviewTask",
    "SourceText",
    "TermStatistic",
]
