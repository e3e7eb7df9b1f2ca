"""Calling an article wrong: a form for reps, and the work list of the editors who mend it."""

from datetime import datetime
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kb.models import ArticlePage
from kb.reports import MINE, as_list
from portal.actions.flags import flag_article, may_flag, settle_article
from portal.errors import PortalError
from portal.flagged import flagged_articles, open_flags, with_words
from portal.forms import FlagForm
from portal.models import Ticket, User

PER_PAGE = 25
_MAY_EDIT = permission_required("wagtailadmin.access_admin", login_url="account_login")


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def flag(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what is wrong with an article, with what colleagues said before; `ticket` is where it was noticed."""
    article = get_object_or_404(ArticlePage.objects.live().public(), pk=pk)
    ticket = _ticket(request)
    if not may_flag(request.user, article, ticket):
        raise Http404(_("There is no such page."))
    form = FlagForm(request.POST or None)
    if form.is_valid():
        flag_article(actor=cast("User", request.user), article=article, ticket=ticket, **form.cleaned_data)
        messages.success(request, _("Thank you. Its editors find it in their list, with your name and your reason."))
        return redirect(request.get_full_path())
    context = {"article": article, "ticket": ticket, "form": form, "flags": open_flags([article.pk])}
    return render(request, "portal/flag.html", context, status=422 if form.errors else 200)


def _ticket(request: HttpRequest) -> Ticket | None:
    """The request that the address names, if this reader may see it."""
    number = request.GET.get("ticket", "")
    if not number.isdecimal() or len(number) > 18:
        return None
    return Ticket.objects.visible_to(request.user).select_related("organisation").filter(pk=number).first()


@_MAY_EDIT
@require_GET
def flagged(request: HttpRequest) -> HttpResponse:
    """Articles that readers or colleagues called wrong since somebody last dealt with them, the newest first."""
    whose = request.GET.get("whose", "")
    found = flagged_articles(cast("User", request.user), owned=whose == MINE)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = as_list(request, page, _("Flagged wrong"), icon="warning", rows=with_words(page.object_list))
    return render(request, "portal/reports/flagged.html", context)


@_MAY_EDIT
@require_POST
def dealt_with(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an article off the list, as far as the editor saw what was said."""
    article = get_object_or_404(ArticlePage, pk=pk)
    try:
        settle_article(actor=cast("User", request.user), article=article, up_to=_moment(request))
    except PortalError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("“%(title)s” is off the list until somebody flags it again.") % {"title": article})
    return redirect("flagged_articles")


def _moment(request: HttpRequest) -> datetime:
    try:
        moment = parse_datetime(request.POST.get("up_to", ""))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Http404
    return moment
