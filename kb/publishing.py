"""What programs read of the articles: feeds, and the sitemap in parts. Nothing in them is for some readers only."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from kb.addresses import public_address
from kb.feeds import feed_of
from kb.public_pages import home_section, listed_articles, listed_sections, public_articles, section_at

PART = 5_000
"""Addresses in a part of the sitemap; the protocol allows 50,000, which would take seconds to read."""
XML = "application/xml; charset=utf-8"


def feed(request: HttpRequest, section: str = "") -> HttpResponse:
    found = section_at(request, section)
    if found is None:
        raise Http404
    made = feed_of(found, request)
    if not made.items and found.holds_articles():
        raise Http404
    return HttpResponse(made.writeString("utf-8"), content_type=made.content_type)


def sitemap(request: HttpRequest) -> HttpResponse:
    """The list of the parts: one of the sections, then the articles in as many as they need."""
    home = home_section(request)
    parts = -(-public_articles(home).count() // PART) if home else 0
    addresses = [public_address(reverse("sitemap_part", args=[part])) for part in range(parts + 1)]
    return render(request, "kb/sitemap_index.xml", {"addresses": addresses}, content_type=XML)


def sitemap_part(request: HttpRequest, part: int) -> HttpResponse:
    """Part 0 is the sections, part n the nth PART of the articles."""
    home = home_section(request)
    if home is None:
        listed = []
    elif part == 0:
        listed = listed_sections(home, request)
    else:
        listed = listed_articles(home, request, first=PART * (part - 1), most=PART)
    if part and not listed:
        raise Http404
    return render(request, "kb/sitemap_part.xml", {"listed": listed}, content_type=XML)
