"""Who may open the console: reps and leads. Everybody else is told that there is no such page.

Invariant: no page of the console is reached but through `rep_page`; who was signed out while writing keeps their words.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from portal.models import Ticket, User
from portal.permissions import is_lead, is_rep

Page = Callable[..., HttpResponse]


def rep_page(view: Page) -> Page:
    """Let reps and leads through; send strangers to sign in, and show customers that nothing is here."""

    @never_cache
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return _signed_out(request)
        if not is_rep(request.user):
            raise Http404(_("There is no such page."))
        return view(request, *args, **kwargs)

    return guarded


def lead_page(view: Page) -> Page:
    """Let leads through; to anybody else, reps included, there is no such page."""

    @rep_page
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_lead(request.user):
            raise Http404(_("There is no such page."))
        return view(request, *args, **kwargs)

    return guarded


def rep_of(request: HttpRequest) -> User:
    """The rep behind a request that came through `rep_page`."""
    return cast("User", request.user)


def find_ticket(request: HttpRequest, number: int) -> Ticket:
    """The request by its number, if this reader may see it; Http404 otherwise."""
    tickets = Ticket.objects.visible_to(request.user).select_related(
        "requester", "organisation__engineer", "organisation__deputy", "category", "assignee", "team"
    )
    ticket = tickets.filter(pk=number).first()
    if ticket is None:
        raise Http404(_("There is no request with this number."))
    return ticket


def _signed_out(request: HttpRequest) -> HttpResponse:
    if request.method in {"GET", "HEAD"}:
        if request.headers.get("HX-Request"):
            # A part of a page that is open: the sign-in page in its place would help nobody.
            return HttpResponse(status=403)
        return redirect_to_login(request.get_full_path())
    kept = [words for name in ("text", "note", "comment") if (words := request.POST.get(name, "").strip())]
    return render(request, "agents/signed_out.html", {"kept_words": kept}, status=403)
