"""The self-test that every process passes before it serves: its role, release(), the triggers and every grant.

Invariant: what is found other than written here and in portal.grants is a refusal to serve, never a warning.
"""

from collections.abc import Iterator

from django.db import connection
from django.db.backends.utils import CursorWrapper

from portal import grants
from portal.database import ERASER, FUNCTION_OWNERS, GUARD, LIVE_GRANTS, site_database
from portal.environment import ConfigurationError

GUARD_TRIGGERS = {
    ("portal_message", "message_outbound_only_by_release"),
    ("portal_message", "message_advances_version"),
    ("portal_message", "message_is_permanent"),
    ("portal_message", "message_inbound_is_the_requesters"),
    ("portal_messagebody", "message_body_is_permanent"),
    ("portal_messagebody", "message_body_not_on_a_release"),
    ("portal_attachment", "attachment_is_permanent"),
    ("portal_attachment", "attachment_not_on_a_release"),
    ("portal_messagestop", "message_stop_a_waits_its_turn"),
    ("portal_messagestop", "message_stop_in_time"),
    ("portal_messagestop", "message_stop_is_permanent"),
    ("portal_releasepayload", "payload_is_permanent"),
    ("portal_auditevent", "audit_is_permanent"),
    ("portal_outboxentry", "outbox_message_only_by_release"),
    ("portal_outboxentry", "outbox_moves_in_order"),
    ("agents_approval", "approval_only_by_release"),
    ("agents_approval", "approval_is_permanent"),
    ("agents_composition", "composition_not_after_erasure"),
    ("portal_message", "message_not_after_erasure"),
    ("portal_releasepayload", "payload_not_after_erasure"),
    ("portal_ticket", "ticket_not_after_erasure"),
    ("portal_ticket", "ticket_category_filled_once"),
    ("portal_user", "user_erased_stays_erased"),
    ("triage_run", "run_keeps_to_the_wall"),
    ("triage_run", "run_stays_behind_the_wall"),
    ("triage_appliedvalue", "product_keeps_to_the_wall"),
    ("triage_blindcheck", "product_keeps_to_the_wall"),
    ("triage_draft", "product_keeps_to_the_wall"),
    ("triage_fieldproposal", "product_keeps_to_the_wall"),
    ("triage_logcoverage", "product_keeps_to_the_wall"),
    ("triage_logfinding", "product_keeps_to_the_wall"),
    ("triage_nextstep", "product_keeps_to_the_wall"),
}
# Functions that run with more rights than their caller, and whose those are. Any other one is a problem.
DEFINERS = {
    "release": GUARD,
    "erase_person": ERASER,
    "portal_advance_version": "handrail_owner",
    "portal_mail_in_order": "handrail_owner",
}


def check_guard() -> list[str]:
    """What is wrong with this process's role, the send guard or the grants, in words; empty when all is whole."""
    with connection.cursor() as cursor:
        problems = [
            *_role_problems(cursor),
            *_function_problems(cursor, "release"),
            *_function_problems(cursor, "erase_person"),
            *_definer_problems(cursor),
            *_trigger_problems(cursor),
        ]
        cursor.execute(LIVE_GRANTS)
        live = {grants.Grant(*map(str, row)) for row in cursor.fetchall()}
    evaluation = any(grant.role == "handrail_eval" for grant in live)
    if evaluation and connection.settings_dict["NAME"] == site_database():
        problems.append("handrail_eval may read the site's own database")
    wanted = grants.expected(evaluation=evaluation)
    problems += [f"{g.role} may {g.privilege} {g.table}{_of(g)}, which is not listed" for g in sorted(live - wanted)]
    problems += [f"{g.role} may not {g.privilege} {g.table}{_of(g)}, which is listed" for g in sorted(wanted - live)]
    return problems


def _of(grant: grants.Grant) -> str:
    return f".{grant.column}" if grant.column else ""


def _role_problems(cursor: CursorWrapper) -> Iterator[str]:
    cursor.execute(
        "SELECT current_user, rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
    )
    user, privileged = cursor.fetchone()
    if user != connection.settings_dict["USER"]:
        yield f"connected as {user}, not as {connection.settings_dict['USER']}"
    if privileged:
        yield f"{user} is a superuser or may make roles"
    cursor.execute(
        "SELECT m.rolname, g.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member"
        " JOIN pg_roles g ON g.oid = a.roleid WHERE g.rolname LIKE 'handrail\\_%%' AND NOT m.rolsuper"
    )
    for member, group in cursor.fetchall():
        yield f"{member} is a member of {group}"
    for role in FUNCTION_OWNERS:
        cursor.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [role])
        row = cursor.fetchone()
        if row is None or row[0]:
            yield f"{role} is missing or can log in"


def _function_problems(cursor: CursorWrapper, name: str) -> Iterator[str]:
    cursor.execute(
        "SELECT r.rolname, p.prosecdef, coalesce(p.proconfig, '{}'),"
        " ARRAY(SELECT coalesce(g.rolname, 'PUBLIC') FROM aclexplode(p.proacl) a"
        "       LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE a.grantee <> p.proowner)"
        " FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE p.pronamespace = 'public'::regnamespace"
        " AND p.proname = %s",
        [name],
    )
    functions = cursor.fetchall()
    if len(functions) != 1:
        yield f"there are {len(functions)} functions named {name}(), not one"
        return
    owner, definer, config, callers = functions[0]
    if owner != DEFINERS[name] or not definer or list(config) != ["search_path=pg_catalog, pg_temp"]:
        yield f"{name}() is not {DEFINERS[name]}'s own, or not fixed to its search path"
    if list(callers) != ["handrail_web"]:
        yield f"{name}() may be called by {', '.join(callers) or 'nobody'}, not by handrail_web alone"


def _definer_problems(cursor: CursorWrapper) -> Iterator[str]:
    cursor.execute(
        "SELECT p.proname, r.rolname, coalesce(p.proconfig, '{}') = '{\"search_path=pg_catalog, pg_temp\"}'::text[],"
        " has_function_privilege('public', p.oid, 'EXECUTE')"
        " FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner"
        " WHERE p.prosecdef AND p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    )
    for name, owner, fixed, anybody in cursor.fetchall():
        if DEFINERS.get(name) != owner or not fixed or anybody:
            yield f"{name}() runs as {owner}, which is not listed, or is open to anybody or to another search path"


def _trigger_problems(cursor: CursorWrapper) -> Iterator[str]:
    cursor.execute(
        "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
    )
    live = set(cursor.fetchall())
    for table, trigger in sorted(GUARD_TRIGGERS - live):
        yield f"the trigger {trigger} on {table} is missing or switched off"


def require_guard() -> None:
    """Raise ConfigurationError unless this process runs as its role behind a whole guard."""
    problems = check_guard()
    if problems:
        shown = "; ".join(problems[:3]) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else "")
        raise ConfigurationError(f"refusing to serve: {shown}. `manage.py check_guard` lists all; `bootstrap` mends.")
