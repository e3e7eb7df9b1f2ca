"""The person behind a release may go at any moment: losing the right comes wholly before it or wholly after."""

import threading

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from portal.actions.accounts import deactivate_user
from portal.models import AuditEvent, User
from tests.factories import PASSWORD, make_organisation, make_rep, make_ticket, make_user, sign_in
from tests.guard.conftest import RELEASE, Attempt, Row, Scene, session, session_of
from tests.guard.test_races import Releasing, wait_until_it_waits

NO_SESSION, NOT_ALLOWED = "23H02", "23H03"

# What ends a right, the parameters it takes from the scene, and what release() answers once that is committed.
LOSSES = {
    "signed out elsewhere": ("DELETE FROM django_session WHERE session_key = %(session)s", NO_SESSION),
    "session expired": (
        "UPDATE django_session SET expire_date = now() - interval '1 second' WHERE session_key = %(session)s",
        NO_SESSION,
    ),
    "deactivated": ("UPDATE portal_user SET is_active = false WHERE id = %(rep)s", NO_SESSION),
    "made a service account": ("UPDATE portal_user SET kind = 'service' WHERE id = %(rep)s", NO_SESSION),
    "role taken away": ("DELETE FROM portal_staffrole WHERE user_id = %(rep)s", NOT_ALLOWED),
    "account became high-touch": (
        "UPDATE portal_organisation SET kind = 'high_touch' WHERE id = %(organisation)s",
        NOT_ALLOWED,
    ),
}


def named(scene: Scene) -> dict[str, object]:
    return {"session": scene.session_key, "rep": scene.rep.pk, "organisation": scene.ticket.organisation_id}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_right_that_is_being_lost_stops_the_release_that_waited_for_it(scene: Scene, loss: str) -> None:
    statement, refusal = LOSSES[loss]
    arguments = scene.arguments(scene.payload())
    with session(scene.site, "web") as elsewhere, session(scene.site, "web") as rep:
        elsewhere.execute(statement.encode(), named(scene))
        releasing = Releasing(rep, arguments)
        releasing.start()
        wait_until_it_waits(scene, rep.info.backend_pid)
        elsewhere.commit()
        releasing.join(10)
    assert releasing.state == refusal
    assert scene.outbound() == 0
    assert scene.version() == arguments[3]


@pytest.mark.parametrize("loss", LOSSES)
def test_a_right_that_was_not_lost_after_all_lets_the_release_through(scene: Scene, loss: str) -> None:
    with session(scene.site, "web") as elsewhere, session(scene.site, "web") as rep:
        elsewhere.execute(LOSSES[loss][0].encode(), named(scene))
        releasing = Releasing(rep, scene.arguments(scene.payload()))
        releasing.start()
        wait_until_it_waits(scene, rep.info.backend_pid)
        elsewhere.rollback()
        releasing.join(10)
    assert releasing.state == ""
    assert scene.outbound() == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_losing_a_right_waits_for_a_release_that_began_before(scene: Scene, loss: str) -> None:
    with session(scene.site, "web") as rep, session(scene.site, "web") as elsewhere:
        rep.execute(RELEASE, scene.arguments(scene.payload()))
        losing = threading.Thread(target=elsewhere.execute, args=(LOSSES[loss][0].encode(), named(scene)), daemon=True)
        losing.start()
        wait_until_it_waits(scene, elsewhere.info.backend_pid)
        rep.commit()
        losing.join(10)
        elsewhere.commit()
    assert scene.outbound() == 1


def test_a_sign_out_by_the_page_meets_a_release(scene: Scene) -> None:
    """Both orders through the product's own page, with the rep's real session."""
    client = sign_in(scene.rep)
    key = str(client.session.session_key)
    with session(scene.site, "web") as rep:
        rep.execute(RELEASE, scene.arguments(scene.payload(), session=key))
        rep.commit()
    assert client.post(reverse("account_logout")).status_code == 302
    assert not Session.objects.filter(session_key=key).exists()
    with session(scene.site, "web") as rep, pytest.raises(psycopg.errors.IntegrityError) as refusal:
        rep.execute(RELEASE, scene.arguments(scene.payload(), session=key))
    assert refusal.value.sqlstate == NO_SESSION
    assert scene.outbound() == 1


def test_a_changed_password_ends_the_sessions_that_knew_the_old_one(scene: Scene, attempt: Attempt) -> None:
    here = sign_in(scene.rep)
    new = "another horse battery"
    response = here.post(
        reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )
    assert response.status_code == 302
    assert attempt("web", RELEASE, scene.arguments(scene.payload())) == NO_SESSION
    key = str(here.session.session_key)
    assert attempt("web", RELEASE, scene.arguments(scene.payload(), session=key)) == ""
    assert AuditEvent.objects.filter(verb="user.sessions_ended", target_id=scene.rep.pk).count() == 1


def test_who_comes_back_signs_in_anew(scene: Scene, attempt: Attempt) -> None:
    deactivate_user(actor=make_rep(lead=True), user=scene.rep)
    User.objects.filter(pk=scene.rep.pk).update(is_active=True)
    assert attempt("web", RELEASE, scene.arguments(scene.payload())) == NO_SESSION
    assert attempt("web", RELEASE, scene.arguments(scene.payload(), session=session_of(scene.rep))) == ""


def test_a_deactivation_by_its_action_and_a_release_never_wait_for_each_other(scene: Scene) -> None:
    """Both lock the session before the person. Twenty meetings, in whatever order the machine chooses."""
    lead = make_rep(lead=True)
    states = []
    for number in range(20):
        User.objects.filter(pk=scene.rep.pk).update(is_active=True)
        arguments = scene.arguments(scene.payload(f"Try {number}"), session=session_of(scene.rep))
        with session(scene.site, "web") as rep:
            releasing = Releasing(rep, arguments)
            releasing.start()
            deactivate_user(actor=lead, user=scene.rep)
            releasing.join(10)
        states.append(releasing.state)
    assert set(states) <= {"", NO_SESSION}


def test_two_reps_at_once_each_on_their_own_request_do_not_hinder_each_other(scene: Scene) -> None:
    colleague = make_rep("Rob")
    other = make_ticket(make_user("Otto", organisation=make_organisation()))
    theirs = scene.payload("Or reboot.", ticket=other, recipients=[other.requester.email], created_by=colleague)
    arguments = [theirs.pk, other.pk, session_of(colleague), other.version, None, None]

    def release_both(mine: "psycopg.Connection[Row]", second: "psycopg.Connection[Row]") -> None:
        mine.execute(RELEASE, scene.arguments(scene.payload()))
        second.execute("SET lock_timeout = '2s'")
        second.execute(RELEASE, arguments)

    with session(scene.site, "web") as mine, session(scene.site, "web") as second:
        release_both(mine, second)
        mine.commit()
        second.commit()
    assert scene.outbound() == 1
    assert other.messages.filter(direction="outbound").count() == 1
