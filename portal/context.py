"""What every page knows of its site. Nothing here asks the database until a page shows it."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.permissions import is_rep, may_resolve_mail
from portal.views.verdicts import origin_of

# What stands at the end of every article. kb includes it by this name, whatever the site puts there.
ARTICLE_END = "portal/_article_end.html"


def site(request: HttpRequest) -> dict[str, object]:
    """The site's name, whether the demo's mailbox stands in for real mail, and what the frame leaves to the portal."""
    return {
        "site_name": settings.HANDRAIL_NAME,
        "is_demo": settings.HANDRAIL_DEMO,
        "article_end": ARTICLE_END,
        "came_from": SimpleLazyObject(lambda: origin_of(request)),
        "is_rep": SimpleLazyObject(lambda: is_rep(request.user)),
        "may_resolve_mail": SimpleLazyObject(lambda: may_resolve_mail(request.user)),
    }
