"""An article before it is out, as those will see it who may read it, and as those who may not.

A preview answers what the page itself would answer: "not found" to whoever is none of its readers.
"""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

Mode = tuple[str, object]
_CUSTOMER: Mode = ("public", _("As a customer"))
_STAFF: Mode = ("staff", _("As somebody who works here"))


def modes_for(audience: str) -> list[Mode]:
    """Whose eyes to look with, by audience key; the first are those of its own readers."""
    if audience == "public":
        return [_CUSTOMER, _STAFF]
    if audience == "staff":
        return [_STAFF, _CUSTOMER]
    return [(audience, _("As a member of the organisation")), _CUSTOMER, _STAFF]


def look_as(request: HttpRequest, mode: str) -> None:
    """Give a request of an editor's preview the audiences of somebody else, and of a customer the name of nobody."""
    request.audiences = frozenset({"public", mode})  # type: ignore[attr-defined]
    if mode != "staff":
        request.user = AnonymousUser()
