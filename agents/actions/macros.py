"""Writes macros. Leads look after those for everybody; each rep looks after their own. None is ever deleted."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from agents.errors import MacroRefusedError
from agents.models import Macro
from agents.placeholders import PLACEHOLDERS, unknown_placeholders
from portal import audit
from portal.errors import NotAllowedError
from portal.models import Category, User
from portal.permissions import is_lead, is_rep

MOST_CHARACTERS = 10_000
MOST_NAME_CHARACTERS = 80


def may_change_macro(actor: User, macro: Macro) -> bool:
    """Whether this person looks after the macro: their own, or as a lead one for everybody."""
    return is_rep(actor) and (macro.owner_id == actor.pk or (macro.owner_id is None and is_lead(actor)))


def save_macro(
    *, actor: User, name: str, text: str, category: Category | None, for_everybody: bool, macro: Macro | None = None
) -> Macro:
    """Make a macro, or change `macro`. Raises MacroRefusedError, with words for the person, for what cannot be kept."""
    if not is_rep(actor) or (for_everybody and not is_lead(actor)):
        raise NotAllowedError
    if macro is not None and not may_change_macro(actor, macro):
        raise NotAllowedError
    name, text = " ".join(name.split()), text.replace("\r\n", "\n").strip()
    _check(name, text)
    is_new = macro is None
    kept = macro or Macro()
    kept.name, kept.text, kept.category, kept.changed_by = name, text, category, actor
    kept.owner = None if for_everybody else actor
    try:
        with transaction.atomic():
            kept.save()
            verb = "macro.created" if is_new else "macro.changed"
            audit.record(verb, actor=actor, target=kept, for_everybody=for_everybody)
    except IntegrityError as error:
        raise MacroRefusedError("name", _("There is a macro of this name already.")) from error
    return kept


def set_macro_active(*, actor: User, macro: Macro, is_active: bool) -> Macro:
    """Take a macro out of use, or back into use. What was written with it stays as it is."""
    if not may_change_macro(actor, macro):
        raise NotAllowedError
    with transaction.atomic():
        if Macro.objects.filter(pk=macro.pk).exclude(is_active=is_active).update(is_active=is_active, changed_by=actor):
            audit.record("macro.restored" if is_active else "macro.retired", actor=actor, target=macro)
    macro.refresh_from_db()
    return macro


def _check(name: str, text: str) -> None:
    if not name:
        raise MacroRefusedError("name", _("Give it a name to find it by."))
    if len(name) > MOST_NAME_CHARACTERS:
        raise MacroRefusedError("name", _("Please keep the name shorter."))
    if not text:
        raise MacroRefusedError("text", _("Write the words that it stands for."))
    if len(text) > MOST_CHARACTERS:
        raise MacroRefusedError("text", _("Please keep it under %(limit)d characters.") % {"limit": MOST_CHARACTERS})
    if unknown := unknown_placeholders(text):
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise MacroRefusedError(
            "text",
            _("{%(name)s} stands for nothing. These can be used: %(known)s.") % {"name": unknown[0], "known": known},
        )
