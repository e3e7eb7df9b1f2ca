"""The people, accounts and categories of the demo: a small fictional vendor's support site.

Everything is made through the product's own actions. The password is made at first use and kept in the data directory.
"""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.utils.translation import gettext_noop

from portal.actions.accounts import grant_role
from portal.environment import ensure_secret
from portal.models import Category, Membership, Organisation, StaffRole, Team, User

PASSWORD_SECRET = "demo_password"  # noqa: S105 - the name of a secret

CATEGORIES = [
    (
        "backup",
        gettext_noop("Backups"),
        "Backup jobs that fail, stop, run too long or skip files; schedules and retention.",
    ),
    ("restore", gettext_noop("Restoring files"), "Getting files, versions or a whole computer back from a backup."),
    ("sync", gettext_noop("Sync and sharing"), "Folders that do not sync, conflicts, shared links, offline files."),
    ("account", gettext_noop("Account and sign-in"), "Passwords, two-step sign-in, users, roles and permissions."),
    ("billing", gettext_noop("Plans and billing"), "Invoices, payments, plan changes, refunds, VAT numbers."),
    (
        "network",
        gettext_noop("Network and devices"),
        "Connections, certificates, proxies, firewalls, updates and hardware.",
    ),
]


@dataclass(frozen=True)
class Cast:
    """The people of the demo that the start page names."""

    customer: User
    rep: User
    lead: User
    editor: User
    engineer: User
    high_touch_customer: User


def demo_password() -> str:
    """The one password of all demo people."""
    return f"demo-{ensure_secret(PASSWORD_SECRET)[:10]}"


def load() -> Cast:
    """Make what is missing of the demo's people, accounts, team and categories."""
    Team.objects.get_or_create(name="First line", defaults={"is_default": True})
    for position, (slug, name, description) in enumerate(CATEGORIES):
        Category.objects.get_or_create(
            slug=slug, defaults={"name": name, "description": description, "position": position}
        )
    lead = _staff("lead@demo.example", "Lena Okafor", StaffRole.Role.LEAD)
    rep = _staff("rep@demo.example", "Ravi Sandoval", StaffRole.Role.REP)
    engineer = _staff("engineer@demo.example", "Ines Halvorsen", StaffRole.Role.REP)
    editor = _person("editor@demo.example", "Edda Marsh")
    editor.groups.add(*Group.objects.filter(name="Editors"))
    corner = _organisation("Corner Print & Copy", Organisation.Kind.STANDARD)
    clinic = _organisation("Harbour Clinic Group", Organisation.Kind.HIGH_TOUCH, engineer=engineer, deputy=lead)
    return Cast(
        customer=_member("customer@demo.example", "Cora Blum", corner),
        rep=rep,
        lead=lead,
        editor=editor,
        engineer=engineer,
        high_touch_customer=_member("clinic@demo.example", "Hugo Lindqvist", clinic),
    )


def _person(email: str, name: str) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(email, demo_password(), display_name=name)
    EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user


def _staff(email: str, name: str, role: StaffRole.Role) -> User:
    user = _person(email, name)
    grant_role(actor=None, user=user, role=role)
    return user


def _organisation(
    name: str, kind: Organisation.Kind, *, engineer: User | None = None, deputy: User | None = None
) -> Organisation:
    organisation, _created = Organisation.objects.get_or_create(
        name=name, defaults={"kind": kind, "engineer": engineer, "deputy": deputy}
    )
    return organisation


def _member(email: str, name: str, organisation: Organisation) -> User:
    user = _person(email, name)
    Membership.objects.get_or_create(user=user, defaults={"organisation": organisation})
    return user
