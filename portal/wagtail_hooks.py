"""What the portal adds to the editors' side: which organisations there are, and what readers and reps said of articles.

kb itself knows audiences as opaque keys alone, and nothing of the portal.
"""

from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail import hooks
from wagtail.admin.menu import MenuItem

from kb.home import WORK_HOOK, Work
from portal.flagged import flagged_articles
from portal.models import Organisation, User
from portal.permissions import organisation_audience
from portal.views import flags


def organisations() -> list[tuple[str, str]]:
    return [
        (organisation_audience(pk), _("Only %(organisation)s") % {"organisation": name})
        for pk, name in Organisation.objects.values_list("pk", "name")
    ]


hooks.register("article_audiences", organisations)


def flag_addresses() -> list[URLPattern]:
    return [
        path("articles/flagged/", flags.flagged, name="flagged_articles"),
        path("articles/flagged/<int:pk>/dealt-with/", flags.dealt_with, name="settle_article"),
    ]


def flagged_item() -> MenuItem:
    return MenuItem(gettext_lazy("Flagged wrong"), reverse("flagged_articles"), icon_name="warning", order=90)


def flagged_work(editor: User) -> list[Work]:
    """What was said of the articles that this editor owns, since somebody last dealt with it."""
    number = sum(1 for _entry in flagged_articles(editor, owned=True))
    words = ngettext("%(n)d article of yours was flagged wrong", "%(n)d articles of yours were flagged wrong", number)
    return [Work(number, words % {"n": number}, reverse("flagged_articles") + "?whose=mine", is_urgent=True)]


hooks.register(WORK_HOOK, flagged_work)
hooks.register("register_admin_urls", flag_addresses)
hooks.register("register_reports_menu_item", flagged_item)
