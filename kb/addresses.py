"""Where a page stands: for the world, absolute and on the site's public address; and below which sections."""

from django.conf import settings
from django.http import HttpRequest
from wagtail.models import Page
from wagtail.query import PageQuerySet


def public_address(path: str) -> str:
    return f"{settings.HANDRAIL_PUBLIC_URL}{path}"


def address_of(page: Page, request: HttpRequest | None = None) -> str:
    """A page's own address; "" for one that has no place yet, as in the preview of a new article."""
    parts = page.get_url_parts(request) if page.url_path else None
    return public_address(parts[2]) if parts and parts[2] else ""


def canonical_address(page: Page, request: HttpRequest) -> str:
    """An alias says the same words as its original, and stands for it: one text has one address."""
    original = page.alias_of if page.alias_of_id else None
    return address_of(original if original is not None and original.live else page, request)


def trail_of(page: Page) -> PageQuerySet:
    """The sections above a page, outermost first, with what a link to them needs."""
    above = Page.objects.ancestor_of(page).live().filter(articleindexpage__isnull=False)
    return above.only("title", "url_path").order_by("path")
