"""Statuses in the customer's words: what a state means for them, never our jargon."""

from django import template
from django.utils.translation import gettext_lazy as _

from portal.models import Ticket

register = template.Library()

IN_WORDS = {
    Ticket.Status.OPEN: _("With us"),
    Ticket.Status.WAITING: _("Waiting for you"),
    Ticket.Status.SOLVED: _("Solved"),
    Ticket.Status.CLOSED: _("Closed"),
}
EXPLAINED = {
    Ticket.Status.OPEN: _("The next word is ours. A person will answer you here and by e-mail."),
    Ticket.Status.WAITING: _("We answered. Write back below if that does not settle it."),
    Ticket.Status.SOLVED: _("Solved. If it comes back, write below and the request opens again."),
    Ticket.Status.CLOSED: _("Closed. If it comes back, write below and the request opens again."),
}


@register.filter
def status_in_words(ticket: Ticket) -> str:
    """The status as a customer would say it."""
    return str(IN_WORDS[Ticket.Status(ticket.status)])


@register.filter
def status_explained(ticket: Ticket) -> str:
    """What the status means and what to do."""
    return str(EXPLAINED[Ticket.Status(ticket.status)])
