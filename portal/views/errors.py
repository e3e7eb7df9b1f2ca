"""Error pages that say what happened, what was kept and what to do."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that came back too old or from elsewhere: nothing was changed, and the page says how to go on."""
    return render(request, "403_csrf.html", {"reason": reason}, status=403)
