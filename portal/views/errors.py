"""Error pages that say what happened, what was kept and what to do.

Invariant: they work when what broke is the database: the page of a server error is made of nothing but its template.
"""

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
KEPT_FIELDS = ("subject", "message", "text", "note")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """More than the server takes in one go, or a request that makes no sense; the browser still has the words."""
    too_much = isinstance(exception, TOO_MUCH)
    return HttpResponse(render_to_string("400.html", {"too_much": too_much}), status=400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A page for others."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """No such page, or one that this visitor must not even know of: the same words for both."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our mistake."""
    return HttpResponse(render_to_string("500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came back too old or from elsewhere: nothing was changed, and what was written is shown again."""
    return render(request, "403_csrf.html", {"kept_words": _kept_words(request)}, status=403)


def too_often(request: HttpRequest, *, minutes: int = 1) -> HttpResponse:
    """More than a person would do in the time; what was written is shown again."""
    return render(request, "429.html", {"minutes": minutes, "kept_words": _kept_words(request)}, status=429)


def _kept_words(request: HttpRequest) -> list[str]:
    return [words for name in KEPT_FIELDS if (words := request.POST.get(name, "").strip())]
