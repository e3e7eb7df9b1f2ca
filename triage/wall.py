"""The high-touch wall as triage and the console ask for it: by the account's record, at the moment of reading.

An account may become high-touch after a machine read its requests: what is stored by then is read no more.
"""

from django.conf import settings
from django.db.models import Q

from portal.models import Ticket
from portal.models.tickets import automatable
from triage.choices import NoDraftReason


def bar_of(ticket: Ticket) -> str:
    """Return why the ticket may not be automated, or an empty string."""
    if ticket.may_automate:
        return ""
    if ticket.erased_at is not None:
        return NoDraftReason.ERASED
    return NoDraftReason.HIGH_TOUCH if ticket.is_high_touch else NoDraftReason.UNKNOWN_ACCOUNT


def open_to_machines(prefix: str = "") -> Q:
    """Return the condition that a request may be automated; `prefix` is the way to it, as in `run__ticket__`."""
    return automatable(unknown_accounts=settings.HANDRAIL_AUTOMATE_UNKNOWN, prefix=prefix)
