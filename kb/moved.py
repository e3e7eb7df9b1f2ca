"""Leads from the address that an article or a section had to the one that it has.

Wagtail notes the old addresses when something is moved or renamed. Invariants: they are looked up only where nothing
was found, so a page that is there costs nothing more; and only who may read an article learns where it went.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.utils.encoding import uri_to_iri
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import Site

from kb.audiences import audiences_of
from kb.models import ArticleIndexPage, ArticlePage

GetResponse = Callable[[HttpRequest], HttpResponse]


class MovedArticles:
    """Answers "moved for good" where a page was not found and its reader may read what stood there."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == 404 and request.method in {"GET", "HEAD"}:
            address = new_address(request)
            if address and address != request.path:
                query = request.META.get("QUERY_STRING", "")
                return HttpResponsePermanentRedirect(f"{address}?{query}" if query else address)
        return response


def new_address(request: HttpRequest) -> str:
    """Where this reader finds what stood at the address they asked for; empty when nothing of theirs did."""
    site = Site.find_for_request(request)
    if site is None or "\x00" in request.path:
        return ""
    old = Redirect.normalise_path(uri_to_iri(request.path))
    noted = Redirect.get_for_site(site).filter(old_path=old, redirect_page__isnull=False)
    page_id = noted.values_list("redirect_page_id", flat=True).first()
    if page_id is None:
        return ""
    article = ArticlePage.objects.for_audiences(audiences_of(request)).filter(pk=page_id).first()
    if article is not None:
        return article.get_url(request) or ""
    section = ArticleIndexPage.objects.live().public().filter(pk=page_id).first()
    if section is None or not section._readable_below(audiences_of(request)):
        return ""
    return section.get_url(request) or ""
