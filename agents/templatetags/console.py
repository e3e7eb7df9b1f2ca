"""What every page of the console knows besides its own: where news begin, and how its reader wants it to behave."""

import math
from typing import Any

from django import template

from agents.arrivals import Arrivals, newest_message
from agents.models import DeskPreference
from portal.models import Ticket, User
from portal.permissions import Visitor
from portal.permissions import is_lead as person_is_lead
from triage import weights

register = template.Library()


@register.inclusion_tag("agents/_arrivals.html", takes_context=True)
def arrivals(context: dict[str, Any]) -> dict[str, Any]:
    """The notice of what came in since this page was made: nothing yet, and from where to count."""
    return {"arrivals": Arrivals(newest_message()), "queue_url": context.get("queue_url", "")}


@register.simple_tag
def single_keys(person: User) -> bool:
    """Whether this person wants shortcuts of one letter."""
    turned_off = DeskPreference.objects.filter(person=person.pk, single_keys=False)
    return not turned_off.exists()


@register.filter
def percent(share: float) -> str:
    """A share in per cent, with one decimal where it is not a whole number; a bound is never rounded up."""
    return f"{math.floor(1000 * share + 1e-6) / 10:g}"


@register.filter
def is_lead(person: Visitor) -> bool:
    """Whether the report is for this person."""
    return person_is_lead(person)


@register.filter
def signed(weight: int) -> str:
    """A weight with its sign."""
    return weights.signed(weight)


@register.filter
def priority_name(value: str) -> str:
    """A priority in words."""
    return str(Ticket.Priority(value).label)
