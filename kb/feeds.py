"""Atom feeds of public articles that are new or were changed: of the whole site, and of each section's branch.

Each entry says that it is an article, who wrote it and when it was last reviewed, as every surface does.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kb.addresses import address_of
from kb.models import ArticleIndexPage
from kb.public_pages import newest_articles

FEED = "feed.xml"
"""What follows a section's address; no page can stand there, for slugs have no dots."""
ENTRIES = 30


def feed_of(section: ArticleIndexPage, request: HttpRequest) -> Atom1Feed:
    address = address_of(section, request)
    feed = Atom1Feed(
        title=_("%(site)s: new and changed in %(section)s")
        % {"site": settings.HANDRAIL_NAME, "section": section.title},
        link=address,
        description="",
        subtitle=section.intro or None,
        language=get_language(),
        feed_url=address + FEED,
        feed_guid=_lasting_name("section", section.pk),
    )
    for article in newest_articles(section, ENTRIES):
        feed.add_item(
            title=article.title,
            link=address_of(article, request),
            description=render_to_string("kb/_feed_entry.html", {"article": article}).strip(),
            author_name=article.written_by,
            unique_id=_lasting_name("article", article.pk),
            pubdate=article.first_published_at,
            updateddate=article.last_published_at,
            categories=[article.product] if article.product else (),
        )
    return feed


def _lasting_name(kind: str, pk: int) -> str:
    """A name that stays when a page moves, so that nobody is told of the same article twice (RFC 4151)."""
    return f"tag:{urlsplit(settings.HANDRAIL_PUBLIC_URL).hostname},2026:{kind}/{pk}"
