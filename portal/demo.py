"""The people, accounts and categories of the demo: a small fictional vendor's support site.

Everything is made through the product's own actions. The password is made at first use and kept in the data directory.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.utils.translation import gettext_noop

from portal.actions.accounts import ensure_guest, grant_role
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
class Organised:
    """An account of the demo and its people; `engineer` and `deputy` are keys of the staff."""

    name: str
    kind: Organisation.Kind
    people: tuple[tuple[str, str, str, str], ...]
    """Key, address, name, language."""
    engineer: str = ""
    deputy: str = ""


@dataclass(frozen=True)
class Cast:
    """The people of the demo, by the keys that its requests name them with; the start page names the first few."""

    people: Mapping[str, User]
    clinic: Organisation

    @property
    def customer(self) -> User:
        return self.people["cora"]

    @property
    def rep(self) -> User:
        return self.people["ravi"]

    @property
    def lead(self) -> User:
        return self.people["lena"]

    @property
    def editor(self) -> User:
        return self.people["edda"]

    @property
    def writers(self) -> tuple[User, ...]:
        """Those whose names stand under articles."""
        return tuple(self.people[key] for key in (*STAFF, *EDITORS))


STAFF = {
    "lena": ("lead@demo.example", "Lena Okafor", StaffRole.Role.LEAD),
    "ravi": ("rep@demo.example", "Ravi Sandoval", StaffRole.Role.REP),
    "tomas": ("tomas@demo.example", "Tomas Reyes", StaffRole.Role.REP),
    "ines": ("engineer@demo.example", "Ines Halvorsen", StaffRole.Role.REP),
}
EDITORS = {"edda": ("editor@demo.example", "Edda Marsh")}
# Whoever writes without an account: nobody vouches for them.
GUESTS = {
    "nadia": ("office@hazelhill.example", "Nadia Haddad"),
    "spam": ("sales@best-links.example", "SEO Team"),
    "walt": ("walt@photographs.example", "Walt Ferris"),
}
ORGANISATIONS = (
    Organised(
        "Corner Print & Copy",
        Organisation.Kind.STANDARD,
        (("cora", "customer@demo.example", "Cora Blum", "en"), ("emil", "emil@demo.example", "Emil Brandt", "en")),
    ),
    Organised(
        "Harbour Clinic Group",
        Organisation.Kind.HIGH_TOUCH,
        (("hugo", "clinic@demo.example", "Hugo Lindqvist", "en"), ("selma", "selma@demo.example", "Selma Aydin", "en")),
        engineer="ines",
        deputy="lena",
    ),
    Organised(
        "Feld & Partner Architects",
        Organisation.Kind.STANDARD,
        (("anna", "anna@demo.example", "Anna Feld", "en"), ("piet", "piet@demo.example", "Piet Vos", "en")),
    ),
    Organised(
        "Bergmann Elektro GmbH",
        Organisation.Kind.STANDARD,
        (("juergen", "juergen@demo.example", "Jürgen Bergmann", "de"),),
    ),
    Organised(
        "Northgate School Trust",
        Organisation.Kind.STANDARD,
        (("owen", "owen@demo.example", "Owen Price", "en"), ("ruth", "ruth@demo.example", "Ruth Adeyemi", "en")),
    ),
    Organised("Maple Road Deliveries", Organisation.Kind.UNKNOWN, (("sam", "sam@demo.example", "Sam Whittle", "en"),)),
)


def demo_password() -> str:
    """The one password of all demo people."""
    return f"demo-{ensure_secret(PASSWORD_SECRET)[:10]}"


@cache
def _demo_hash() -> str:
    """Hashed once: one password needs one hash, and each would take half a second of every first start."""
    return make_password(demo_password())


def load() -> Cast:
    """Make what is missing of the demo's people, accounts, team and categories."""
    Team.objects.get_or_create(name="First line", defaults={"is_default": True})
    for position, (slug, name, description) in enumerate(CATEGORIES):
        Category.objects.get_or_create(
            slug=slug, defaults={"name": name, "description": description, "position": position}
        )
    people = {key: _person(email, name) for key, (email, name) in EDITORS.items()}
    for key in EDITORS:
        people[key].groups.add(*Group.objects.filter(name="Editors"))
    for key, (email, name, role) in STAFF.items():
        people[key] = _person(email, name)
        grant_role(actor=None, user=people[key], role=role)
        if role is StaffRole.Role.LEAD:  # leads review what editors write
            people[key].groups.add(*Group.objects.filter(name__in=["Editors", "Lead editors"]))
    accounts = {}
    for account in ORGANISATIONS:
        accounts[account.kind], _created = Organisation.objects.get_or_create(
            name=account.name,
            defaults={
                "kind": account.kind,
                "engineer": people.get(account.engineer),
                "deputy": people.get(account.deputy),
            },
        )
        for key, email, name, language in account.people:
            people[key] = _person(email, name, language)
            Membership.objects.get_or_create(user=people[key], defaults={"organisation": accounts[account.kind]})
    return Cast(people=people, clinic=accounts[Organisation.Kind.HIGH_TOUCH])


def load_guests() -> dict[str, User]:
    """The people of the demo who have no account, as their requests make them."""
    return {key: ensure_guest(actor=None, email=email, name=name) for key, (email, name) in GUESTS.items()}


def _person(email: str, name: str, language: str = "en") -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User(email=email, display_name=name, language=language, password=_demo_hash())
        user.save()
    EmailAddress.objects.get_or_create(user=user, email=email, defaults={"verified": True, "primary": True})
    return user
