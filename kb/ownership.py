"""Handing articles over to another owner, many at once: chosen in the explorer or in the list of articles that are due.

Each article is asked for by itself, and each change stands in its history. The owner belongs to the page and not to a
revision, so it counts at once and makes nobody an author.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.auth.models import AbstractBaseUser
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail import hooks
from wagtail.admin.views.pages.bulk_actions.page_bulk_action import PageBulkAction
from wagtail.log_actions import LogActionRegistry, log
from wagtail.models import Page

from kb.article_form import people_who_write
from kb.models import ArticlePage

OWNER_CHANGED = "kb.owner"


class OwnerForm(forms.Form):
    """Whoever may write, as in the article's own form."""

    owner = forms.ModelChoiceField(queryset=None, label=gettext_lazy("New owner"))  # type: ignore[var-annotated]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = people_who_write()  # type: ignore[attr-defined]


class ChangeOwner(PageBulkAction):
    """The action in the explorer's bar. What the editor may not change is named and left alone."""

    display_name = gettext_lazy("Change owner")
    aria_label = gettext_lazy("Change the owner of the chosen articles")
    action_type = "change_owner"
    action_priority = 50
    template_name = "kb/bulk/change_owner.html"
    form_class = OwnerForm

    def check_perm(self, page: Page) -> bool:
        return issubclass(page.specific_class or Page, ArticlePage) and bool(
            page.permissions_for_user(self.request.user).can_edit()
        )

    def get_execution_context(self) -> dict[str, object]:
        return {**super().get_execution_context(), "owner": self.cleaned_form.cleaned_data["owner"]}

    @classmethod
    def execute_action(
        cls, objects: Sequence[Page], owner: AbstractBaseUser, user: AbstractBaseUser, **_kwargs: object
    ) -> tuple[int, int]:
        changed = [page for page in objects if hand_over(page, owner=owner, actor=user)]
        return len(changed), 0

    def get_success_message(self, num_parent_objects: int, _num_child_objects: int) -> str:
        name = self.cleaned_form.cleaned_data["owner"].get_full_name()
        if not num_parent_objects:
            return _("Nothing to change: they are %(name)s's already.") % {"name": name}
        return ngettext(
            "%(number)d article is %(name)s's now.", "%(number)d articles are %(name)s's now.", num_parent_objects
        ) % {"number": num_parent_objects, "name": name}


def hand_over(page: Page, *, owner: AbstractBaseUser, actor: AbstractBaseUser) -> bool:
    """Whether it was somebody else's before."""
    before = Page.objects.select_for_update().filter(pk=page.pk).values_list("owner_id", flat=True).first()
    if before == owner.pk:
        return False
    Page.objects.filter(pk=page.pk).update(owner=owner)
    names = {"from": before, "to": owner.pk}
    # Of entries with one number Wagtail shows the last alone, be they of other pages: so each has its own.
    log(instance=page.specific_deferred, action=OWNER_CHANGED, user=actor, uuid=uuid.uuid4(), data=names)
    return True


def name_log_action(actions: LogActionRegistry) -> None:
    actions.register_action(OWNER_CHANGED, gettext_lazy("Change owner"), gettext_lazy("Another owner"))


hooks.register("register_bulk_action", ChangeOwner)
hooks.register("register_log_actions", name_log_action)
