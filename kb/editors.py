"""The group of people who write articles, and what it may do. Called by the demo and by whoever sets a site up."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission

from kb.tree import ensure_home

GROUP = "Editors"
PAGE_PERMISSIONS = ("add_page", "change_page", "publish_page", "lock_page", "unlock_page")
FILE_PERMISSIONS = ("add_image", "change_image", "choose_image", "add_document", "change_document", "choose_document")


@transaction.atomic
def ensure_editors() -> Group:
    """Editors write, publish and lock articles below the home section, and nothing beside it. Idempotent."""
    group, _created = Group.objects.get_or_create(name=GROUP)
    group.permissions.add(_permission("access_admin", "wagtailadmin"))
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
    return group


def _permission(codename: str, app_label: str) -> Permission:
    return Permission.objects.get(codename=codename, content_type__app_label=app_label)
