"""The first thing an editor sees: what asks for them, in a line each, with the way to it. No line, nothing to do.

Layers to the right add lines of their own by `WORK_HOOK`; a line counts what belongs to this editor and nothing else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from django.contrib.auth.models import AbstractBaseUser
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import ngettext
from wagtail import hooks
from wagtail.admin.ui.components import Component
from wagtail.models import TaskState, WorkflowState

from kb.emergency import number_waiting_for
from kb.missing import find_missing_pictures
from kb.models import ArticlePage
from kb.models.querysets import ArticleQuerySet
from kb.reports import due_articles, find_dead_links

WORK_HOOK = "article_work"
"""Functions of an editor that give `Work` lines."""
CHECKED_SECONDS = 600
"""Whoever looks at their start page again within ten minutes is told what was found before."""


@dataclass(frozen=True)
class Work:
    """`words` hold the number; none for a number of nought."""

    number: int
    words: str
    address: str
    is_urgent: bool = False


class WorkPanel(Component):
    name = "article_work"
    template_name = "kb/home.html"
    order = 50

    def __init__(self, editor: AbstractBaseUser) -> None:
        self.editor = editor

    def get_context_data(self, parent_context: object = None) -> dict[str, object]:  # noqa: ARG002
        found = [work for ask in hooks.get_hooks(WORK_HOOK) for work in ask(self.editor) if work.number]
        return {"works": sorted(found, key=lambda work: not work.is_urgent), "owns": _owned(self.editor).exists()}


def article_work(editor: AbstractBaseUser) -> Iterable[Work]:
    """What kb knows: emergencies that this editor may review, and what is wrong with articles that they own."""
    mine = "?whose=mine"
    alone = number_waiting_for(editor)
    words = ngettext(
        "%(n)d article was published by one person alone and waits for a second one",
        "%(n)d articles were published by one person alone and wait for a second one",
        alone,
    )
    yield Work(alone, words % {"n": alone}, reverse("article_emergencies"), is_urgent=True)
    yield from _reviews(editor)
    due = due_articles(_owned(editor)).count()
    words = ngettext("%(n)d article of yours is due for review", "%(n)d articles of yours are due for review", due)
    yield Work(due, words % {"n": due}, reverse("article_reviews_due") + mine)
    nobodys = due_articles(ArticlePage.objects.live().filter(alias_of=None, owner=None)).count()
    words = ngettext(
        "%(n)d article that nobody owns is due for review",
        "%(n)d articles that nobody owns are due for review",
        nobodys,
    )
    yield Work(nobodys, words % {"n": nobodys}, reverse("article_reviews_due") + "?whose=nobody")
    dead, missing = _checked(editor)
    words = ngettext("%(n)d link in your articles leads nowhere", "%(n)d links in your articles lead nowhere", dead)
    yield Work(dead, words % {"n": dead}, reverse("article_dead_links") + mine)
    words = ngettext(
        "%(n)d picture is missing in your articles", "%(n)d pictures are missing in your articles", missing
    )
    yield Work(missing, words % {"n": missing}, reverse("article_missing_pictures") + mine)


def _reviews(editor: AbstractBaseUser) -> Iterable[Work]:
    """What others handed in and this editor may approve, and what came back to them. No mail tells of either."""
    states = TaskState.objects.reviewable_by(editor).select_related("task", "workflow_state")
    waiting = sum(_may_approve(state, editor) for state in states)
    words = ngettext("%(n)d article waits for your review", "%(n)d articles wait for your review", waiting)
    yield Work(waiting, words % {"n": waiting}, reverse("wagtailadmin_reports:workflow_tasks") + "?reviewable=true")
    asked = WorkflowState.STATUS_NEEDS_CHANGES
    returned = WorkflowState.objects.filter(status=asked, requested_by=editor.pk).count()
    words = ngettext(
        "%(n)d article came back to you: its reviewer asks for changes",
        "%(n)d articles came back to you: their reviewers ask for changes",
        returned,
    )
    mine = f"?status={asked}&requested_by={editor.pk}"
    yield Work(returned, words % {"n": returned}, reverse("wagtailadmin_reports:workflow") + mine)


def _may_approve(state: TaskState, editor: AbstractBaseUser) -> bool:
    page = state.workflow_state.content_object
    return page is not None and any(name == "approve" for name, *_ in state.task.specific.get_actions(page, editor))


def _owned(editor: AbstractBaseUser) -> ArticleQuerySet:
    owned: ArticleQuerySet = ArticlePage.objects.live().filter(alias_of=None, owner=editor.pk)
    return owned


def _checked(editor: AbstractBaseUser) -> tuple[int, int]:
    """How many dead links and missing pictures; the texts are read for it, so the answer is kept for a while."""

    def read() -> tuple[int, int]:
        owned = _owned(editor)
        return sum(1 for _link in find_dead_links(owned)), sum(1 for _picture in find_missing_pictures(owned))

    return cache.get_or_set(f"kb.home.{editor.pk}", read, CHECKED_SECONDS) or (0, 0)


def show_work(request: HttpRequest, panels: list[Component]) -> None:
    panels.append(WorkPanel(cast("AbstractBaseUser", request.user)))


hooks.register(WORK_HOOK, article_work)
hooks.register("construct_homepage_panels", show_work)
