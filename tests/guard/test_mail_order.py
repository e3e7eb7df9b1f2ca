"""The guard on the wire: mail moves in one order, once, and only while nothing speaks against it."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from portal.models import Message, OutboxEntry
from tests.guard.conftest import RELEASE, Attempt, Scene, session
from tests.guard.test_races import INBOUND, wait_until_it_waits

OUT_OF_ORDER = "23H11"
STATES = OutboxEntry.State
STEPS = {
    (STATES.QUEUED, STATES.IN_FLIGHT),
    (STATES.QUEUED, STATES.HELD),
    (STATES.IN_FLIGHT, STATES.SENT),
    (STATES.IN_FLIGHT, STATES.QUEUED),
    (STATES.IN_FLIGHT, STATES.HELD),
    (STATES.IN_FLIGHT, STATES.FAILED),
    (STATES.IN_FLIGHT, STATES.STUCK),
    (STATES.STUCK, STATES.SENT),
    (STATES.STUCK, STATES.FAILED),
}
# The shortest way to each state.
WAYS = {
    STATES.QUEUED: [],
    STATES.IN_FLIGHT: [STATES.IN_FLIGHT],
    STATES.SENT: [STATES.IN_FLIGHT, STATES.SENT],
    STATES.HELD: [STATES.HELD],
    STATES.FAILED: [STATES.IN_FLIGHT, STATES.FAILED],
    STATES.STUCK: [STATES.IN_FLIGHT, STATES.STUCK],
}  # nothing leads to "given up" but a person's decision
MOVE = "UPDATE portal_outboxentry SET state = %s WHERE id = %s"


def release(scene: Scene, **changes: object) -> OutboxEntry:
    payload = scene.payload()
    with session(scene.site, "web") as rep:
        rep.execute(RELEASE, scene.arguments(payload, **changes))
        rep.commit()
    return OutboxEntry.objects.get(message__payload=payload)


@pytest.mark.parametrize("role", ["mailer", "owner"])
def test_mail_takes_the_known_steps_and_no_others(standing_scene: Scene, refused_attempt: Attempt, role: str) -> None:
    """A mail that was sent is never queued again, by nobody."""
    for start, way in WAYS.items():
        for end in STATES:
            if start == end:
                continue
            entry = OutboxEntry.objects.create(notice="request_received", ticket=standing_scene.ticket)
            for state in way:
                assert refused_attempt("mailer", MOVE, [state, entry.pk]) == ""
            expected = "" if (start, end) in STEPS else OUT_OF_ORDER
            assert refused_attempt(role, MOVE, [end, entry.pk]) == expected, (start, end)


def test_mail_set_aside_moves_only_as_a_person_decided(standing_scene: Scene, refused_attempt: Attempt) -> None:
    """And only after the very attempt that was decided on: a retry is one, not a licence."""
    decide = (
        "INSERT INTO portal_outboxdecision (entry_id, attempt, verb, decided_by_id, created_at)"
        " VALUES (%s, %s, %s, %s, now())"
    )
    for verb, end in (("retry", STATES.QUEUED), ("give_up", STATES.GIVEN_UP)):
        entry = OutboxEntry.objects.create(notice="request_received", ticket=standing_scene.ticket, attempts=1)
        for state in (STATES.IN_FLIGHT, STATES.STUCK):
            assert refused_attempt("mailer", MOVE, [state, entry.pk]) == ""
        assert refused_attempt("mailer", MOVE, [end, entry.pk]) == OUT_OF_ORDER
        assert refused_attempt("web", decide, [entry.pk, 7, verb, standing_scene.rep.pk]) == ""
        assert refused_attempt("mailer", MOVE, [end, entry.pk]) == OUT_OF_ORDER
        assert refused_attempt("web", decide, [entry.pk, 1, verb, standing_scene.rep.pk]) == ""
        other = STATES.GIVEN_UP if end == STATES.QUEUED else STATES.QUEUED
        assert refused_attempt("mailer", MOVE, [other, entry.pk]) == OUT_OF_ORDER
        assert refused_attempt("mailer", MOVE, [end, entry.pk]) == ""


def test_web_moves_no_mail(standing_scene: Scene, refused_attempt: Attempt) -> None:
    assert refused_attempt("web", "UPDATE portal_outboxentry SET state = 'queued'", []) == "42501"


def test_a_mailer_that_is_in_a_hurry_cannot_take_up_what_can_still_be_taken_back(
    scene: Scene, attempt: Attempt
) -> None:
    entry = release(scene, visible_from=timezone.now() + timedelta(seconds=60))
    assert attempt("mailer", "UPDATE portal_outboxentry SET due_at = now() WHERE id = %s", [entry.pk]) == ""
    assert attempt("mailer", MOVE, [STATES.IN_FLIGHT, entry.pk]) == ""
    entry.refresh_from_db()
    assert entry.state == STATES.QUEUED
    assert entry.due_at > timezone.now() + timedelta(seconds=30)


def test_a_mailer_that_does_not_look_cannot_take_up_what_was_stopped(scene: Scene, attempt: Attempt) -> None:
    entry = release(scene, visible_from=timezone.now() + timedelta(seconds=60))
    stop = "INSERT INTO portal_messagestop (message_id, reason, stopped_by_id) VALUES (%s, 'withdrawn', %s)"
    assert attempt("web", stop, [entry.message_id, scene.rep.pk]) == ""
    assert attempt("mailer", MOVE, [STATES.IN_FLIGHT, entry.pk]) == ""
    entry.refresh_from_db()
    assert entry.state == STATES.HELD


def test_the_mailer_waits_for_a_customers_message_that_may_hold_the_reply_back(scene: Scene) -> None:
    """Their message is not committed while the moment comes at which the reply appears: held back, and not mailed."""
    entry = release(scene, visible_from=timezone.now() + timedelta(seconds=1))
    with session(scene.site, "web") as customer, session(scene.site, "mailer") as mailer:
        customer.execute(INBOUND, [scene.ticket.pk, scene.ticket.requester_id])
        mailer.execute("SELECT pg_sleep(1.1)")
        taking = threading.Thread(target=mailer.execute, args=(MOVE, [STATES.IN_FLIGHT, entry.pk]), daemon=True)
        taking.start()
        wait_until_it_waits(scene, mailer.info.backend_pid)
        customer.commit()
        taking.join(10)
        mailer.commit()
    entry.refresh_from_db()
    assert entry.state == STATES.HELD
    assert Message.objects.get(outbox_entry=entry).stop.reason == "withheld"


def test_a_customers_message_waits_for_a_mailer_that_takes_a_reply_up(scene: Scene) -> None:
    """The other order: the reply is out, so it is not held back afterwards."""
    entry = release(scene)
    with session(scene.site, "web") as customer, session(scene.site, "mailer") as mailer:
        mailer.execute(MOVE, [STATES.IN_FLIGHT, entry.pk])
        writing = threading.Thread(
            target=customer.execute, args=(INBOUND, [scene.ticket.pk, scene.ticket.requester_id]), daemon=True
        )
        writing.start()
        wait_until_it_waits(scene, customer.info.backend_pid)
        mailer.commit()
        writing.join(10)
        customer.commit()
    entry.refresh_from_db()
    assert entry.state == STATES.IN_FLIGHT
    assert not hasattr(Message.objects.get(outbox_entry=entry), "stop")
