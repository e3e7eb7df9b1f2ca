"""Who may see and do what in a conversation. `release()` in PostgreSQL repeats `may_reply` and has the last word."""

from typing import TypeGuard

from django.contrib.auth.models import AnonymousUser
from django.core import signing
from django.db.models import Case, CharField, Q, Value, When
from django.db.models.functions import Cast, Concat

from portal.models import Membership, Organisation, StaffRole, Ticket, User

PUBLIC = "public"
STAFF = "staff"
_FOLLOW_SALT = "portal.follow-a-request"
FOLLOW_DAYS = 90
Visitor = User | AnonymousUser


def is_person(user: Visitor) -> TypeGuard[User]:
    """Whether this is a signed-in, active human."""
    return isinstance(user, User) and user.is_active and user.kind == User.Kind.HUMAN


def roles_of(user: Visitor) -> frozenset[str]:
    """The staff roles of a person; empty for customers and strangers. Read once per user object."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    return user.role_names


def is_rep(user: Visitor) -> bool:
    """Whether the console is for this person: reps and leads."""
    return is_person(user) and bool(roles_of(user))


def is_lead(user: Visitor) -> bool:
    return is_person(user) and StaffRole.Role.LEAD in roles_of(user)


def may_resolve_mail(user: Visitor) -> bool:
    """Whether this person decides on mail that was set aside: leads, and the site's administrators."""
    return is_person(user) and (is_lead(user) or user.is_superuser)


def may_erase(user: Visitor) -> bool:
    """Whether this person may erase another's text at their request: leads and administrators."""
    return is_lead(user) or (is_person(user) and user.is_superuser)


def may_reply(user: Visitor, ticket: Ticket) -> bool:
    """Whether this person may release a message here: on a high-touch request its engineer, deputy or a lead."""
    if ticket.erased_at is not None or not is_person(user) or not roles_of(user) | _engineer_of(user, ticket):
        return False
    if is_lead(user):
        return True
    if ticket.is_high_touch:
        return bool(_engineer_of(user, ticket))
    return StaffRole.Role.REP in roles_of(user)


def _engineer_of(user: User, ticket: Ticket) -> frozenset[str]:
    organisation = ticket.organisation
    if organisation is None or user.pk not in {organisation.engineer_id, organisation.deputy_id}:
        return frozenset()
    return frozenset({"engineer"})


def audiences_for(user: Visitor) -> frozenset[str]:
    """The opaque keys of the articles somebody may read: the public's, their organisation's, and for staff theirs."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset({PUBLIC})
    keys = {PUBLIC}
    organisation = Membership.objects.filter(user=user).values_list("organisation_id", flat=True).first()
    if organisation is not None:
        keys.add(organisation_audience(organisation))
    if roles_of(user) or user.is_superuser:
        keys.add(STAFF)
    return frozenset(keys)


def organisation_audience(organisation_id: int) -> str:
    """The audience key of one organisation's own articles."""
    return f"org:{organisation_id}"


def audiences_of_requester(ticket: Ticket) -> frozenset[str]:
    """What may be cited to the customer of a request: never more than the filed-as identity may read."""
    organisation = ticket.organisation
    if organisation is None or not ticket.identity_verified or organisation.kind == Organisation.Kind.UNKNOWN:
        return frozenset({PUBLIC})
    return frozenset({PUBLIC, organisation_audience(organisation.pk)})


def own_audience_of_requester(ticket: str) -> Case:
    """The twin of `audiences_of_requester` in a query: the organisation's key, "" where there is only the public's.

    `ticket` is the lookup of the request, such as `draft__ticket`.
    """
    counts = {f"{ticket}__identity_verified": True, f"{ticket}__organisation__isnull": False}
    unknown = {f"{ticket}__organisation__kind": Organisation.Kind.UNKNOWN}
    number = Cast(f"{ticket}__organisation", CharField())
    return Case(When(Q(**counts) & ~Q(**unknown), then=Concat(Value("org:"), number)), default=Value(""))


def follow_token(ticket: Ticket) -> str:
    """A signed link's token by which somebody without an account follows the one request they filed."""
    return signing.dumps(str(ticket.reference), salt=_FOLLOW_SALT, compress=False)


def ticket_from_token(token: str) -> Ticket | None:
    """The request that a follow token names; None when it is forged, too old or of nothing."""
    try:
        reference = signing.loads(token, salt=_FOLLOW_SALT, max_age=FOLLOW_DAYS * 24 * 3600)
    except signing.BadSignature:
        return None
    return Ticket.objects.select_related("organisation").filter(reference=reference).first()
