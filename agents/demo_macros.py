"""The macros of the demo's team: words that reps of a small vendor would otherwise type every day."""

from agents.actions.macros import save_macro
from agents.models import Macro
from portal.models import Category, User

MACROS = [
    (
        "Ask for the diagnostic file",
        "",
        (
            "Hello {requester},\n\n"
            "to see what happens on your side we need the diagnostic file. On the computer that has the problem, open "
            "a terminal and run:\n\n    holdfast doctor collect --days 7 --output holdfast-diagnostic.log\n\n"
            "Then attach the file to a reply to this message. It holds logs, settings and versions, but no names of "
            "your files and no passwords; it is plain text, so you can read it first.\n\nKind regards\n{rep}"
        ),
    ),
    (
        "Invoice sent again",
        "billing",
        (
            "Hello {requester},\n\n"
            "we have issued the invoice again with the details you gave us. You find it under Company > Invoices; the "
            "old one is marked as replaced there.\n\nKind regards\n{rep}"
        ),
    ),
    (
        "Not heard back",
        "",
        (
            "Hello {requester},\n\n"
            "we have not heard from you since our last message about “{subject}”. Did it help? If we hear nothing, the "
            "request stays as it is: write whenever it suits you, and a person reads it.\n\nKind regards\n{rep}"
        ),
    ),
]


def load(*, lead: User) -> None:
    """Make the shared macros that are not there yet."""
    known = set(Macro.objects.filter(owner=None).values_list("name", flat=True))
    categories = {category.slug: category for category in Category.objects.all()}
    for name, category, text in MACROS:
        if name not in known:
            save_macro(actor=lead, name=name, text=text, category=categories.get(category), for_everybody=True)
