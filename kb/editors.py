"""The group of people who write articles, what it may do, and how its members review each other.

Called by the demo and by whoever sets a site up.
"""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from wagtail.models import (
    Collection,
    GroupCollectionPermission,
    GroupPagePermission,
    Page,
    Workflow,
    WorkflowPage,
    WorkflowTask,
)

from kb.models import ReviewTask
from kb.tree import ensure_home

GROUP = "Editors"
LEADS = "Lead editors"
WORKFLOW = "Review"
TASK = "A second person reads it"
PAGE_PERMISSIONS = ("add_page", "change_page", "publish_page", "lock_page", "unlock_page")
SEARCH_PERMISSIONS = [f"{verb}_{model}" for model in ("synonym", "pin") for verb in ("add", "change", "delete", "view")]
FILE_PERMISSIONS = ("add_image", "change_image", "choose_image", "add_document", "change_document", "choose_document")


@transaction.atomic
def ensure_editors() -> Group:
    """Editors write, review and lock articles below the home section, and say what searches mean. Idempotent."""
    group, _created = Group.objects.get_or_create(name=GROUP)
    group.permissions.add(_permission("access_admin", "wagtailadmin"))
    group.permissions.add(*(_permission(codename, "kb") for codename in SEARCH_PERMISSIONS))
    home = ensure_home()
    GroupPagePermission.objects.filter(group=group).exclude(page=home).delete()
    for codename in PAGE_PERMISSIONS:
        GroupPagePermission.objects.get_or_create(
            group=group, page_id=home.pk, permission=_permission(codename, "wagtailcore")
        )
    root = Collection.get_first_root_node()
    for codename in FILE_PERMISSIONS:
        app_label = "wagtailimages" if codename.endswith("image") else "wagtaildocs"
        GroupCollectionPermission.objects.get_or_create(
            group=group, collection=root, permission=_permission(codename, app_label)
        )
    ensure_review(home, group)
    return group


def ensure_lead_editors() -> Group:
    """Who leads the editors may publish alone in an emergency, where the site allows it; and is an editor besides."""
    group, _created = Group.objects.get_or_create(name=LEADS)
    group.permissions.add(_permission("publish_in_emergency", "kb"))
    return group


def ensure_review(section: Page, reviewers: Group) -> Workflow:
    """Everything below `section` goes through a review by one of `reviewers`; a workflow chosen there stays."""
    chosen = WorkflowPage.objects.filter(page=section).select_related("workflow").first()
    if chosen is not None:
        return chosen.workflow
    workflow, _created = Workflow.objects.get_or_create(name=WORKFLOW)
    task, _created = ReviewTask.objects.get_or_create(name=TASK)
    task.groups.add(reviewers)
    WorkflowTask.objects.get_or_create(workflow=workflow, task=task.task_ptr)
    WorkflowPage.objects.create(workflow=workflow, page=section)
    return workflow


def _permission(codename: str, app_label: str) -> Permission:
    return Permission.objects.get(codename=codename, content_type__app_label=app_label)
