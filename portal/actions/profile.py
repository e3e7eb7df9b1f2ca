"""What people change of themselves."""

from django.db import transaction

from portal import audit
from portal.errors import NotAllowedError
from portal.models import User


def rename_user(*, actor: User, user: User, name: str) -> User:
    """Change the name that stands over somebody's messages; only they do that themselves."""
    if actor.pk != user.pk:
        raise NotAllowedError
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(display_name=name.strip())
        audit.record("user.renamed", actor=actor, target=user)
    user.refresh_from_db(fields=["display_name"])
    return user
