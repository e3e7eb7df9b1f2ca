"""Every other way that SQL knows to write, read, widen or shadow: as each role, and nothing comes of it."""

import psycopg
import pytest

from portal.guard import check_guard
from portal.models import Attachment, Message, MessageStop
from tests.guard.conftest import RELEASE, Attempt, Scene, session
from tests.guard.test_privileges import REFUSED, ROLES

ONLY_BY_RELEASE, PERMANENT = "23H05", "23H06"
COLUMNS = "ticket_id, direction, payload_id, released_by_id, visible_from, automatic, created_at"
VALUES = "%(ticket)s, 'outbound', %(payload)s, %(rep)s, now(), 'none', now()"

# Each puts the same outbound row before the customer; release() is the only statement that may.
OTHER_VERBS = {
    "merge": f"MERGE INTO portal_message m USING (SELECT 1) one ON m.payload_id = %(payload)s"
    f" WHEN NOT MATCHED THEN INSERT ({COLUMNS}) VALUES ({VALUES})",
    "merge_update": "MERGE INTO portal_message m USING (SELECT %(ticket)s::bigint AS ticket) one"
    " ON m.ticket_id = one.ticket WHEN MATCHED THEN UPDATE SET visible_from = now()",
    "on_conflict": f"INSERT INTO portal_message ({COLUMNS}) VALUES ({VALUES})"
    " ON CONFLICT (payload_id) DO UPDATE SET visible_from = now()",
    "on_conflict_nothing": f"INSERT INTO portal_message ({COLUMNS}) VALUES ({VALUES}) ON CONFLICT DO NOTHING",
    "update_returning": "UPDATE portal_message SET direction = 'outbound', payload_id = %(payload)s,"
    " released_by_id = %(rep)s, author_id = NULL RETURNING id",
    "cte": f"WITH sent AS (INSERT INTO portal_message ({COLUMNS}) VALUES ({VALUES}) RETURNING id) SELECT id FROM sent",
    "select": f"INSERT INTO portal_message ({COLUMNS}) SELECT {VALUES}",
    "explain_analyze": f"EXPLAIN ANALYZE INSERT INTO portal_message ({COLUMNS}) VALUES ({VALUES})",
    "do_block": "DO $$ BEGIN INSERT INTO portal_message (ticket_id, direction, payload_id, released_by_id, automatic)"
    " SELECT p.ticket_id, 'outbound', p.id, p.created_by_id, 'none' FROM portal_releasepayload p; END $$",
}


def values(scene: Scene) -> dict[str, object]:
    return {"ticket": scene.ticket.pk, "payload": scene.payload().pk, "rep": scene.rep.pk}


def attempt_named(scene: Scene, role: str, statement: str, named: dict[str, object]) -> str:
    with session(scene.site, role) as connection:
        try:
            connection.execute(statement.encode(), named if "%(" in statement else None)
            connection.commit()
        except psycopg.Error as error:
            connection.rollback()
            return str(error.sqlstate)
    return ""


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", OTHER_VERBS)
def test_no_other_verb_puts_a_message_before_a_customer(standing_scene: Scene, role: str, verb: str) -> None:
    state = attempt_named(standing_scene, role, OTHER_VERBS[verb], values(standing_scene))
    assert state in {REFUSED, ONLY_BY_RELEASE, PERMANENT}
    assert standing_scene.outbound() == 0


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("table", ["portal_message", "agents_approval", "portal_releasepayload", "portal_outboxentry"])
def test_no_role_copies_rows_over_what_is_permanent(standing_scene: Scene, role: str, table: str) -> None:
    """COPY cannot update; COPY to a program or a file asks for a superuser."""
    for statement in (f"COPY {table} TO PROGRAM 'cat'", f"COPY {table} TO '/tmp/handrail-guard-probe'"):
        assert attempt_named(standing_scene, role, statement, {}) == REFUSED
    assert attempt_named(standing_scene, role, f"COPY {table} FROM '/etc/hostname'", {}) == REFUSED


@pytest.mark.parametrize("role", ["worker", "mailer"])
@pytest.mark.parametrize(
    "table", ["django_session", "agents_composition", "agents_approval", "usersessions_usersession"]
)
def test_what_a_role_may_not_read_it_may_not_copy_out(standing_scene: Scene, role: str, table: str) -> None:
    assert attempt_named(standing_scene, role, f"COPY {table} TO STDOUT", {}) == REFUSED


def test_a_release_cannot_be_prepared_for_later(standing_scene: Scene) -> None:
    """A transaction left prepared would hold a customer's request for as long as somebody likes."""
    with session(standing_scene.site, "web") as connection:
        connection.execute("SELECT 1")
        with pytest.raises(psycopg.Error) as refusal:
            connection.execute("PREPARE TRANSACTION 'handrail'")
        assert refusal.value.sqlstate == "55000"  # max_prepared_transactions is 0


WIDENING = [
    "GRANT UPDATE ON portal_message TO handrail_web",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO CURRENT_USER",
    "GRANT handrail_owner TO CURRENT_USER",
    "SET ROLE handrail_owner",
    "SET ROLE handrail_eraser",
    "GRANT handrail_eraser TO CURRENT_USER",
    "SET SESSION AUTHORIZATION handrail_guard",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "ALTER ROLE CURRENT_USER CREATEROLE",
    "ALTER ROLE handrail_guard LOGIN",
    "ALTER TABLE portal_message DISABLE TRIGGER ALL",
    "ALTER TABLE agents_approval DISABLE TRIGGER approval_only_by_release",
    "ALTER TABLE portal_message OWNER TO CURRENT_USER",
    "DROP TRIGGER message_outbound_only_by_release ON portal_message",
    "CREATE RULE shadow AS ON INSERT TO portal_messagestop DO INSTEAD NOTHING",
    "CREATE FUNCTION public.evil() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION portal_refuse_outbound() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "CREATE SCHEMA shadow",
    "CREATE TABLE public.shadow (id int)",
    "CREATE EXTENSION plperl",
    "SELECT lo_import('/etc/hostname')",
    "SELECT pg_read_file('PG_VERSION')",
    "ALTER ROLE handrail_guard PASSWORD 'x'",
]


@pytest.mark.parametrize("role", ["web", "worker", "mailer"])
@pytest.mark.parametrize("statement", WIDENING)
def test_no_serving_role_alters_creates_or_becomes_another(standing_scene: Scene, role: str, statement: str) -> None:
    state = attempt_named(standing_scene, role, statement, {})
    # Nothing to give is a warning, not an error.
    assert state or statement.startswith("GRANT")
    assert state not in {"42601", "42883", "42P01"}  # refused, not misspelt
    assert check_guard() == []


@pytest.mark.parametrize("role", ["web", "worker", "mailer"])
@pytest.mark.parametrize(
    "shadow",
    [
        "CREATE TEMPORARY TABLE portal_user AS SELECT 1 AS id",
        "CREATE TEMPORARY TABLE django_session (session_key text, expire_date timestamptz)",
        "CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT now()'",
        "CREATE TEMPORARY VIEW portal_staffrole AS SELECT 1 AS user_id, 'lead' AS role",
    ],
)
def test_nothing_temporary_can_shadow_what_the_guard_reads(standing_scene: Scene, role: str, shadow: str) -> None:
    assert attempt_named(standing_scene, role, shadow, {}) == REFUSED


def test_the_guard_reads_its_own_tables_whatever_the_search_path(scene: Scene) -> None:
    """Whoever owns the database may make temporary tables: release() and the triggers look at the real ones."""
    with session(scene.site, "eval") as owner:
        owner.execute("CREATE TEMPORARY TABLE portal_message (id int, ticket_id int, direction text)")
        owner.execute("SET search_path = pg_temp, public")
        with pytest.raises(psycopg.errors.IntegrityError) as refusal:
            owner.execute(
                "INSERT INTO public.portal_message (ticket_id, direction, payload_id, released_by_id, automatic)"
                " VALUES (%s, 'outbound', %s, %s, 'none')",
                [scene.ticket.pk, scene.payload().pk, scene.rep.pk],
            )
        assert refusal.value.sqlstate == ONLY_BY_RELEASE
        owner.rollback()
    with session(scene.site, "web") as web:
        web.execute("SET search_path = pg_temp, information_schema")
        web.execute("SELECT public.release(%s, %s, %s, %s, %s, %s)", scene.arguments(scene.payload()))
        web.commit()
    assert scene.outbound() == 1


def test_every_function_with_more_rights_than_its_caller_is_listed(scene: Scene) -> None:
    with session(scene.site, "owner") as owner:
        owner.execute("CREATE FUNCTION public.borrowed() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
        owner.commit()
    assert any("borrowed()" in problem for problem in check_guard())


# -- What hangs on a message ------------------------------------------------------------------------------------------

ATTACHMENT = (
    "INSERT INTO portal_attachment (public_id, message_id, name, content_type, size, sha256, storage_name)"
    " VALUES (gen_random_uuid(), %s, 'price.pdf', 'application/pdf', 1, 'x', 'x')"
)
BODY = "INSERT INTO portal_messagebody (message_id, text) VALUES (%s, 'Something else')"


def released(scene: Scene) -> Message:
    with session(scene.site, "web") as rep:
        rep.execute(RELEASE, scene.arguments(scene.payload()))
        rep.commit()
    return Message.objects.get(direction="outbound")


@pytest.mark.parametrize("role", ["web", "owner"])
@pytest.mark.parametrize("statement", [ATTACHMENT, BODY])
def test_nothing_is_hung_on_a_released_message(scene: Scene, attempt: Attempt, role: str, statement: str) -> None:
    message = released(scene)
    assert attempt(role, statement, [message.pk]) == ONLY_BY_RELEASE
    assert not Attachment.objects.exists()


@pytest.mark.parametrize("statement", [ATTACHMENT, BODY])
def test_nothing_is_hung_on_a_message_that_is_yet_to_be_released(scene: Scene, statement: str) -> None:
    """Foreign keys are checked at the commit: the row would wait for the message that release() makes next."""
    newest = Message.objects.order_by("-pk").values_list("pk", flat=True)[0]
    with session(scene.site, "web") as web, pytest.raises(psycopg.errors.IntegrityError) as refusal:
        web.execute(statement, [newest + 1])
    assert refusal.value.sqlstate == ONLY_BY_RELEASE


def test_a_file_is_hung_on_what_the_customer_wrote(scene: Scene, attempt: Attempt) -> None:
    assert attempt("web", ATTACHMENT, [scene.ticket.messages.get().pk]) == ""


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("verb", ["UPDATE portal_attachment SET name = 'other'", "DELETE FROM portal_attachment"])
def test_files_stay_as_they_came(standing_scene: Scene, refused_attempt: Attempt, role: str, verb: str) -> None:
    assert refused_attempt(role, verb, []) in {REFUSED, PERMANENT}


INBOUND = "INSERT INTO portal_message (ticket_id, direction, author_id, automatic) VALUES (%s, 'inbound', %s, 'none')"


def test_what_comes_in_is_never_a_colleagues(scene: Scene, attempt: Attempt) -> None:
    """The customer would read a colleague's name over words that nobody released."""
    assert attempt("web", INBOUND, [scene.ticket.pk, scene.rep.pk]) == ONLY_BY_RELEASE
    assert attempt("web", INBOUND, [scene.ticket.pk, scene.ticket.requester_id]) == ""


def test_a_recipient_that_is_not_there_is_refused(scene: Scene, attempt: Attempt) -> None:
    with session(scene.site, "web") as web:
        row = web.execute(
            "INSERT INTO portal_releasepayload (ticket_id, subject, text, html, recipients, sender_name, language,"
            " attachments, digest, created_by_id, created_at)"
            " VALUES (%s, 'x', 'x', '', ARRAY[NULL]::varchar[], 'x', 'en', '{}', 'x', %s, now()) RETURNING id",
            [scene.ticket.pk, scene.rep.pk],
        ).fetchone()
        web.commit()
    assert row is not None
    arguments = scene.arguments(scene.payload())
    assert attempt("web", RELEASE, [row[0], *arguments[1:]]) == "23H04"


@pytest.mark.parametrize("moment", ["infinity", "9999-01-01"])
def test_a_reply_that_would_never_appear_is_refused(scene: Scene, attempt: Attempt, moment: str) -> None:
    assert attempt("web", RELEASE, scene.arguments(scene.payload(), visible_from=moment)) == "23H04"
    assert scene.outbound() == 0


@pytest.mark.parametrize("role", ROLES)
def test_no_role_takes_back_what_is_visible(scene: Scene, attempt: Attempt, role: str) -> None:
    message = released(scene)
    stop = "INSERT INTO portal_messagestop (message_id, reason, stopped_by_id) VALUES (%s, 'withdrawn', %s)"
    assert attempt(role, stop, [message.pk, scene.rep.pk]) in {REFUSED, "23H07"}
    assert not MessageStop.objects.exists()
