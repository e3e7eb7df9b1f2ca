"""The closed set of placeholders in macros: named, checked when a macro is saved, filled in one pass when it is used.

Pure but for translation. What a value brings is never read for placeholders again, whatever a customer's subject says.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

PLACEHOLDERS = {
    "requester": gettext_lazy("the customer's name"),
    "number": gettext_lazy("the number of the request"),
    "subject": gettext_lazy("the title of the request"),
    "rep": gettext_lazy("your name"),
}
_WRITTEN = re.compile(r"\{([A-Za-z_]{1,40})\}")


@dataclass(frozen=True)
class Values:
    """What the placeholders stand for in one conversation."""

    requester: str
    number: int
    subject: str
    rep: str


def unknown_placeholders(text: str) -> list[str]:
    """The names in braces that stand for nothing, each once, in their order."""
    names = (match.group(1) for match in _WRITTEN.finditer(text))
    return list(dict.fromkeys(name for name in names if name not in PLACEHOLDERS))


def fill(text: str, values: Values) -> str:
    """The text with every known placeholder replaced; anything else in braces stays as it is."""
    return _WRITTEN.sub(
        lambda match: str(getattr(values, match.group(1))) if match.group(1) in PLACEHOLDERS else match.group(), text
    )
