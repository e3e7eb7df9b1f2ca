"""What the editors' side shows of Handrail: its name, and no settings that the rest of the site decides.

Wagtail reads this module; what guards reviews stands in `kb.review_hooks`.
"""

from importlib import import_module

from django.db.models import Model
from django.http import Http404, HttpRequest
from django.templatetags.static import static
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from kb import missing, reports
from kb.audiences import audiences_of
from kb.files import Access, access_to

import_module("kb.review_hooks")
import_module("kb.emergency_hooks")
import_module("kb.home")
import_module("kb.ownership")
import_module("kb.curating")

HIDDEN = frozenset({"help", "users", "groups", "sites", "redirects"})


def hide(_request: HttpRequest, menu_items: list[MenuItem]) -> None:
    """Wagtail's help leads to another site; people and their roles are managed in one place, which is not here."""
    menu_items[:] = [item for item in menu_items if item.name not in HIDDEN]


def refuse_document(document: Model, request: HttpRequest) -> None:
    """A document is for the readers of the articles that link it; for others it does not exist."""
    if access_to(document, audiences=audiences_of(request), user=request.user) is Access.REFUSED:
        raise Http404


hooks.register("before_serve_document", refuse_document)
hooks.register("construct_main_menu", hide)
hooks.register("construct_settings_menu", hide)


def brand() -> str:
    return format_html('<link rel="stylesheet" href="{}">', static("kb/cms.css"))


def report_addresses() -> list[URLPattern]:
    return [
        path("articles/due/", reports.due_for_review, name="article_reviews_due"),
        path("articles/due/<int:article_id>/still-right/", reports.still_right, name="article_still_right"),
        path("articles/dead-links/", reports.dead_links, name="article_dead_links"),
        path("articles/missing-pictures/", missing.missing_pictures, name="article_missing_pictures"),
    ]


def due_item() -> MenuItem:
    return MenuItem(_("Articles due for review"), reverse("article_reviews_due"), icon_name="time", order=100)


def dead_links_item() -> MenuItem:
    return MenuItem(_("Links that lead nowhere"), reverse("article_dead_links"), icon_name="link", order=110)


def missing_pictures_item() -> MenuItem:
    return MenuItem(_("Missing pictures"), reverse("article_missing_pictures"), icon_name="image", order=120)


hooks.register("insert_global_admin_css", brand)
hooks.register("register_admin_urls", report_addresses)
hooks.register("register_reports_menu_item", due_item)
hooks.register("register_reports_menu_item", dead_links_item)
hooks.register("register_reports_menu_item", missing_pictures_item)
