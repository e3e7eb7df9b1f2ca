"""Error pages that say what happened, what was kept and what to do.

Invariant: they work when what broke is the database: the page of a server error is made of nothing but its template.
"""

import sys

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
KEPT_FIELDS = ("subject", "message", "text", "note")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """More than the server takes in one go, or a request that makes no sense; the browser still has the words."""
    return _alone(413 if isinstance(exception, TOO_MUCH) else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A page for others."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page, or one that this visitor must not even know of: the same words for both."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our mistake; or the database is away for a moment, as during an upgrade, and the same page works soon."""
    if isinstance(sys.exception(), OperationalError | InterfaceError):
        response = _alone(503)
        response["Retry-After"] = "60"
        return response
    return _alone(500)


def _alone(status: int) -> HttpResponse:
    """A page that needs neither database nor session, and names an address that a person reads."""
    return HttpResponse(render_to_string(f"{status}.html", {"address": settings.DEFAULT_FROM_EMAIL}), status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came back too old or from elsewhere: nothing was changed, and what was written is shown again."""
    return render(request, "403_csrf.html", {"kept_words": _kept_words(request)}, status=403)


def too_often(request: HttpRequest, *, minutes: int = 1) -> HttpResponse:
    """More than a person would do in the time; what was written is shown again."""
    return render(request, "429.html", {"minutes": minutes, "kept_words": _kept_words(request)}, status=429)


def _kept_words(request: HttpRequest) -> list[str]:
    return [words for name in KEPT_FIELDS if (words := request.POST.get(name, "").strip())]
