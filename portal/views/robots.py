"""robots.txt: where the sitemap is, and what is not worth a crawler's time. It hides nothing: signing in does."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from kb.addresses import public_address

# Each question is a page of its own to a crawler, and costs a search; the rest only leads to a sign-in.
UNWORTHY = ("/articles/search/?", "/requests/suggestions/", "/console/", "/cms/", "/admin/", "/demo/")


def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in UNWORTHY)]
    lines += ["", f"Sitemap: {public_address(reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")
