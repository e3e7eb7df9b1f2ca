"""Writes to people: the guests who file without an account, and who works here."""

from allauth.usersessions.models import UserSession
from django.db import transaction

from portal import audit
from portal.models import StaffRole, User


def ensure_guest(*, actor: None, email: str, name: str, language: str = "en") -> User:
    """The person of an address that nobody has proven: found, or made without a password.

    `actor` is None: nobody is signed in. A found person is returned as they are; a stranger cannot rename them.
    """
    with transaction.atomic():
        user, created = User.objects.get_or_create(
            email=email.strip().lower(), defaults={"display_name": name.strip()[:150], "language": language}
        )
        if created:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            audit.record("user.guest_created", actor=actor, target=user)
    return user


def grant_role(*, actor: User | None, user: User, role: StaffRole.Role) -> StaffRole:
    """Make somebody a rep or a lead."""
    with transaction.atomic():
        granted, created = StaffRole.objects.get_or_create(user=user, role=role)
        if created:
            audit.record("user.role_granted", actor=actor, target=user, role=role.value)
    return granted


def deactivate_user(*, actor: User, user: User) -> User:
    """End somebody's access at once: nothing can be released in their name from here on."""
    with transaction.atomic():
        # Sessions first, in the order in which release() locks: the other way round the two could wait for each other.
        end_sessions(actor=actor, user=user)
        User.objects.filter(pk=user.pk).update(is_active=False)
        audit.record("user.deactivated", actor=actor, target=user)
    user.is_active = False
    return user


def end_sessions(*, actor: User | None, user: User, but_for: str = "") -> int:
    """Sign somebody out everywhere but in the session `but_for`; returns how many sessions ended."""
    with transaction.atomic():
        ended = list(UserSession.objects.filter(user=user).exclude(session_key=but_for).order_by("pk"))
        for session in ended:
            session.end()
        if ended:
            audit.record("user.sessions_ended", actor=actor, target=user, count=len(ended))
    return len(ended)
