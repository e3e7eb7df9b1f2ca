"""Who may erase whom: leads and administrators, by the function alone, and nobody who works here or answered."""

import psycopg
import pytest
from django.test import Client
from django.urls import reverse

from portal.actions.erasure import erase_person
from portal.errors import ErasureRefusedError, NotAllowedError, SessionEndedError
from portal.models import (
    User,
)
from tests.factories import make_rep, make_user, sign_in
from tests.guard.conftest import Scene, session, session_of
from tests.guard.erasing import ERASE, Case, erase_somebody
from tests.guard.test_privileges import REFUSED, ROLES


@pytest.fixture(scope="module")
def erased(standing_scene: Scene) -> Case:
    """One erased person for a whole module of refusals."""
    return erase_somebody(standing_scene)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "web"])
def test_only_web_may_ask_for_an_erasure(erased: Case, role: str) -> None:
    person = make_user("Kit")
    with session(erased.site, role) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(ERASE, [person.pk, erased.lead_session])
    assert User.objects.get(pk=person.pk).erased_at is None


def test_neither_a_rep_nor_the_person_nor_a_stranger_erases(erased: Case) -> None:
    person = make_user("Kim")
    for actor, key, refusal in (
        (erased.scene.rep, erased.scene.session_key, NotAllowedError),
        (person, session_of(person), NotAllowedError),
        (erased.lead, "no-such-session", SessionEndedError),
    ):
        with pytest.raises(refusal):
            erase_person(actor=actor, session_key=key, person=person)
    assert User.objects.get(pk=person.pk).email == person.email


def test_an_administrator_may(erased: Case) -> None:
    person, administrator = make_user("Kay"), make_user("Ada", is_staff=True, is_superuser=True)
    erase_person(actor=administrator, session_key=session_of(administrator), person=person)
    assert User.objects.get(pk=person.pk).erased_at is not None


def test_who_works_here_or_answered_is_not_erased(erased: Case) -> None:
    former = make_user("Former")
    with session(erased.site, "owner") as owner:
        assert owner.execute("SELECT 1 FROM portal_message WHERE released_by_id = %s", [former.pk]).fetchone() is None
    for person in (erased.scene.rep, erased.lead, make_user("Ada", is_staff=True)):
        with pytest.raises(ErasureRefusedError):
            erase_person(actor=erased.lead, session_key=erased.lead_session, person=person)
        assert User.objects.get(pk=person.pk).erased_at is None


@pytest.mark.parametrize("role", ROLES)
def test_no_role_erases_by_hand(erased: Case, role: str) -> None:
    for statement in (
        "UPDATE portal_messagebody SET text = 'x'",
        "UPDATE portal_releasepayload SET text = 'x'",
        "UPDATE portal_attachment SET name = 'x'",
        "UPDATE portal_ticket SET subject = 'x'",
        "UPDATE portal_ticket SET erased_at = NULL",
    ):
        with session(erased.site, role) as connection:
            try:
                connection.execute(statement.encode())
            except psycopg.Error as refusal:
                assert refusal.sqlstate in {REFUSED, "23H06"}  # noqa: PT017
            else:
                assert (role, "portal_ticket" in statement) == ("owner", True)  # its own table; nothing runs as it
            connection.rollback()


def test_the_page_is_for_leads_and_administrators(standing_scene: Scene) -> None:
    """The clone of the module is enough: nobody is erased here."""
    address = reverse("portal:erase_person", args=[make_user("Kid").pk])
    assert standing_scene.outbound() == 0
    assert sign_in(make_rep("Rex")).get(address).status_code == 404
    assert sign_in(make_user("Cust")).post(address, {"address": "x"}).status_code == 404
    assert Client().get(address).status_code == 302
