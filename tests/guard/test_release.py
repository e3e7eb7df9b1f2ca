"""release() lets one kind of call through: a live person's own text into the conversation as they saw it."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from portal.actions.accounts import deactivate_user
from portal.actions.tickets import add_customer_message, add_note
from portal.models import Message, OutboxEntry, StaffRole, Ticket, User
from tests.factories import make_organisation, make_rep, make_ticket, make_user
from tests.guard.conftest import RELEASE, Attempt, Scene, session_of

MOVED_ON, NO_SESSION, NOT_ALLOWED, NOT_THIS_TEXT, SENT_BEFORE = "23H01", "23H02", "23H03", "23H04", "23H08"


def test_a_signed_in_rep_releases_their_own_text_once(scene: Scene, attempt: Attempt) -> None:
    payload = scene.payload()
    arguments = scene.arguments(payload)
    assert attempt("web", RELEASE, arguments) == ""
    message = Message.objects.get(payload=payload)
    assert message.released_by == scene.rep
    assert message.text == payload.text
    assert payload.approval.person == scene.rep
    assert OutboxEntry.objects.filter(message=message).count() == 1
    assert attempt("web", RELEASE, arguments) == SENT_BEFORE
    assert attempt("web", RELEASE, scene.arguments(payload)) == SENT_BEFORE
    assert scene.outbound() == 1


def test_a_stale_version_is_refused(scene: Scene, attempt: Attempt) -> None:
    arguments = scene.arguments(scene.payload())
    add_customer_message(actor=scene.ticket.requester, ticket=scene.ticket, text="One more thing …")
    assert attempt("web", RELEASE, arguments) == MOVED_ON
    assert scene.outbound() == 0


def test_a_note_does_not_move_the_conversation_on(scene: Scene, attempt: Attempt) -> None:
    arguments = scene.arguments(scene.payload())
    add_note(actor=scene.rep, ticket=scene.ticket, text="Known customer.")
    assert attempt("web", RELEASE, arguments) == ""


@pytest.mark.parametrize(("automatic", "state"), [("auto_reply", ""), ("bounce", ""), ("ambiguous", MOVED_ON)])
def test_robots_do_not_move_the_conversation_on_but_doubt_does(
    scene: Scene, attempt: Attempt, automatic: str, state: str
) -> None:
    arguments = scene.arguments(scene.payload())
    Message.objects.create(ticket=scene.ticket, direction="inbound", automatic=automatic, author=scene.ticket.requester)
    assert attempt("web", RELEASE, arguments) == state


def test_the_second_of_two_reps_is_refused(scene: Scene, attempt: Attempt) -> None:
    colleague = make_rep("Rob")
    seen = scene.version()
    mine = scene.arguments(scene.payload(), version=seen)
    theirs = scene.arguments(
        scene.payload("Or reboot.", created_by=colleague), version=seen, session=session_of(colleague)
    )
    assert attempt("web", RELEASE, mine) == ""
    assert attempt("web", RELEASE, theirs) == MOVED_ON
    assert scene.outbound() == 1


@pytest.mark.parametrize("key", ["", "no-such-session", "'; DROP TABLE portal_message; --"])
def test_an_invented_session_is_refused(scene: Scene, attempt: Attempt, key: str) -> None:
    assert attempt("web", RELEASE, scene.arguments(scene.payload(), session=key)) == NO_SESSION
    assert scene.outbound() == 0


def test_an_expired_session_is_refused(scene: Scene, attempt: Attempt) -> None:
    arguments = scene.arguments(scene.payload())
    Session.objects.filter(session_key=scene.session_key).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert attempt("web", RELEASE, arguments) == NO_SESSION


def test_a_session_signed_out_elsewhere_is_refused(scene: Scene, attempt: Attempt) -> None:
    arguments = scene.arguments(scene.payload())
    Session.objects.filter(session_key=scene.session_key).delete()
    assert attempt("web", RELEASE, arguments) == NO_SESSION


def test_a_deactivated_person_is_refused(scene: Scene, attempt: Attempt) -> None:
    arguments = scene.arguments(scene.payload())
    deactivate_user(actor=make_rep(lead=True), user=scene.rep)
    assert attempt("web", RELEASE, arguments) == NO_SESSION


def test_a_service_account_is_refused_whatever_its_role(scene: Scene, attempt: Attempt) -> None:
    arguments = scene.arguments(scene.payload())
    User.objects.filter(pk=scene.rep.pk).update(kind=User.Kind.SERVICE)
    assert attempt("web", RELEASE, arguments) == NO_SESSION


def test_a_customer_cannot_release_on_their_own_request(scene: Scene, attempt: Attempt) -> None:
    customer = scene.ticket.requester
    payload = scene.payload(created_by=customer)
    assert attempt("web", RELEASE, scene.arguments(payload, session=session_of(customer))) == NOT_ALLOWED
    assert scene.outbound() == 0


def test_a_rep_who_lost_the_role_is_refused(scene: Scene, attempt: Attempt) -> None:
    arguments = scene.arguments(scene.payload())
    StaffRole.objects.filter(user=scene.rep).delete()
    assert attempt("web", RELEASE, arguments) == NOT_ALLOWED
    assert Ticket.objects.get(pk=scene.ticket.pk).version == arguments[3]


def test_a_colleagues_text_cannot_be_released(scene: Scene, attempt: Attempt) -> None:
    payload = scene.payload(created_by=make_rep("Rob"))
    assert attempt("web", RELEASE, scene.arguments(payload)) == NOT_THIS_TEXT


def test_a_text_for_another_request_cannot_be_released(scene: Scene, attempt: Attempt) -> None:
    other = make_ticket()
    payload = scene.payload(ticket=other, recipients=[other.requester.email])
    assert attempt("web", RELEASE, scene.arguments(payload)) == NOT_THIS_TEXT


def test_nobody_outside_the_conversation_is_written_to(scene: Scene, attempt: Attempt) -> None:
    payload = scene.payload(recipients=[scene.ticket.requester.email, "stranger@example.org"])
    assert attempt("web", RELEASE, scene.arguments(payload)) == NOT_THIS_TEXT
    assert scene.outbound() == 0


def test_a_draft_of_another_request_is_refused(scene: Scene, attempt: Attempt) -> None:
    assert attempt("web", RELEASE, scene.arguments(scene.payload(), draft=424242)) == NOT_THIS_TEXT


@pytest.mark.parametrize(
    ("who", "state"), [("rep", NOT_ALLOWED), ("engineer", ""), ("deputy", ""), ("lead", "")], ids=str
)
def test_a_high_touch_request_is_answered_by_its_people_only(
    scene: Scene, attempt: Attempt, who: str, state: str
) -> None:
    people = {
        "rep": make_rep("Rex"),
        "engineer": make_rep("Eng"),
        "deputy": make_rep("Dep"),
        "lead": make_rep(lead=True),
    }
    organisation = make_organisation("high_touch", engineer=people["engineer"], deputy=people["deputy"])
    ticket = make_ticket(make_user("Vip", organisation=organisation))
    payload = scene.payload(ticket=ticket, recipients=[ticket.requester.email], created_by=people[who])
    arguments = [payload.pk, ticket.pk, session_of(people[who]), ticket.version, None, None]
    assert attempt("web", RELEASE, arguments) == state


def test_a_past_visible_from_means_now(scene: Scene, attempt: Attempt) -> None:
    payload = scene.payload()
    past = timezone.now() - timedelta(days=3)
    assert attempt("web", RELEASE, scene.arguments(payload, visible_from=past)) == ""
    assert Message.objects.get(payload=payload).visible_from > past + timedelta(days=2)
