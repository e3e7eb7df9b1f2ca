"""What `start` asks about the demo: may it be loaded, is it loaded, and who can sign in. `demo_loading` loads it."""

from portal import demo as people
from portal.models import Ticket, User


def is_empty() -> bool:
    """Whether nobody has used this site yet."""
    return not User.objects.exists() and not Ticket.objects.exists()


def is_demo() -> bool:
    """Whether this site holds the demo."""
    return User.objects.filter(email="customer@demo.example").exists()


def logins(cast: people.Cast) -> str:
    """What `start` prints: a login for each side of the house."""
    rows = [
        ("customer", cast.customer, "/"),
        ("rep", cast.rep, "/console/"),
        ("lead", cast.lead, "/console/"),
        ("editor", cast.editor, "/cms/"),
    ]
    lines = [f"  {role:<9} {user.email:<24} {people.demo_password():<17} {path}" for role, user, path in rows]
    return "\n".join(["Demo logins (this machine only):", *lines])
