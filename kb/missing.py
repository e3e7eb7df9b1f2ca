"""Pictures that readers of live articles do not see: deleted, never chosen, or with their file gone from the disk."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from wagtail.images import get_image_model

from kb.models import ArticlePage
from kb.models.querysets import ArticleQuerySet
from kb.reports import MAY_EDIT, PER_PAGE, as_list, looked_through


@dataclass(frozen=True)
class MissingPicture:
    article: ArticlePage
    alt: str
    reason: str


@MAY_EDIT
def missing_pictures(request: HttpRequest) -> HttpResponse:
    found = list(find_missing_pictures(looked_through(request)))
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = as_list(request, page, _("Missing pictures"), icon="image")
    return TemplateResponse(request, "kb/reports/missing_pictures.html", context)


def find_missing_pictures(articles: ArticleQuerySet) -> Iterator[MissingPicture]:
    """In the order of titles. A file is looked for once, however many articles show it."""
    reasons = {image.pk: _why_missing(image.file) for image in get_image_model().objects.only("pk", "file")}
    for article in articles.only("title", "body", "owner").order_by("title", "pk"):
        for image_id, alt in _pictures(article.body.raw_data):
            reason = _("no picture was chosen") if image_id is None else reasons.get(image_id, _("it was deleted"))
            if reason:
                yield MissingPicture(article, alt[:120], reason)


def _why_missing(file: object) -> str:
    storage, name = getattr(file, "storage", None), getattr(file, "name", "")
    return "" if storage is not None and name and storage.exists(name) else _("its file is gone from the disk")


def _pictures(value: object) -> Iterator[tuple[int | None, str]]:
    """Every picture of a body, however deep in the blocks, with its words."""
    if isinstance(value, dict):
        if "image" in value and "alt" in value:
            yield value["image"], str(value["alt"])
        for item in value.values():
            yield from _pictures(item)
    elif not isinstance(value, str) and hasattr(value, "__iter__"):
        for item in value:
            yield from _pictures(item)
