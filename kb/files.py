"""Who may have a picture or a document: the readers of the live articles that show it, and people who edit.

Wagtail's reference index says which articles use a file. A file that no live article uses is nobody's but the editors':
drafts, leftovers and what was only just uploaded stay inside.
"""

from collections.abc import Iterable
from enum import StrEnum

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, PermissionsMixin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from wagtail.images import get_image_model
from wagtail.models import Page, ReferenceIndex

from kb.audiences import PUBLIC_ONLY
from kb.models import ArticlePage

Visitor = AbstractBaseUser | AnonymousUser


class Access(StrEnum):
    """What somebody may do with a file; what the public may have is worth caching."""

    PUBLIC = "public"
    PRIVATE = "private"
    REFUSED = "refused"


def access_to(file: Model, *, audiences: Iterable[str], user: Visitor) -> Access:
    """Costs no look-up of the visitor where the public may have it."""
    used_by = articles_using(file)
    if used_by and ArticlePage.objects.for_audiences(PUBLIC_ONLY).filter(pk__in=used_by).exists():
        return Access.PUBLIC
    if used_by and ArticlePage.objects.for_audiences(frozenset(audiences)).filter(pk__in=used_by).exists():
        return Access.PRIVATE
    edits = isinstance(user, PermissionsMixin) and user.has_perm("wagtailadmin.access_admin")
    return Access.PRIVATE if edits else Access.REFUSED


def articles_using(file: Model) -> list[int]:
    references = ReferenceIndex.objects.filter(
        base_content_type=ContentType.objects.get_for_model(Page),
        to_content_type=ContentType.objects.get_for_model(file),
        to_object_id=str(file.pk),
    )
    return [int(pk) for pk in references.values_list("object_id", flat=True).distinct()]


def image_stored_as(name: str) -> Model | None:
    """The image that lies in storage under this name, as it was uploaded or as a rendition."""
    images = get_image_model()
    rendition = images.get_rendition_model().objects.filter(file=name).select_related("image").first()
    image: Model | None = rendition.image if rendition else images.objects.filter(file=name).first()
    return image
