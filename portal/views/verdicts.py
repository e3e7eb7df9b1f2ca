"""“Did this solve it?”: asked under an article and under an answer, by plain forms.

Invariant: only a press counts; a page that is opened or left writes nothing. A no always leads to a person.
"""

import uuid
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from kb.models import ArticlePage
from portal import ratelimit
from portal.actions.verdicts import judge_article, judge_reply
from portal.errors import PortalError
from portal.models import ArticleVerdict
from portal.views.conversation import writable

PER_TEN_MINUTES = 30
SAID = "article_verdicts"
MOST_REMEMBERED = 100


def origin_of(request: HttpRequest) -> ArticleVerdict.CameFrom:
    """Where the reader of this article page came from, by the address their browser names."""
    path = urlsplit(request.META.get("HTTP_REFERER", "")).path
    if path == reverse("portal:file_ticket"):
        return ArticleVerdict.CameFrom.SUGGESTION
    return ArticleVerdict.CameFrom.SEARCH if path == reverse("kb:search") else ArticleVerdict.CameFrom.OTHER


@never_cache
@require_POST
def article(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep whether the article solved it. Solved leads back to it, unsolved to the request form with the article."""
    audiences = frozenset(request.audiences)  # type: ignore[attr-defined]
    read = ArticlePage.objects.for_audiences(audiences).filter(pk=pk).first()
    if read is None:
        raise Http404
    solved = request.POST.get("solved") == "yes"
    # Beyond the limit the word is not counted, but its reader is led on all the same.
    if ratelimit.hit(f"verdict:{request.META.get('REMOTE_ADDR', '')}", limit=PER_TEN_MINUTES, seconds=600):
        _keep(request, read, solved=solved)
    if not solved:
        return redirect(f"{reverse('portal:file_ticket')}?article={read.pk}")
    messages.success(request, _("Good to know. Thank you for saying so."))
    return redirect(read.get_url(request) or "portal:home")


def _keep(request: HttpRequest, read: ArticlePage, *, solved: bool) -> None:
    """Count one word a visit: whoever changes their mind changes their word."""
    said: dict[str, int] = request.session.get(SAID, {})
    origin = request.POST.get("came_from", "")
    verdict = judge_article(
        actor=None,
        article=read,
        solved=solved,
        came_from=origin if origin in ArticleVerdict.CameFrom.values else ArticleVerdict.CameFrom.OTHER,
        earlier=said.get(str(read.pk)),
    )
    request.session[SAID] = dict([*said.items(), (str(read.pk), verdict.pk)][-MOST_REMEMBERED:])


@never_cache
@require_POST
def reply(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """Keep whether the newest answer solved the request."""
    access = writable(request, reference)
    message = request.POST.get("message", "")
    solved = request.POST.get("solved") == "yes"
    try:
        judge_reply(
            actor=access.author,
            ticket=access.ticket,
            message_id=int(message) if message.isdecimal() and len(message) < 19 else 0,
            solved=solved,
        )
    except PortalError as error:
        messages.warning(request, str(error))
        return redirect("portal:ticket", reference)
    if solved:
        messages.success(request, _("Good to know. The request is marked as solved; writing here opens it again."))
        return redirect("portal:ticket", reference)
    messages.success(
        request,
        _("Your request stays open and a person reads it. Say below what is still missing, if you can."),
    )
    return redirect(f"{reverse('portal:ticket', args=[reference])}#reply")
