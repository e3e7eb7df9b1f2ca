"""Every role, verb and table: what is not on the list is refused by PostgreSQL, whoever asks and however."""

import pytest
from django.apps import apps

from portal import database, grants
from portal.environment import ConfigurationError
from portal.guard import check_guard
from portal.models import AuditEvent
from tests.conftest import Site
from tests.guard.conftest import RELEASE, Attempt, Scene, session

REFUSED, ONLY_BY_RELEASE, PERMANENT = "42501", "23H05", "23H06"
# handrail_eval owns each throw-away clone, and so this one; that it cannot reach a site's database has its own test.
ROLES = ("web", "worker", "mailer", "owner")

OUTBOUND = (
    "INSERT INTO portal_message (ticket_id, direction, payload_id, released_by_id, visible_from, automatic, created_at)"
    " VALUES (%s, 'outbound', %s, %s, now(), 'none', now())"
)
APPROVAL = (
    "INSERT INTO agents_approval (payload_id, ticket_id, person_id, session_digest, version, created_at)"
    " VALUES (%s, %s, %s, 'x', 0, now())"
)
MAIL = (
    "INSERT INTO portal_outboxentry (message_id, notice, state, attempts, failure, due_at, created_at)"
    " VALUES (%s, '', 'queued', 0, '', now(), now())"
)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "web"])
def test_only_web_may_call_release(standing_scene: Scene, refused_attempt: Attempt, role: str) -> None:
    assert refused_attempt(role, RELEASE, standing_scene.arguments(standing_scene.payload())) == REFUSED
    assert standing_scene.outbound() == 0


@pytest.mark.parametrize("role", ROLES)
def test_no_role_writes_an_outbound_message_by_hand(standing_scene: Scene, refused_attempt: Attempt, role: str) -> None:
    state = refused_attempt(
        role, OUTBOUND, [standing_scene.ticket.pk, standing_scene.payload().pk, standing_scene.rep.pk]
    )
    assert state in {REFUSED, ONLY_BY_RELEASE}
    assert standing_scene.outbound() == 0


@pytest.mark.parametrize("role", ROLES)
def test_no_role_writes_an_approval_by_hand(standing_scene: Scene, refused_attempt: Attempt, role: str) -> None:
    state = refused_attempt(
        role, APPROVAL, [standing_scene.payload().pk, standing_scene.ticket.pk, standing_scene.rep.pk]
    )
    assert state in {REFUSED, ONLY_BY_RELEASE}


@pytest.mark.parametrize("role", ROLES)
def test_no_role_queues_the_mail_of_a_message_by_hand(
    standing_scene: Scene, refused_attempt: Attempt, role: str
) -> None:
    message = standing_scene.ticket.messages.get()
    assert refused_attempt(role, MAIL, [message.pk]) in {REFUSED, ONLY_BY_RELEASE}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "table", ["portal_message", "portal_messagebody", "portal_releasepayload", "portal_auditevent"]
)
@pytest.mark.parametrize("verb", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_is_permanent_cannot_be_changed_by_any_role(
    standing_scene: Scene, refused_attempt: Attempt, role: str, table: str, verb: str
) -> None:
    standing_scene.payload()
    assert refused_attempt(role, verb.format(table), []) in {REFUSED, PERMANENT}
    assert standing_scene.ticket.messages.count() == 1
    assert AuditEvent.objects.exists()


@pytest.mark.parametrize("role", ROLES)
def test_an_outbound_message_cannot_be_copied_in(standing_scene: Scene, role: str) -> None:
    payload = standing_scene.payload()
    row = f"{standing_scene.ticket.pk}\toutbound\t{payload.pk}\t{standing_scene.rep.pk}\tnone\n"
    columns = "ticket_id, direction, payload_id, released_by_id, automatic"
    with session(standing_scene.site, role) as connection:
        error = ""
        try:
            with connection.cursor().copy(f"COPY portal_message ({columns}) FROM STDIN") as copy:
                copy.write(row)
        except Exception as caught:  # noqa: BLE001 - psycopg's errors carry the state
            error = str(getattr(caught, "sqlstate", ""))
        connection.rollback()
    assert error in {REFUSED, ONLY_BY_RELEASE}


WIDENING = [
    "SET ROLE handrail_guard",
    "GRANT EXECUTE ON FUNCTION public.release(bigint, bigint, text, integer, timestamptz, bigint) TO handrail_worker",
    "GRANT INSERT ON agents_approval TO CURRENT_USER",
    "GRANT handrail_guard TO CURRENT_USER",
    "ALTER FUNCTION public.release(bigint, bigint, text, integer, timestamptz, bigint) OWNER TO CURRENT_USER",
    "CREATE FUNCTION public.release(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "SET session_replication_role = replica",
]


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
@pytest.mark.parametrize("statement", WIDENING)
def test_no_serving_role_can_widen_itself(
    standing_scene: Scene, refused_attempt: Attempt, role: str, statement: str
) -> None:
    state = refused_attempt(role, statement, [])
    # PostgreSQL turns a grant of what one does not hold into a warning: then see that nothing came of it.
    assert state in {REFUSED, "0LP01"} or (statement.startswith("GRANT") and state == "")
    assert [p for p in check_guard() if "release" in p or "approval" in p or "member" in p] == []


def test_the_owner_can_widen_itself_and_is_refused_all_the_same(scene: Scene, attempt: Attempt) -> None:
    """Nothing but migrations runs as the owner of the tables; should anything, the triggers still refuse its rows."""
    for statement in WIDENING:
        if statement.startswith(("GRANT INSERT", "CREATE FUNCTION")):
            assert attempt("owner", statement, []) == ""
        else:
            assert attempt("owner", statement, []) in {REFUSED, "0LP01", ""}
    payload = scene.payload()
    assert attempt("owner", APPROVAL, [payload.pk, scene.ticket.pk, scene.rep.pk]) == ONLY_BY_RELEASE
    assert attempt("owner", OUTBOUND, [scene.ticket.pk, payload.pk, scene.rep.pk]) == ONLY_BY_RELEASE
    assert check_guard() != []


def test_the_version_of_a_request_cannot_be_set_by_web(standing_scene: Scene, refused_attempt: Attempt) -> None:
    assert refused_attempt("web", "UPDATE portal_ticket SET version = 0", []) == REFUSED
    assert refused_attempt("web", "UPDATE portal_ticket SET status = 'solved'", []) == ""


@pytest.mark.parametrize(
    ("role", "statement"),
    [
        ("worker", "UPDATE portal_ticket SET priority = 'urgent'"),
        ("worker", "INSERT INTO portal_messagebody (message_id, text) VALUES (1, 'x')"),
        ("worker", "SELECT * FROM django_session"),
        ("worker", "SELECT * FROM agents_approval"),
        ("worker", "SELECT * FROM account_emailaddress"),
        ("mailer", "INSERT INTO portal_message (ticket_id, direction) VALUES (1, 'note')"),
        ("mailer", "UPDATE portal_outboxentry SET message_id = NULL"),
        ("mailer", "SELECT * FROM triage_draft"),
        ("mailer", "SELECT * FROM django_session"),
        ("web", "UPDATE portal_outboxentry SET user_id = 1"),
        ("web", "INSERT INTO triage_run DEFAULT VALUES"),
    ],
)
def test_each_role_is_refused_what_is_not_its_work(refused_attempt: Attempt, role: str, statement: str) -> None:
    assert refused_attempt(role, statement, []) == REFUSED


def test_the_live_grants_are_the_listed_ones(site: Site) -> None:
    assert check_guard() == []


def test_a_grant_too_many_is_found(site: Site) -> None:
    with session(site, "owner") as connection:
        connection.execute("GRANT UPDATE ON portal_message TO handrail_web")
        connection.commit()
    assert check_guard() == ["handrail_web may UPDATE portal_message, which is not listed"]


def test_a_trigger_switched_off_is_found(site: Site) -> None:
    with session(site, "owner") as connection:
        connection.execute("ALTER TABLE portal_message DISABLE TRIGGER message_outbound_only_by_release")
        connection.commit()
    assert any("message_outbound_only_by_release" in problem for problem in check_guard())


def test_eval_cannot_reach_the_sites_own_database(standing_scene: Scene) -> None:
    server, maintenance = database.admin_server()
    with server.connect(maintenance) as admin:
        admin.execute("CREATE DATABASE handrail_connect_probe")
        try:
            database.connect_privileges(admin, "handrail_connect_probe", ("owner", *grants.SERVING_ROLES))
            with pytest.raises(ConfigurationError, match="permission denied for database"):
                database.server_as("eval").connect("handrail_connect_probe")
            database.server_as("web").connect("handrail_connect_probe").close()
        finally:
            admin.execute("DROP DATABASE handrail_connect_probe WITH (FORCE)")


# Words of a request may stand in any table that belongs to one. Those that erase_person() leaves alone, and why.
KEPT_AT_ERASURE = {
    "agents_citation": "words of articles",
    "agents_presence": "who had a request open, and when",
    "agents_approval": "who released what, and a digest of the session",
    "portal_replyverdict": "yes or no",
    "portal_message": "its words stand in bodies and payloads",
    "portal_messagestop": "a reason from a closed list",
    "triage_draft": "numbers only",
    "triage_screeningword": "yes or no, of which request, and who said it",
    "triage_blindcheck": "a category and a rate",
    "triage_appliedvalue": "a category and what stood behind it",
}


def test_every_table_that_belongs_to_a_request_is_erased_or_has_a_reason() -> None:
    """A new table with a key to a request, a message, a file, a run or a draft stops here until that is decided."""
    tied = {"portal.ticket", "portal.message", "portal.attachment", "triage.run", "triage.draft"}
    for model in apps.get_models():
        keys = [field for field in model._meta.get_fields() if field.concrete and field.is_relation]
        if not any(key.related_model and key.related_model._meta.label_lower in tied for key in keys):
            continue
        rights = " ".join(grants.ERASER_TABLES.get(model._meta.db_table, ()))
        erased = "UPDATE" in rights or "DELETE" in rights
        assert erased != (model._meta.db_table in KEPT_AT_ERASURE), model._meta.label


def test_a_table_without_a_decision_stops_bootstrap() -> None:
    with pytest.raises(grants.UndecidedTableError, match="no decision"):
        grants.privileges("web", "shiny_table", "shiny")
