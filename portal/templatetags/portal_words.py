"""Statuses and times in the customer's words: what a state means for them, never our jargon."""

from django import template
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from portal.models import Ticket
from portal.waits import DAY, HOUR

register = template.Library()

IN_WORDS = {
    Ticket.Status.OPEN: _("With us"),
    Ticket.Status.WAITING: _("Answered, waits for you"),
    Ticket.Status.SOLVED: _("Solved"),
    Ticket.Status.CLOSED: _("Closed"),
}
EXPLAINED = {
    Ticket.Status.OPEN: _("The next word is ours. A person reads what you wrote and answers here and by e-mail."),
    Ticket.Status.WAITING: _(
        "We answered. Say below whether that solved it, or write back; it stays open until you do."
    ),
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


@register.filter
def as_duration(minutes: int) -> str:
    """A rounded number of minutes as people say it: in minutes, in hours up to two days, then in days."""
    if minutes < HOUR:
        return ngettext("{n} minute", "{n} minutes", minutes).format(n=minutes)
    if minutes <= 2 * DAY:
        hours = minutes // HOUR
        return ngettext("{n} hour", "{n} hours", hours).format(n=hours)
    days = minutes // DAY
    return ngettext("{n} day", "{n} days", days).format(n=days)


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@register.filter
def browser_in_words(user_agent: str) -> str:
    """A browser's name and system, as far as its own account of itself tells."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    if browser and system:
        return gettext("{browser} on {system}").format(browser=browser, system=system)
    return browser or system or gettext("An unknown browser")
