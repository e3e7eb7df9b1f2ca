"""Publishes small articles and indexes them as the worker does, for tests that need a real index."""

from wagtail.models import Page, TaskState

from kb.editors import ensure_editors
from kb.models import ArticlePage
from kb.retrieval.indexing import IndexOutcome, index_article
from kb.retrieval.reconcile import differences
from kb.tree import ensure_home
from portal.models import User
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


def editor_named(name: str) -> User:
    """A member of the group that writes and reviews."""
    user = User.objects.create_user(f"{name.lower()}@example.org", "a-password", display_name=name)
    user.groups.add(ensure_editors())
    return user


def draft(author: User, title: str = "The queue", text: str = "It is full.") -> ArticlePage:
    page = ArticlePage(title=title, body=paragraphs(text), owner=author, live=False)
    ensure_home().add_child(instance=page)
    return page


def reloaded(page: Page) -> ArticlePage:
    found: ArticlePage = ArticlePage.objects.get(pk=page.pk)
    return found


def submit(page: ArticlePage, *, author: User) -> TaskState:
    """Save what stands in `page` as the author's and hand it in, as the editor's button does."""
    page.save_revision(user=author)
    fresh: ArticlePage = ArticlePage.objects.get(pk=page.pk)
    return fresh.get_workflow().start(fresh, author).current_task_state


def approve(state: TaskState, *, reviewer: User) -> None:
    state.task.specific.on_action(state, reviewer, "approve")


def reviewed(page: ArticlePage, *, author: User, reviewer: User) -> ArticlePage:
    """What stands in `page` goes live on the reviewer's word."""
    approve(submit(page, author=author), reviewer=reviewer)
    made: ArticlePage = ArticlePage.objects.get(pk=page.pk)
    return made


def index(site: Site, *pages: ArticlePage) -> list[IndexOutcome]:
    with site.as_role("worker"):
        return [index_article(page.pk) for page in pages]


def index_differences(site: Site) -> None:
    """What the sweep does."""
    with site.as_role("worker"):
        for difference in list(differences()):
            index_article(difference.article_id)
