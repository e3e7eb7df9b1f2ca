"""Where Wagtail's editor would publish without a review: it saves instead, says why, and loses nothing that was typed.

PostgreSQL refuses what slips past here; this is the kind word before it.
"""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from wagtail import hooks
from wagtail.admin import messages
from wagtail.admin.action_menu import ActionMenuItem, PublishMenuItem, SubmitForModerationMenuItem
from wagtail.models import Page

from kb.models import ArticlePage, EditorialPolicy

Response = HttpResponse | None
PUBLISH = "action-publish"
APPROVE = "action-workflow-action"


def _is_article(page: Page) -> bool:
    return issubclass(page.specific_class or Page, ArticlePage)


def _makes_article(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.kwargs.get("content_type_model_name") == ArticlePage._meta.model_name


def _drop_action(request: HttpRequest, name: str) -> None:
    """What remains of the form is "save draft"."""
    posted = request.POST.copy()
    del posted[name]
    request.POST = posted  # type: ignore[assignment]


def hand_in_first(menu_items: list[ActionMenuItem], request: HttpRequest, context: dict[str, object]) -> None:
    """Where a review is asked for nobody is offered "Publish", and handing in is the first choice."""
    page = context.get("page")
    is_article = _is_article(page) if isinstance(page, Page) else _makes_article(request)
    if not is_article or not EditorialPolicy.asks_for_review():
        return
    submit = [item for item in menu_items if isinstance(item, SubmitForModerationMenuItem)]
    rest = [item for item in menu_items if not isinstance(item, PublishMenuItem | SubmitForModerationMenuItem)]
    menu_items[:] = [*submit, *rest]


def save_new_instead(request: HttpRequest, parent_page: Page, page_class: type[Page]) -> Response:  # noqa: ARG001
    if page_class is ArticlePage:
        _save_instead_of_publishing(request)
    return None


def save_instead(request: HttpRequest, page: Page) -> Response:
    if request.method != "POST" or not _is_article(page):
        return None
    _save_instead_of_publishing(request)
    if request.POST.get(APPROVE) and request.POST.get("workflow-action-name") == "approve":
        return _approve_only_what_was_read(request, page)
    return None


def _save_instead_of_publishing(request: HttpRequest) -> None:
    if request.method == "POST" and request.POST.get(PUBLISH) and EditorialPolicy.asks_for_review():
        _drop_action(request, PUBLISH)
        messages.warning(
            request, _("Saved as a draft. Submit it for review: it goes live once somebody else approves.")
        )


def _approve_only_what_was_read(request: HttpRequest, page: Page) -> Response:
    """An approval is of the text that was on the screen: neither of a newer one nor of the reviewer's own changes."""
    loaded = request.POST.get("loaded_revision_id")
    if loaded and loaded != str(page.latest_revision_id):
        messages.error(request, _("The text has changed since you opened it. Read it again, then approve."))
        return redirect("wagtailadmin_pages:edit", page.pk)
    if EditorialPolicy.asks_for_review() and _has_changes(request, page):
        _drop_action(request, APPROVE)
        messages.warning(
            request, _("Your changes are saved. Part of the text is yours now, so somebody else approves.")
        )
    return None


def _has_changes(request: HttpRequest, page: Page) -> bool:
    latest = page.get_latest_revision_as_object()
    form_class = latest.get_edit_handler().get_form_class()
    form = form_class(
        request.POST, request.FILES, instance=latest, parent_page=latest.get_parent(), for_user=request.user
    )
    return bool(form.is_valid() and form.has_changed())


def review_one_by_one(
    request: HttpRequest,
    action_type: str,
    objects: Sequence[Page] | QuerySet[Page],
    action_class_instance: object,  # noqa: ARG001 - Wagtail's signature
) -> Response:
    if action_type != "publish" or request.method != "POST" or not EditorialPolicy.asks_for_review():
        return None
    if not any(_is_article(page) or page.get_descendants().type(ArticlePage).exists() for page in objects):
        return None
    messages.error(request, _("Articles are reviewed one by one. Open each and submit it for review."))
    return redirect("wagtailadmin_explore_root")


def copies_are_drafts(request: HttpRequest, page: Page) -> Response:
    if request.method != "POST" or not request.POST.get("publish_copies") or not EditorialPolicy.asks_for_review():
        return None
    if not page.get_descendants(inclusive=True).type(ArticlePage).exists():
        return None
    posted = request.POST.copy()
    del posted["publish_copies"]
    request.POST = posted  # type: ignore[assignment]
    messages.warning(request, _("The copies are drafts: a copy is a new article and is reviewed as one."))
    return None


def take_down_before_converting(request: HttpRequest, page: Page) -> Response:
    if request.method != "POST" or not page.live or not _is_article(page) or not EditorialPolicy.asks_for_review():
        return None
    messages.error(request, _("Unpublish this alias first: an article of its own is reviewed before it goes live."))
    return redirect("wagtailadmin_explore", page.get_parent().pk)


hooks.register("construct_page_action_menu", hand_in_first)
hooks.register("before_create_page", save_new_instead)
hooks.register("before_edit_page", save_instead)
hooks.register("before_bulk_action", review_one_by_one)
hooks.register("before_copy_page", copies_are_drafts)
hooks.register("before_convert_alias_page", take_down_before_converting)
