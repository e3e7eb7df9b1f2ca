"""Publishes small articles and indexes them as the worker does, for tests that need a real index."""

from kb.models import ArticlePage
from kb.retrieval.indexing import IndexOutcome, index_article
from kb.retrieval.reconcile import differences
from kb.tree import ensure_home
from tests.conftest import Site

Blocks = list[tuple[str, object]]


def paragraphs(*texts: str) -> Blocks:
    return [("text", f"<p>{text}</p>") for text in texts]


def publish(title: str, *texts: str, body: Blocks | None = None, **fields: object) -> ArticlePage:
    """A live article, not indexed yet."""
    page = ArticlePage(title=title, body=body or paragraphs(*texts), **fields)
    ensure_home().add_child(instance=page)
    page.save_revision().publish()
    made: ArticlePage = ArticlePage.objects.get(pk=page.pk)
    return made


def rewrite(page: ArticlePage, *texts: str) -> None:
    page.body = paragraphs(*texts)
    page.save_revision().publish()


def index(site: Site, *pages: ArticlePage) -> list[IndexOutcome]:
    with site.as_role("worker"):
        return [index_article(page.pk) for page in pages]


def index_differences(site: Site) -> None:
    """What the sweep does."""
    with site.as_role("worker"):
        for difference in list(differences()):
            index_article(difference.article_id)
