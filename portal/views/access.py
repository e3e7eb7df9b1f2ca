"""Which request a visitor may open: their own, any as a rep, or the one whose signed link they opened.

Invariant: no view reads a request but through `find_ticket`, and whoever may not see it learns nothing, not even that
it exists. A signed link counts for one request and for one browser session; its token leaves the address at once.
"""

import uuid
from dataclasses import dataclass

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from portal.models import Ticket, User
from portal.permissions import is_rep

FOLLOWED = "followed_requests"
MOST_FOLLOWED = 50


@dataclass(frozen=True)
class Access:
    """A request with what its reader may do. `follows` means by link, without having signed in as the requester."""

    ticket: Ticket
    may_write: bool
    follows: bool
    sees_notes: bool

    @property
    def author(self) -> User:
        """In whose name this reader writes: the requester's."""
        return self.ticket.requester


def follow(request: HttpRequest, ticket: Ticket) -> None:
    """Let this browser session read and answer `ticket`."""
    followed = [key for key in request.session.get(FOLLOWED, []) if key != ticket.pk]
    request.session[FOLLOWED] = [*followed, ticket.pk][-MOST_FOLLOWED:]


def find_ticket(request: HttpRequest, reference: uuid.UUID) -> Access:
    """Return the request if this visitor may read it; Http404 otherwise."""
    tickets = Ticket.objects.select_related("requester", "organisation__engineer", "category").filter(
        reference=reference
    )
    ticket = tickets.visible_to(request.user).first()
    if ticket is not None:
        own = ticket.requester_id == request.user.pk
        return Access(
            ticket=ticket,
            may_write=own and ticket.erased_at is None,
            follows=False,
            sees_notes=not own and is_rep(request.user),
        )
    ticket = tickets.filter(pk__in=request.session.get(FOLLOWED, [])).first()
    if ticket is None:
        raise Http404(_("There is no such request, or it is somebody else's."))
    return Access(ticket=ticket, may_write=ticket.erased_at is None, follows=True, sees_notes=False)
