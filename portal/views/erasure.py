"""Erasing a person's text at their request: a page for leads and administrators, confirmed by typing the address."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.actions.erasure import check_confirmation, erase_person, files_left
from portal.errors import PortalError
from portal.models import Attachment, Message, Ticket, User
from portal.permissions import may_erase


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, person: int) -> HttpResponse:
    """Show what would go and what would stay; with the address typed, erase it. Again: finish what was left."""
    if not may_erase(request.user):
        raise Http404(_("There is no such page."))
    found = get_object_or_404(User, pk=person)
    if request.method != "POST":
        return _page(request, found)
    actor = User.objects.get(pk=request.user.pk or 0)
    try:
        if found.erased_at is None:
            check_confirmation(person=found, typed=request.POST.get("address", ""))
        done = erase_person(actor=actor, session_key=request.session.session_key or "", person=found)
    except PortalError as refusal:
        return _page(request, found, refusal=str(refusal), status=422)
    if done.is_complete:
        messages.success(request, _("Erased, with the files. Nothing is left to do."))
    else:
        messages.warning(request, _("Erased, but not everything could be finished. This page says what is left."))
    return redirect("portal:erase_person", found.pk)


def _page(request: HttpRequest, person: User, *, refusal: str = "", status: int = 200) -> HttpResponse:
    own = Message.objects.filter(ticket__requester=person)
    context = {
        "person": person,
        "requests": Ticket.objects.filter(requester=person).count(),
        "messages_count": own.count(),
        "files": Attachment.objects.filter(message__in=own).count(),
        "files_left": files_left(person) if person.erased_at else 0,
        "refusal": refusal,
    }
    return render(request, "portal/erasure.html", context, status=status)
