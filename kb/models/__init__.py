"""The models of kb: articles, their reviews, their index and what editors say about searching."""

from kb.models.curation import Pin, Synonym
from kb.models.pages import ArticlePage
from kb.models.retrieval import (
    Generation,
    GenerationEntry,
    IndexedArticle,
    Passage,
    PassageVector,
    SourceText,
    TermStatistic,
)
from kb.models.review import ArticleApproval, EditorialPolicy, EmergencyFinding, ReviewTask
from kb.models.sections import ArticleIndexPage
from kb.models.trouble import SearchTrouble

__all__ = [
    "ArticleApproval",
    "ArticleIndexPage",
    "ArticlePage",
    "EditorialPolicy",
    "EmergencyFinding",
    "Generation",
    "GenerationEntry",
    "IndexedArticle",
    "Passage",
    "PassageVector",
    "Pin",
    "ReviewTask",
    "SearchTrouble",
    "SourceText",
    "Synonym",
    "TermStatistic",
]
