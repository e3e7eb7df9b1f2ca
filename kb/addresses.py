"""Where a page stands for the world: absolute, on the site's public address, and without a query string."""

from django.conf import settings
from django.http import HttpRequest
from wagtail.models import Page


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
