"""A conversation on a database of the test's own, a signed-in rep, and one plain session per database role."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from portal.models import Message, ReleasePayload, Ticket, User
from tests.conftest import Site, cloned_site
from tests.factories import make_organisation, make_rep, make_ticket, make_user, sign_in

Row = tuple[object, ...]
RELEASE = "SELECT public.release(%s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True)
class Scene:
    """One open request and the rep who is about to answer it, signed in for real."""

    site: Site
    ticket: Ticket
    rep: User
    session_key: str

    def payload(self, text: str = "Please restart the agent.", **fields: object) -> ReleasePayload:
        """A text that the rep has prepared."""
        values: dict[str, object] = {
            "ticket": self.ticket,
            "subject": "Re: Backups stop",
            "text": text,
            "recipients": [self.ticket.requester.email],
            "sender_name": "Rita",
            "digest": uuid.uuid4().hex,
            "created_by": self.rep,
        }
        return ReleasePayload.objects.create(**(values | fields))

    def arguments(self, payload: ReleasePayload, **changes: object) -> list[object]:
        """The arguments of release() for this scene, in order."""
        values: dict[str, object] = {
            "payload": payload.pk,
            "ticket": self.ticket.pk,
            "session": self.session_key,
            "version": self.version(),
            "visible_from": None,
            "draft": None,
        }
        return list((values | changes).values())

    def version(self) -> int:
        return Ticket.objects.values_list("version", flat=True).get(pk=self.ticket.pk)

    def outbound(self) -> int:
        """How many messages stand before the customer or will."""
        return Message.objects.filter(ticket=self.ticket, direction="outbound").count()


def session_of(user: User) -> str:
    """Sign in through the product's own page and return the session's key."""
    return str(sign_in(user).session.session_key)


def set_scene(site: Site) -> Scene:
    """A rep, a customer of a standard account, and their request."""
    rep = make_rep()
    ticket = make_ticket(make_user("Cora", organisation=make_organisation()))
    return Scene(site, ticket, rep, session_of(rep))


@pytest.fixture
def scene(site: Site) -> Scene:
    """A scene of one test's own."""
    return set_scene(site)


@pytest.fixture(scope="module")
def standing_scene(template: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """One scene for a whole module of refusals: what is refused changes nothing."""
    with cloned_site(django_db_blocker) as made:
        yield set_scene(made)


Attempt = Callable[[str, str, list[object]], str]


def attempt_on(site: Site) -> Attempt:
    """Runs one statement as a role on a session of its own and returns the SQLSTATE it met, or "" when it worked."""

    def run(role: str, statement: str, parameters: list[object]) -> str:
        with session(site, role) as connection:
            try:
                connection.execute(statement.encode(), parameters)
                connection.commit()
            except psycopg.Error as error:
                connection.rollback()
                return str(error.sqlstate)
        return ""

    return run


@pytest.fixture
def attempt(scene: Scene) -> Attempt:
    return attempt_on(scene.site)


@pytest.fixture
def refused_attempt(standing_scene: Scene) -> Attempt:
    return attempt_on(standing_scene.site)


@contextmanager
def session(site: Site, role: str) -> Iterator["psycopg.Connection[Row]"]:
    connection = site.connect(role)
    try:
        yield connection
    finally:
        connection.close()
