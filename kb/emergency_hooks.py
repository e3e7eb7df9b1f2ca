"""The editors' pages for emergencies: publish alone with a reason, and the list of what a second person has yet to see.

Edges only: `kb.emergency` decides, PostgreSQL decides again.
"""

from typing import cast

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.action_menu import ActionMenuItem
from wagtail.admin.menu import MenuItem
from wagtail.log_actions import LogActionRegistry, LogFormatter
from wagtail.models import PageLogEntry

from kb.emergency import (
    FOUND_RIGHT,
    FOUND_WRONG,
    PUBLISHED,
    SHORTEST_REASON,
    as_listed,
    emergencies,
    may_publish_alone,
    publish_in_emergency,
    review_afterwards,
    why_not_now,
)
from kb.errors import EmergencyError, OwnWorkError
from kb.models import ArticleApproval, ArticlePage
from kb.reports import MAY_EDIT, PER_PAGE, as_list


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it cannot wait"),
        min_length=SHORTEST_REASON,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The second person reads it, and it stays in the article's history."),
        error_messages={"min_length": gettext_lazy("Say it in a sentence: a second person has to understand it.")},
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


@MAY_EDIT
@require_http_methods(["GET", "HEAD", "POST"])
def publish(request: HttpRequest, article_id: int) -> HttpResponse:
    """What was saved last goes out now, on one person's word."""
    article = get_object_or_404(ArticlePage, pk=article_id)
    actor = cast("AbstractBaseUser", request.user)
    if not may_publish_alone(actor, article):
        raise Http404
    form = ReasonForm(request.POST or None, initial={"revision": article.latest_revision_id})
    if form.is_valid():
        said = form.cleaned_data
        try:
            publish_in_emergency(actor=actor, article=article, revision_id=said["revision"], reason=said["reason"])
        except EmergencyError as refusal:
            messages.error(request, str(refusal))
            return redirect("article_emergency", article.pk)
        messages.warning(
            request, _("It is live in your name, as not reviewed. Somebody else finds it in the list of emergencies.")
        )
        return redirect("wagtailadmin_pages:edit", article.pk)
    context = {"article": article, "form": form, "refusal": why_not_now(article, actor)}
    return TemplateResponse(request, "kb/emergency.html", context, status=422 if form.errors else 200)


@MAY_EDIT
@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    is_past = request.GET.get("show") == "all"
    found = emergencies(cast("AbstractBaseUser", request.user), waiting=not is_past)
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = as_listed(page.object_list)
    context = as_list(request, page, _("Emergencies"), icon="lock-open", rows=rows) | {"is_past": is_past}
    return TemplateResponse(request, "kb/reports/emergencies.html", context)


@MAY_EDIT
@require_POST
def reviewed(request: HttpRequest, pk: int) -> HttpResponse:
    emergency = get_object_or_404(ArticleApproval.objects.waiting(), pk=pk)
    article = ArticlePage.objects.filter(pk=emergency.article_id).first()
    if article is not None and not article.permissions_for_user(request.user).can_edit():
        raise PermissionDenied
    was_right = request.POST.get("found") == "right"
    try:
        review_afterwards(actor=cast("AbstractBaseUser", request.user), emergency=emergency, was_right=was_right)
    except OwnWorkError:
        messages.error(request, _("You wrote part of this or put it out. Somebody else reviews it."))
    except EmergencyError as refusal:
        messages.error(request, str(refusal))
    else:
        right, wrong = _("Thank you. It is reviewed, and says so."), _("Thank you. It is kept as found wrong.")
        messages.success(request, right if was_right else wrong)
    return redirect("article_emergencies")


class EmergencyItem(ActionMenuItem):
    """In the editor's menu, for the few who have the right, where the site allows it."""

    label = gettext_lazy("Publish in an emergency")
    name = "emergency"
    icon_name = "warning"

    def is_shown(self, context: dict[str, object]) -> bool:
        page = context.get("page")
        request = cast("HttpRequest", context["request"])
        return (
            context["view"] == "edit"
            and isinstance(page, ArticlePage)
            and page.latest_revision_id != page.live_revision_id
            and may_publish_alone(request.user, page)
        )

    def get_url(self, parent_context: dict[str, object]) -> str:
        return reverse("article_emergency", args=[cast("ArticlePage", parent_context["page"]).pk])


def addresses() -> list[URLPattern]:
    return [
        path("articles/emergencies/", listed, name="article_emergencies"),
        path("articles/emergencies/<int:pk>/reviewed/", reviewed, name="article_emergency_reviewed"),
        path("articles/<int:article_id>/emergency/", publish, name="article_emergency"),
    ]


def menu_item() -> MenuItem:
    return MenuItem(gettext_lazy("Emergencies"), reverse("article_emergencies"), icon_name="lock-open", order=95)


def action_item() -> EmergencyItem:
    return EmergencyItem(order=300)


class EmergencyFormatter(LogFormatter):
    """The history says why."""

    label = gettext_lazy("Publish in an emergency")

    def format_message(self, log_entry: PageLogEntry) -> str:
        return _("Published alone in an emergency: %(reason)s") % {"reason": log_entry.data.get("reason", "")}


def name_log_actions(actions: LogActionRegistry) -> None:
    actions.register_action(PUBLISHED)(EmergencyFormatter)
    label = gettext_lazy("Review after an emergency")
    actions.register_action(FOUND_RIGHT, label, gettext_lazy("Reviewed after an emergency: it is right"))
    actions.register_action(FOUND_WRONG, label, gettext_lazy("Reviewed after an emergency: it was wrong"))


hooks.register("register_log_actions", name_log_actions)
hooks.register("register_admin_urls", addresses)
hooks.register("register_reports_menu_item", menu_item)
hooks.register("register_page_action_menu_item", action_item)
