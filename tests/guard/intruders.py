"""What somebody does who has got at a role's connection, past the application: PostgreSQL alone must hold.

One rule tries what must always be refused; the other calls release() itself, right in everything but one thing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum

from django.contrib.sessions.models import Session
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import rule

from agents.models import Approval
from portal.models import Message, Organisation, ReleasePayload, StaffRole, Ticket, User
from portal.release import build_payload
from tests.guard.rules import Stage, a_rep, one_of_few
from tests.guard.world import words
from triage.models import Draft

# Each must be refused, whatever the state of things. `payload` is one that was never released.
HOSTILE = [
    (
        "INSERT INTO portal_message (ticket_id, direction, payload_id, released_by_id, automatic)"
        " SELECT ticket_id, 'outbound', id, created_by_id, 'none' FROM portal_releasepayload WHERE id = %(payload)s"
    ),
    (
        "INSERT INTO portal_message (ticket_id, direction, author_id, automatic)"
        " VALUES (%(ticket)s, 'inbound', %(rep)s, 'none')"
    ),
    (
        "INSERT INTO agents_approval (payload_id, ticket_id, person_id, session_digest, version, created_at)"
        " SELECT id, ticket_id, created_by_id, 'x', 0, now() FROM portal_releasepayload WHERE id = %(payload)s"
    ),
    (
        "WITH said AS (INSERT INTO portal_message (ticket_id, direction, author_id, automatic)"
        " SELECT id, 'inbound', requester_id, 'auto_reply' FROM portal_ticket WHERE id = %(ticket)s RETURNING id)"
        " INSERT INTO portal_outboxentry (message_id, notice, state, attempts, failure, due_at, created_at)"
        " SELECT id, '', 'queued', 0, '', now(), now() FROM said"
    ),
    (
        "INSERT INTO portal_attachment (public_id, message_id, name, content_type, size, sha256, storage_name)"
        " SELECT gen_random_uuid(), max(id) + 1, 'x', 'x', 1, 'x', 'x' FROM portal_message"
    ),
    "UPDATE portal_message SET visible_from = now()",
    "UPDATE portal_messagebody SET text = 'gone'",
    "UPDATE portal_releasepayload SET text = 'changed'",
    "DELETE FROM portal_messagestop",
    "DELETE FROM portal_auditevent",
    "UPDATE portal_ticket SET version = 0",
    "UPDATE portal_ticket SET erased_at = NULL",
    "ALTER TABLE portal_message DISABLE TRIGGER ALL",
    "SET ROLE handrail_guard",
    "SELECT public.release(%(payload)s, %(ticket)s, 'no-such-session', %(version)s, NULL, NULL)",
    "SELECT public.release(%(payload)s, %(ticket)s, %(session)s, %(version)s - 1, NULL, NULL)",
    "SELECT public.release(%(payload)s, %(ticket)s, %(customer)s, %(version)s, NULL, NULL)",
    "SELECT public.erase_person(%(person)s, %(customer)s)",
    "TRUNCATE portal_message CASCADE",
    "COPY portal_message FROM '/etc/hostname'",
]


INSERTS = [statement for statement in HOSTILE if "INSERT" in statement]
CALL = "SELECT public.release(%(payload)s, %(ticket)s, %(key)s, %(version)s, %(appears)s, %(draft)s)"


class Twist(StrEnum):
    """The one thing that is wrong with a call of release(), if any."""

    NONE = "nothing"
    STALE = "an older version"
    AHEAD = "a version that is yet to come"
    COLLEAGUES = "a colleague's text"
    SENT = "a text that was sent before"
    ELSEWHERE = "a text for another request"
    STRANGER = "a recipient from outside"
    DRAFT = "the request's own draft, which only the wall forbids"
    OTHERS_DRAFT = "another request's draft"
    NEVER = "a moment that nobody lives to see"
    SERVICE = "a service account"
    INACTIVE = "somebody inactive whose session was forgotten"
    ASLEEP = "a session that has run out"
    NO_ROLE = "somebody whose role was taken away"


TWISTS = st.lists(st.sampled_from([twist for twist in Twist if twist is not Twist.NONE]), max_size=4, unique=True)
ROLES = st.sampled_from(["web", "web", "worker", "mailer"])
LATER = st.sampled_from([None, None, 0.3, 3600.0])


class Intruders(Stage):
    """Who goes past the application."""

    @rule(statement=st.sampled_from(HOSTILE), role=ROLES, which=one_of_few)
    def somebody_hostile_tries(self, statement: str, role: str, which: int) -> None:
        ticket = self.world.ticket(which)
        payload = self._payload(self.world.rep(0), ticket)
        named: dict[str, object] = {
            "ticket": ticket.pk,
            "rep": self.world.reps[0].pk,
            "payload": payload.pk if payload is not None else 0,
            "version": ticket.version,
            "session": self.world.sessions.get(self.world.reps[0].pk, ""),
            "customer": "a customer's, without a role",
            "person": ticket.requester_id,
        }
        used = {name: value for name, value in named.items() if f"%({name})s" in statement}
        approvals = Approval.objects.count()
        state = self.world.attempt(role, statement, used)
        # Where there is no such payload, nothing is selected, and put nowhere.
        assert state or (payload is None and "%(payload)s" in statement)
        assert Approval.objects.count() == approvals

    @rule(which=one_of_few, who=a_rep, twists=TWISTS, later=LATER, rightly=st.booleans())
    def somebody_calls_release_itself(
        self, which: int, who: int, twists: list[Twist], later: float | None, rightly: bool
    ) -> None:
        """Wrong in one thing at a time, and perhaps rightly at the end; as the request and its account are by then."""
        self.world.sign_in(self.world.rep(who))
        for twist in [*twists, Twist.NONE] if rightly else twists:
            self._call_release(self.world.ticket(which), self.world.rep(who), twist, later)

    def _call_release(self, ticket: Ticket, rep: User, twist: Twist, later: float | None) -> None:
        payload = self._twisted_payload(rep, ticket, twist)
        if payload is None:
            return
        draft = self._twisted_draft(ticket, twist)
        version = ticket.version + {Twist.STALE: -1, Twist.AHEAD: 1}.get(twist, 0)
        appears = self._appears(twist, later)
        key = self.world.sessions.get(rep.pk, "")
        allowed = self._may_release(rep, key, ticket, payload, draft, twist)
        called_at = timezone.now()
        arguments: dict[str, object] = {
            "payload": payload.pk,
            "ticket": ticket.pk,
            "key": key,
            "version": version,
            "appears": appears,
            "draft": draft.pk if draft is not None else None,
        }
        with self._unfit(rep, twist):
            state = self.world.attempt("web", CALL, arguments)
        assert (state == "") == allowed, f"{twist}: release() answered {state or 'yes'}"
        self.happened["released past the application" if allowed else "refused by release()"] += 1
        if allowed:
            message = Message.objects.select_related("payload").get(payload=payload)
            self.world.note_sent(message, version, rep, draft, appears or called_at)
            assert self.world.attempt("web", CALL, arguments | {"version": version + 1}), "a text went out twice"

    def _may_release(
        self, rep: User, key: str, ticket: Ticket, payload: ReleasePayload, draft: Draft | None, twist: Twist
    ) -> bool:
        """The model's word: right in everything, by somebody whose reply it is, on a request that is still there."""
        account = ticket.organisation
        walled = account is not None and account.kind == Organisation.Kind.HIGH_TOUCH
        right = {Twist.NONE, Twist.DRAFT, *([Twist.OTHERS_DRAFT] if draft is None else [])}
        if walled and account is not None and rep.pk in {account.engineer_id, account.deputy_id}:
            right.add(Twist.NO_ROLE)  # by the account's record, not by a role
        return (
            twist in right
            and payload.created_by_id == rep.pk
            and self.world.is_live(key, rep)
            and self.world.answers_for(rep, ticket)
            and ticket.erased_at is None
            and not (draft is not None and walled)
        )

    def _payload(self, rep: User, ticket: Ticket) -> ReleasePayload | None:
        """A text that was prepared and never sent; on an erased request there is one only from before."""
        if ticket.erased_at is None:
            return build_payload(actor=rep, ticket=ticket, text=words("Past the application"))
        return ReleasePayload.objects.filter(ticket=ticket, created_by=rep, message__isnull=True).first()

    def _twisted_payload(self, rep: User, ticket: Ticket, twist: Twist) -> ReleasePayload | None:
        if twist is Twist.COLLEAGUES:
            return self._payload(self.world.rep(self._place(rep) + 1), ticket)
        if twist is Twist.SENT:
            return ReleasePayload.objects.filter(ticket=ticket, created_by=rep, message__isnull=False).first()
        if twist is Twist.ELSEWHERE:
            other = Ticket.objects.filter(pk__in=self.world.tickets).exclude(pk=ticket.pk).first()
            return self._payload(rep, other) if other is not None else None
        payload = self._payload(rep, ticket)
        if twist is Twist.STRANGER and payload is not None:
            payload.pk, payload.recipients = None, [*payload.recipients, "stranger@example.org"]
            payload.save(force_insert=True)
        return payload

    def _twisted_draft(self, ticket: Ticket, twist: Twist) -> Draft | None:
        if twist is Twist.DRAFT:
            return Draft.objects.filter(ticket=ticket).order_by("-pk").first()
        if twist is Twist.OTHERS_DRAFT:
            return Draft.objects.exclude(ticket=ticket).order_by("-pk").first()
        return None

    def _appears(self, twist: Twist, later: float | None) -> datetime | None:
        if twist is Twist.NEVER:
            return timezone.now() + timedelta(days=3650)
        return timezone.now() + timedelta(seconds=later) if later is not None else None

    def _place(self, rep: User) -> int:
        return [person.pk for person in self.world.reps].index(rep.pk)

    @contextmanager
    def _unfit(self, rep: User, twist: Twist) -> Iterator[None]:
        """The person or their session is not what release() asks for, while the call lasts."""
        person, roles = User.objects.filter(pk=rep.pk), StaffRole.objects.filter(user=rep)
        session = Session.objects.filter(session_key=self.world.sessions.get(rep.pk, ""))
        held, until = self.world.roles(rep), list(session.values_list("expire_date", flat=True))
        if twist is Twist.SERVICE:
            person.update(kind=User.Kind.SERVICE)
        elif twist is Twist.INACTIVE:
            person.update(is_active=False)
        elif twist is Twist.ASLEEP:
            session.update(expire_date=timezone.now() - timedelta(seconds=1))
        elif twist is Twist.NO_ROLE:
            roles.delete()
        yield
        person.update(kind=rep.kind, is_active=rep.is_active)
        for moment in until:
            session.update(expire_date=moment)
        StaffRole.objects.bulk_create([StaffRole(user=rep, role=role) for role in held - self.world.roles(rep)])
