"""The self-test that every process passes before it serves: its role, release(), the triggers and every grant.

Invariant: what is found other than written here and in portal.grants is a refusal to serve, never a warning.
"""

from collections.abc import Iterator

from django.db import connection
from django.db.backends.utils import CursorWrapper

from portal import grants
from portal.database import GUARD, LIVE_GRANTS, site_database
from portal.environment import ConfigurationError

GUARD_TRIGGERS = {
    ("portal_message", "message_outbound_only_by_release"),
    ("portal_message", "message_advances_version"),
    ("portal_message", "message_is_permanent"),
    ("portal_messagebody", "message_body_is_permanent"),
    ("portal_messagestop", "message_stop_in_time"),
    ("portal_messagestop", "message_stop_is_permanent"),
    ("portal_releasepayload", "payload_is_permanent"),
    ("portal_auditevent", "audit_is_permanent"),
    ("portal_outboxentry", "outbox_message_only_by_release"),
    ("agents_approval", "approval_only_by_release"),
    ("agents_approval", "approval_is_permanent"),
}


def check_guard() -> list[str]:
    """What is wrong with this process's role, the send guard or the grants, in words; empty when all is whole."""
    with connection.cursor() as cursor:
        problems = list(_role_problems(cursor)) + list(_function_problems(cursor)) + list(_trigger_problems(cursor))
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
    cursor.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [GUARD])
    row = cursor.fetchone()
    if row is None or row[0]:
        yield f"{GUARD} is missing or can log in"


def _function_problems(cursor: CursorWrapper) -> Iterator[str]:
    cursor.execute(
        "SELECT r.rolname, p.prosecdef, coalesce(p.proconfig, '{}'),"
        " ARRAY(SELECT coalesce(g.rolname, 'PUBLIC') FROM aclexplode(p.proacl) a"
        "       LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE a.grantee <> p.proowner)"
        " FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner WHERE p.pronamespace = 'public'::regnamespace"
        " AND p.proname = 'release'"
    )
    functions = cursor.fetchall()
    if len(functions) != 1:
        yield f"there are {len(functions)} functions named release(), not one: nothing can be sent"
        return
    owner, definer, config, callers = functions[0]
    if owner != GUARD or not definer or list(config) != ["search_path=pg_catalog, pg_temp"]:
        yield "release() is not the guard's own, or not fixed to its search path"
    if list(callers) != ["handrail_web"]:
        yield f"release() may be called by {', '.join(callers) or 'nobody'}, not by handrail_web alone"


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
