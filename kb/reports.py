"""What editors look through now and then: articles whose review is due, and links that lead nowhere."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.documents import get_document_model
from wagtail.rich_text.rewriters import FIND_A_TAG, extract_attrs

from kb.audiences import PUBLIC
from kb.errors import OwnWorkError
from kb.models import ArticlePage
from kb.models.querysets import ArticleQuerySet
from kb.review import confirm_still_right

PER_PAGE = 50
MINE, NOBODYS = "mine", "nobody"
MAY_EDIT = permission_required("wagtailadmin.access_admin", login_url="account_login")
_HTML = re.compile(r"<a\b")
_INTERNAL = re.compile(r'<a\b[^>]*(?:linktype=|href="#)')


@dataclass(frozen=True)
class DeadLink:
    article: ArticlePage
    words: str
    reason: str


@MAY_EDIT
def due_for_review(request: HttpRequest) -> HttpResponse:
    """Live articles past their day, the oldest first, then those that have none."""
    articles = due_articles(looked_through(request)).with_writers().defer("body").order_by("review_by", "title")
    page = Paginator(articles, PER_PAGE).get_page(request.GET.get("page"))
    return TemplateResponse(
        request, "kb/reports/due.html", as_list(request, page, _("Articles due for review"), icon="time")
    )


def as_list(
    request: HttpRequest, page: Page[Any], list_name: str, *, icon: str, rows: Sequence[object] | None = None
) -> dict[str, object]:
    """What the frame of a work list needs; `rows` where they are more than the page holds of them."""
    shown = page.object_list if rows is None else rows
    return {"page": page, "rows": shown, "list_name": list_name, "icon": icon, "whose": request.GET.get("whose")}


def looked_through(request: HttpRequest) -> ArticleQuerySet:
    """The live articles that a report is about: all, those that the editor owns, or those that nobody does."""
    articles: ArticleQuerySet = ArticlePage.objects.live().filter(alias_of=None)
    owners = {MINE: request.user.pk, NOBODYS: None}
    whose = request.GET.get("whose", "")
    return articles.filter(owner=owners[whose]) if whose in owners else articles


def due_articles(articles: ArticleQuerySet) -> ArticleQuerySet:
    due: ArticleQuerySet = articles.filter(review_by__lte=timezone.localdate())
    return due


@MAY_EDIT
@require_POST
def still_right(request: HttpRequest, article_id: int) -> HttpResponse:
    article = get_object_or_404(ArticlePage.objects.live(), pk=article_id)
    if not article.permissions_for_user(request.user).can_edit():
        messages.error(request, _("This article is not yours to review."))
        return redirect("article_reviews_due")
    try:
        confirm_still_right(actor=request.user, article=article)  # type: ignore[arg-type]
    except OwnWorkError:
        messages.error(request, _("You wrote part of this text. Somebody else confirms that it is still right."))
    else:
        messages.success(request, _("Thank you. “%(title)s” now says that you reviewed it today.") % {"title": article})
    return redirect("article_reviews_due")


@MAY_EDIT
def dead_links(request: HttpRequest) -> HttpResponse:
    found = list(find_dead_links(looked_through(request)))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return TemplateResponse(
        request, "kb/reports/dead_links.html", as_list(request, page, _("Links that lead nowhere"), icon="link")
    )


def find_dead_links(articles: ArticleQuerySet) -> Iterator[DeadLink]:
    """Links within the site that lead to nothing, or to what the article's readers may not see; in order of titles.

    Markup is read by Wagtail's own pattern, and as a tree only where something is wrong: most texts are right.
    """
    targets = {
        page.pk: page for page in ArticlePage.objects.live().public().only("pk", "title", "audience").order_by("pk")
    }
    known = frozenset(ArticlePage.objects.values_list("pk", flat=True))
    documents = frozenset(get_document_model().objects.values_list("pk", flat=True))
    for article in articles.only("title", "audience", "body", "owner").order_by("title", "pk"):
        texts = [html for html in _rich_texts(article.body.raw_data) if _INTERNAL.search(html)]
        anchors = {entry.anchor for entry in article.contents} if any('href="#' in html for html in texts) else set()
        for html in texts:
            for number, tag in enumerate(FIND_A_TAG.findall(html)):
                reason = _why_dead(article, extract_attrs(tag), targets, known, documents, anchors)
                if reason:
                    yield DeadLink(
                        article, BeautifulSoup(html, "html.parser").find_all("a")[number].get_text()[:120], reason
                    )


def _why_dead(
    article: ArticlePage,
    link: Mapping[str, str],
    targets: dict[int, ArticlePage],
    known: frozenset[int],
    documents: frozenset[int],
    anchors: set[str],
) -> str:
    kind, address = link.get("linktype"), link.get("href", "")
    target = int(link["id"]) if link.get("id", "").isdecimal() else 0
    if kind == "document":
        return "" if target in documents else _("the document was deleted")
    if kind == "page" and target in targets:
        seen_by = targets[target].audience
        return "" if seen_by in {PUBLIC, article.audience} else _("its readers may not see that article")
    if kind == "page":
        return _("the article is not live") if target in known else _("the page was deleted")
    if address.startswith("#") and address[1:] and address[1:] not in anchors:
        return _("there is no such section in this article")
    return ""


def _rich_texts(value: object) -> Iterator[str]:
    """Every text with a link in it, however deep in the blocks."""
    if isinstance(value, str):
        if _HTML.search(value):
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _rich_texts(item)
    elif hasattr(value, "__iter__"):
        for item in value:
            yield from _rich_texts(item)
