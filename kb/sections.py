"""The sections that a site opens with: where somebody who would rather look around begins."""

from django.http import HttpRequest
from wagtail.models import Site

from kb.models import ArticleIndexPage


def front_sections(request: HttpRequest, audiences: frozenset[str]) -> list[ArticleIndexPage]:
    """The sections of this site that hold anything for this reader, each with its `article_count`."""
    site = Site.find_for_request(request)
    home = ArticleIndexPage.objects.filter(pk=site.root_page_id).only("path", "depth").first() if site else None
    return home.front_sections(audiences) if home else []
