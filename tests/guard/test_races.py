"""A customer writes while a rep releases, in both orders, with two real sessions; and what undo may still take back."""

import threading
import time
from datetime import timedelta

import psycopg
import pytest
from django.utils import timezone

from portal.actions.tickets import add_customer_message, withdraw_message
from portal.errors import AlreadyVisibleError
from portal.models import Message, MessageStop, Ticket
from tests.guard.conftest import RELEASE, Scene, session

INBOUND = (
    "INSERT INTO portal_message (ticket_id, direction, author_id, visible_from, automatic, created_at)"
    " VALUES (%s, 'inbound', %s, now(), 'none', clock_timestamp())"
)


def waits_for_a_lock(scene: Scene, pid: int) -> bool:
    """Whether that session stands still, waiting for another one."""
    with session(scene.site, "owner") as watcher:
        row = watcher.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid]).fetchone()
    return bool(row and row[0])


def wait_until_it_waits(scene: Scene, pid: int) -> None:
    deadline = time.monotonic() + 10
    while not waits_for_a_lock(scene, pid):
        assert time.monotonic() < deadline, "the second session never had to wait for the first"
        time.sleep(0.01)


class Releasing(threading.Thread):
    """release() on a session of its own, its outcome kept: the SQLSTATE, or "" when it went out."""

    def __init__(self, connection: "psycopg.Connection[tuple[object, ...]]", arguments: list[object]) -> None:
        super().__init__(daemon=True)
        self.connection, self.arguments, self.state = connection, arguments, "unfinished"

    def run(self) -> None:
        try:
            self.connection.execute(RELEASE, self.arguments)
            self.connection.commit()
            self.state = ""
        except psycopg.Error as error:
            self.connection.rollback()
            self.state = str(error.sqlstate)


def test_a_release_that_meets_an_uncommitted_customer_message_waits_and_is_refused(scene: Scene) -> None:
    arguments = scene.arguments(scene.payload())
    with session(scene.site, "web") as customer, session(scene.site, "web") as rep:
        customer.execute(INBOUND, [scene.ticket.pk, scene.ticket.requester_id])
        releasing = Releasing(rep, arguments)
        releasing.start()
        wait_until_it_waits(scene, rep.info.backend_pid)
        customer.commit()
        releasing.join(10)
    assert releasing.state == "23H01"
    assert scene.outbound() == 0


def test_a_release_goes_out_when_the_customer_message_is_rolled_back(scene: Scene) -> None:
    arguments = scene.arguments(scene.payload())
    with session(scene.site, "web") as customer, session(scene.site, "web") as rep:
        customer.execute(INBOUND, [scene.ticket.pk, scene.ticket.requester_id])
        releasing = Releasing(rep, arguments)
        releasing.start()
        wait_until_it_waits(scene, rep.info.backend_pid)
        customer.rollback()
        releasing.join(10)
    assert releasing.state == ""
    assert scene.outbound() == 1


def test_a_customer_message_that_meets_an_uncommitted_release_waits_and_holds_it_back(scene: Scene) -> None:
    later = timezone.now() + timedelta(seconds=60)
    arguments = scene.arguments(scene.payload(), visible_from=later)
    with session(scene.site, "web") as customer, session(scene.site, "web") as rep:
        rep.execute(RELEASE, arguments)
        writing = threading.Thread(
            target=lambda: customer.execute(INBOUND, [scene.ticket.pk, scene.ticket.requester_id]), daemon=True
        )
        writing.start()
        wait_until_it_waits(scene, customer.info.backend_pid)
        rep.commit()
        writing.join(10)
        customer.commit()
    message = Message.objects.get(direction="outbound")
    assert message.stop.reason == MessageStop.Reason.WITHHELD
    assert not Message.objects.visible_to_customer().filter(direction="outbound").exists()


def test_a_customer_message_leaves_alone_what_they_can_already_see(scene: Scene) -> None:
    with session(scene.site, "web") as rep:
        rep.execute(RELEASE, scene.arguments(scene.payload()))
        rep.commit()
    add_customer_message(actor=scene.ticket.requester, ticket=scene.ticket, text="Thanks!")
    assert not MessageStop.objects.exists()
    assert Message.objects.visible_to_customer().filter(direction="outbound").count() == 1


def test_two_releases_at_once_on_one_request_do_not_deadlock_and_one_wins(scene: Scene) -> None:
    seen = scene.version()
    with session(scene.site, "web") as first, session(scene.site, "web") as second:
        first.execute(RELEASE, scene.arguments(scene.payload("One"), version=seen))
        releasing = Releasing(second, scene.arguments(scene.payload("Two"), version=seen))
        releasing.start()
        wait_until_it_waits(scene, second.info.backend_pid)
        first.commit()
        releasing.join(10)
    assert releasing.state == "23H01"
    assert scene.outbound() == 1


def test_twenty_presses_at_once_send_once(scene: Scene) -> None:
    arguments = scene.arguments(scene.payload())
    connections = [scene.site.connect("web") for _ in range(20)]
    presses = [Releasing(connection, arguments) for connection in connections]
    for press in presses:
        press.start()
    for press in presses:
        press.join(20)
    for connection in connections:
        connection.close()
    assert sorted(press.state for press in presses).count("") == 1
    assert scene.outbound() == 1
    assert Ticket.objects.get(pk=scene.ticket.pk).version == int(str(arguments[3])) + 1


def test_a_deactivation_waits_for_a_release_that_began_before_it(scene: Scene) -> None:
    with session(scene.site, "web") as rep, session(scene.site, "web") as admin:
        rep.execute(RELEASE, scene.arguments(scene.payload()))
        deactivating = threading.Thread(
            target=lambda: admin.execute("UPDATE portal_user SET is_active = false WHERE id = %s", [scene.rep.pk]),
            daemon=True,
        )
        deactivating.start()
        wait_until_it_waits(scene, admin.info.backend_pid)
        rep.commit()
        deactivating.join(10)
        admin.commit()
    assert scene.outbound() == 1


def test_repeatable_read_fails_closed(scene: Scene) -> None:
    arguments = scene.arguments(scene.payload())
    with session(scene.site, "web") as rep:
        rep.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        rep.execute("SELECT 1 FROM portal_ticket")
        add_customer_message(actor=scene.ticket.requester, ticket=scene.ticket, text="Wait")
        with pytest.raises(psycopg.errors.SerializationFailure):
            rep.execute(RELEASE, arguments)
        rep.rollback()
    assert scene.outbound() == 0


def test_undo_takes_back_what_nobody_has_seen(scene: Scene) -> None:
    with session(scene.site, "web") as rep:
        rep.execute(RELEASE, scene.arguments(scene.payload(), visible_from=timezone.now() + timedelta(seconds=60)))
        rep.commit()
    message = Message.objects.get(direction="outbound")
    withdraw_message(actor=scene.rep, message=message)
    assert not Message.objects.visible_to_customer().filter(pk=message.pk).exists()
    assert Ticket.objects.get(pk=scene.ticket.pk).status == Ticket.Status.OPEN


def test_undo_after_the_customer_can_see_it_is_refused(scene: Scene) -> None:
    with session(scene.site, "web") as rep:
        rep.execute(RELEASE, scene.arguments(scene.payload()))
        rep.commit()
    with pytest.raises(AlreadyVisibleError):
        withdraw_message(actor=scene.rep, message=Message.objects.get(direction="outbound"))
    assert not MessageStop.objects.exists()
