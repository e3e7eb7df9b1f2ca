"""The models of kb: articles and their index."""

from kb.models.pages import ArticleIndexPage, ArticlePage

__all__ = ["ArticleIndexPage", "ArticlePage"]
