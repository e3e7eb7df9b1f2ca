"""Which macros a rep can put into a reply here, in the order they are likely wanted. Reads only."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from agents.models import Macro
from portal.models import Ticket, User


@dataclass(frozen=True)
class MacroGroup:
    """Macros under one heading of the list."""

    label: str
    macros: tuple[Macro, ...]


def macros_for(ticket: Ticket, rep: User) -> list[MacroGroup]:
    """Those for this request's category first, then those for any, the rep's own, and those of other categories."""
    usable = list(Macro.objects.usable_by(rep).select_related("category").defer("text"))
    category = ticket.category_id
    groups = [
        (
            str(ticket.category) if ticket.category is not None else "",
            [m for m in usable if m.owner_id is None and m.category_id is not None and m.category_id == category],
        ),
        (_("Any category"), [m for m in usable if m.owner_id is None and m.category_id is None]),
        (_("Your own"), [m for m in usable if m.owner_id is not None]),
        (
            _("Other categories"),
            [m for m in usable if m.owner_id is None and m.category_id is not None and m.category_id != category],
        ),
    ]
    return [MacroGroup(label, tuple(macros)) for label, macros in groups if macros]
