"""What stands in the head of articles and sections for those who do not look at the page: engines, readers of feeds.

It asks the database nothing that the page has not asked. Of an article that not everybody may read it says nothing.
"""

from collections.abc import Iterable

from django import template
from django.conf import settings
from django.http import HttpRequest
from wagtail.models import Page

from kb.addresses import address_of, canonical_address
from kb.audiences import PUBLIC
from kb.feeds import FEED
from kb.models import ArticlePage
from kb.structured import Data, Step, article_data, as_script, breadcrumbs

register = template.Library()


@register.inclusion_tag("kb/_head.html", takes_context=True)
def page_head(context: template.Context) -> dict[str, object]:
    page, request = context["page"], context["request"]
    article = page if isinstance(page, ArticlePage) else None
    own = address_of(page, request)
    if not own or (article and article.audience != PUBLIC):
        return {}
    trail = list(context["trail"])
    address = canonical_address(page, request)
    data: list[Data] = [breadcrumbs(_steps([*trail, page], request))]
    if article:
        data.insert(0, article_data(article, address=address, publisher=settings.HANDRAIL_NAME))
    sections = trail if article else [*trail, page]
    return {
        "page": page,
        "is_article": article is not None,
        "description": article.summary if article else page.intro,
        "address": address,
        "site_name": settings.HANDRAIL_NAME,
        "feeds": [(section.title, address_of(section, request) + FEED) for section in {*sections[:1], *sections[-1:]}],
        "structured": as_script(data),
    }


def _steps(pages: Iterable[Page], request: HttpRequest) -> list[Step]:
    return [Step(page.title, address_of(page, request)) for page in pages]
