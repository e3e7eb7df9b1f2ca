"""What the editors' side shows of Handrail: its name, and no settings that the rest of the site decides.

Wagtail reads this module; what guards reviews stands in `kb.review_hooks`.
"""

from importlib import import_module

from django.http import HttpRequest
from wagtail import hooks
from wagtail.admin.menu import MenuItem

import_module("kb.review_hooks")

HIDDEN = frozenset({"help", "users", "groups", "sites", "redirects"})


def hide(_request: HttpRequest, menu_items: list[MenuItem]) -> None:
    """Wagtail's help leads to another site; people and their roles are managed in one place, which is not here."""
    menu_items[:] = [item for item in menu_items if item.name not in HIDDEN]


hooks.register("construct_main_menu", hide)
hooks.register("construct_settings_menu", hide)
