"""Filing a request, and its receipt. Works with scripts off and with search, Redis and the suggestions down."""

import logging
import uuid

from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kb.models import ArticlePage
from kb.search import Use
from portal import ratelimit
from portal.actions.accounts import ensure_guest
from portal.actions.suggestions import shown_articles, sign_shown
from portal.actions.tickets import MAX_TEXT, Filing, ShownArticle
from portal.actions.tickets import file_ticket as file_ticket_action
from portal.errors import InvalidRequestError
from portal.firstresponse import Expectations
from portal.forms import RequestForm
from portal.models import Ticket, User
from portal.permissions import follow_token
from portal.views.access import find_ticket, follow
from portal.views.files import content_key, keep_files
from portal.views.suggestions import Suggestions, find_suggestions, may_ask

log = logging.getLogger(__name__)

PER_TEN_MINUTES = 30


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def file_ticket(request: HttpRequest) -> HttpResponse:
    """The request form. POST files, or with `action=suggest` shows matching articles and keeps everything."""
    signed_in = request.user.is_authenticated
    if request.method != "POST":
        article = article_read_before(request)
        carried = _words_brought_along(request) | ({"opened": str(article.pk)} if article else {})
        return _form_page(request, RequestForm(signed_in=signed_in, initial=carried), article=article)
    if request.POST.get("action") == "suggest":
        form = RequestForm(request.POST, request.FILES, signed_in=signed_in)
        form.forgive_all_but_files()
        shown = request.POST.get("shown", "")
        found = find_suggestions(request, use=Use.PAGE) if may_ask(request) else Suggestions((), shown)
        return _form_page(request, form, found=found)
    form = RequestForm(request.POST, request.FILES, signed_in=signed_in)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    who = request.user.pk or request.META.get("REMOTE_ADDR", "")
    if not ratelimit.hit(f"file:{who}", limit=PER_TEN_MINUTES, seconds=600):
        form.add_error(
            None, _("That were many requests in a short time. Nothing is lost: please send again in a while.")
        )
        return _form_page(request, form, status=429)
    try:
        ticket = _file(request, form)
    except InvalidRequestError as error:
        form.add_error(None, str(error))
        return _form_page(request, form, status=422)
    if not signed_in:
        follow(request, ticket)
    return redirect("portal:receipt", ticket.reference)


@never_cache
@require_safe
def receipt(request: HttpRequest, reference: uuid.UUID) -> HttpResponse:
    """What happens next with a request just filed; without an account also the link that opens it again."""
    access = find_ticket(request, reference)
    follow_url = ""
    if access.follows:
        follow_url = request.build_absolute_uri(reverse("portal:follow", args=[follow_token(access.ticket)]))
    context = {
        "ticket": access.ticket,
        "follow_url": follow_url,
        "follows": access.follows,
        "expected": Expectations().of(access.ticket, by_link=access.follows),
    }
    return render(request, "portal/receipt.html", context)


def article_read_before(request: HttpRequest) -> ArticlePage | None:
    """The article that did not solve it, which somebody read before they came here; only one that they may read."""
    wanted = request.GET.get("article", "")
    if not wanted.isdecimal() or len(wanted) > 18:
        return None
    audiences = frozenset(request.audiences)  # type: ignore[attr-defined]
    article: ArticlePage | None = ArticlePage.objects.for_audiences(audiences).with_writers().filter(pk=wanted).first()
    return article


def _words_brought_along(request: HttpRequest) -> dict[str, str]:
    """What somebody searched for without finding it, so that they need not type it again."""
    return {name: request.GET[name][:MAX_TEXT] for name in ("subject", "message") if name in request.GET}


def _form_page(
    request: HttpRequest,
    form: RequestForm,
    *,
    found: Suggestions | None = None,
    article: ArticlePage | None = None,
    status: int = 200,
) -> HttpResponse:
    keep_files(request, form)
    shown = found.shown if found else request.POST.get("shown", "")
    context = {
        "form": form,
        "suggestions": found.hits if found else (),
        "shown": sign_shown([article.pk]) if article else shown,
        "asked": found is not None,
        "article": article,
    }
    return render(request, "portal/file_ticket.html", context, status=status)


def _file(request: HttpRequest, form: RequestForm) -> Ticket:
    """File what the form says. What the articles beside it were must never be what stops it."""
    if isinstance(request.user, User):
        actor, verified = request.user, True
    else:
        data = form.cleaned_data
        actor = ensure_guest(actor=None, email=data["email"], name=data["name"], language=get_language() or "en")
        verified = False
    shown = _shown(form)
    try:
        return file_ticket_action(actor=actor, filing=_filing(form, actor, shown), verified=verified)
    except IntegrityError:
        if not shown:
            raise
        log.warning("shown_articles_dropped", extra={"count": len(shown)})  # one was deleted at this very moment
        return file_ticket_action(actor=actor, filing=_filing(form, actor, []), verified=verified)


def _filing(form: RequestForm, actor: User, shown: list[ShownArticle]) -> Filing:
    data = form.cleaned_data
    category = data.get("category")
    return Filing(
        subject=data["subject"],
        text=data["message"],
        filing_key=content_key(data["filing_key"], actor, data["subject"], data["message"], files=data["attachments"]),
        language=get_language() or "en",
        category_slug=category.slug if category else "",
        attachments=data["attachments"],
        shown=shown,
    )


def _shown(form: RequestForm) -> list[ShownArticle]:
    shown = shown_articles(form.cleaned_data["shown"], form.cleaned_data["opened"])
    if not shown:
        return []
    known = set(ArticlePage.objects.filter(pk__in=[one.article_id for one in shown]).values_list("pk", flat=True))
    return [one for one in shown if one.article_id in known]
