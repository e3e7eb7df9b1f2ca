"""What the editors' side shows of Handrail: its name, and no settings that the rest of the site decides.

Wagtail reads this module; what guards reviews stands in `kb.review_hooks`.
"""

from importlib import import_module

from django.db.models import Model
from django.http import Http404, HttpRequest
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from kb.files import Access, access_to
from kb.models.pages import audiences_of

import_module("kb.review_hooks")

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
