"""Which pages the whole world may know of: public live articles, and the sections that hold any. Feeds and the sitemap.

An alias says what its original says, so only the original is listed.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Left, Length
from django.http import HttpRequest
from wagtail.models import Page, Site

from kb.addresses import address_of
from kb.audiences import PUBLIC_ONLY
from kb.models import ArticleIndexPage, ArticlePage
from kb.models.querysets import ArticleQuerySet


@dataclass(frozen=True)
class Listed:
    """An address for the sitemap; `changed_at` from the record, or None where there is none."""

    address: str
    changed_at: datetime | None


def home_section(request: HttpRequest) -> ArticleIndexPage | None:
    site = Site.find_for_request(request)
    home: ArticleIndexPage | None = ArticleIndexPage.objects.filter(pk=site.root_page_id).first() if site else None
    return home


def section_at(request: HttpRequest, place: str) -> ArticleIndexPage | None:
    """The section at `place`, the slugs below the home section ("" is the home section itself)."""
    home = home_section(request)
    if home is None or not place:
        return home
    below = ArticleIndexPage.objects.descendant_of(home).live().public()
    section: ArticleIndexPage | None = below.filter(url_path=f"{home.url_path}{place}/").first()
    return section


def public_articles(section: ArticleIndexPage) -> ArticleQuerySet:
    below = ArticlePage.objects.descendant_of(section).filter(alias_of=None)
    articles: ArticleQuerySet = below.for_audiences(PUBLIC_ONLY)
    return articles


def newest_articles(section: ArticleIndexPage, limit: int) -> list[ArticlePage]:
    """The public articles last put out, newest first, with what a list shows of them."""
    newest = public_articles(section).exclude(last_published_at=None).order_by("-last_published_at", "-pk")
    return list(newest.as_listed()[:limit])


def listed_sections(home: ArticleIndexPage, request: HttpRequest) -> list[Listed]:
    """The sections, each with the day of the newest article in its branch: its list changed with it."""
    step = ArticleIndexPage.steplen
    newest: dict[str, datetime | None] = {}
    parents = public_articles(home).order_by().values_list(Left("path", Length("path") - step), "last_published_at")
    for path, published_at in parents.iterator():
        for end in range(len(home.path), len(path) + 1, step):
            known = newest.get(path[:end])
            newest[path[:end]] = max(filter(None, (known, published_at)), default=None)
    sections = ArticleIndexPage.objects.live().public().filter(path__in=newest).only("url_path", "path")
    return [_listed(section, newest[section.path], request) for section in sections.order_by("path")]


def listed_articles(home: ArticleIndexPage, request: HttpRequest, *, first: int, most: int) -> list[Listed]:
    """A part of the articles, in an order that new ones do not disturb."""
    pages = public_articles(home).order_by("pk").only("url_path", "last_published_at")[first : first + most]
    return [_listed(page, page.last_published_at, request) for page in pages]


def _listed(page: Page, changed_at: datetime | None, request: HttpRequest) -> Listed:
    return Listed(address_of(page, request), changed_at)
