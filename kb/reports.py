"""What editors look through now and then: articles whose review is due, and links that lead nowhere."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bs4 import BeautifulSoup
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from wagtail.admin import messages
from wagtail.documents import get_document_model

from kb.errors import OwnWorkError
from kb.models import ArticlePage
from kb.models.pages import PUBLIC
from kb.review import confirm_still_right

PER_PAGE = 50
MAY_EDIT = permission_required("wagtailadmin.access_admin", login_url="account_login")
_HTML = re.compile(r"<a\b")


@dataclass(frozen=True)
class DeadLink:
    article: ArticlePage
    words: str
    reason: str


@MAY_EDIT
def due_for_review(request: HttpRequest) -> HttpResponse:
    """Live articles past their day, the oldest first, then those that have none."""
    due = ArticlePage.objects.live().filter(review_by__lte=timezone.localdate(), alias_of=None)
    articles = due.with_writers().defer("body").order_by("review_by", "title")
    page = Paginator(articles, PER_PAGE).get_page(request.GET.get("page"))
    return TemplateResponse(request, "kb/reports/due.html", {"articles": page})


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
    found = list(find_dead_links())
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    return TemplateResponse(request, "kb/reports/dead_links.html", {"links": page})


def find_dead_links() -> Iterator[DeadLink]:
    """Links within the site that lead to nothing, or to what this article's readers may not see."""
    targets = {
        page.pk: page for page in ArticlePage.objects.live().public().only("pk", "title", "audience").order_by("pk")
    }
    known = frozenset(ArticlePage.objects.values_list("pk", flat=True))
    documents = frozenset(get_document_model().objects.values_list("pk", flat=True))
    for article in ArticlePage.objects.live().filter(alias_of=None).order_by("title"):
        anchors = {entry.anchor for entry in article.contents}
        for html in _rich_texts(article.body.raw_data):
            for link in BeautifulSoup(html, "html.parser").find_all("a"):
                reason = _why_dead(article, link.attrs, targets, known, documents, anchors)
                if reason:
                    yield DeadLink(article, link.get_text()[:120], reason)


def _why_dead(
    article: ArticlePage,
    link: dict[str, object],
    targets: dict[int, ArticlePage],
    known: frozenset[int],
    documents: frozenset[int],
    anchors: set[str],
) -> str:
    kind, address = link.get("linktype"), str(link.get("href", ""))
    target = int(str(link["id"])) if str(link.get("id", "")).isdecimal() else 0
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
