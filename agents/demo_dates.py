"""Gives what the demo's loader wrote the dates that its story tells: weeks of work, written in seconds, spread again.

Messages, approvals and the audit trail are permanent, and release() and the tables know no clock but the server's. For
a real site it must stay so, hence no action takes a date. Only the superuser, whose password no serving process reads,
can pass by the triggers, and here for one transaction (session_replication_role, set LOCAL): no trigger is switched off
in the catalogue, no grant and no function changes, and a crash leaves the true dates. It refuses unless the server is
Handrail's own, every person's address is of the reserved domain .example, and no request is older than this load. It
names the columns of dates and no other: who released what, and from which session, stays as the guard wrote it.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg
from django.db import connection
from psycopg import sql

from portal import database

DATES = {
    "agents_approval": ("created_at",),
    "agents_review": ("created_at",),
    "portal_auditevent": ("created_at",),
    "portal_message": ("created_at", "visible_from"),
    "portal_organisation": ("created_at",),
    "portal_outboxentry": ("created_at", "due_at"),
    "portal_releasepayload": ("created_at",),
    "portal_ticket": ("created_at", "updated_at"),
    "portal_user": ("date_joined",),
    "triage_appliedvalue": ("created_at",),
    "triage_blindcheck": ("created_at",),
    "triage_draft": ("created_at",),
    "triage_screeningword": ("created_at",),
    "triage_run": ("created_at", "started_at", "finished_at"),
}
_NOT_THE_DEMO = """
    SELECT EXISTS (SELECT FROM portal_user WHERE email NOT LIKE '%%.example')
        OR EXISTS (SELECT FROM portal_ticket WHERE created_at < %s)
"""
_MOVE = """
    UPDATE {table} SET {column} = (
        SELECT planned + ({column} - began) FROM demo_tick WHERE began <= {column} ORDER BY began DESC LIMIT 1
    ) WHERE {column} BETWEEN %s AND %s
"""


@dataclass(frozen=True)
class Tick:
    """What was written from `began` on, until the next tick, happened at `planned` in the story."""

    began: datetime
    planned: datetime


def shift(ticks: Sequence[Tick]) -> bool:
    """Move the dates of everything written since the first tick; False (nothing is moved) where that may not be."""
    if os.environ.get("DATABASE_URL"):
        return False
    server, _maintenance = database.admin_server()
    name = str(connection.settings_dict["NAME"])
    connection.close()
    with server.connect(name) as admin, admin.transaction():
        refused = admin.execute(_NOT_THE_DEMO, [ticks[0].began]).fetchone()
        if refused is None or refused[0]:
            return False
        _move(admin, ticks)
    return True


def _move(admin: "psycopg.Connection[tuple[object, ...]]", ticks: Sequence[Tick]) -> None:
    admin.execute("SET LOCAL session_replication_role = replica")
    admin.execute("CREATE TEMPORARY TABLE demo_tick (began timestamptz, planned timestamptz) ON COMMIT DROP")
    with admin.cursor() as cursor:
        cursor.executemany("INSERT INTO demo_tick VALUES (%s, %s)", [(tick.began, tick.planned) for tick in ticks])
    for table, columns in DATES.items():
        for column in columns:
            statement = sql.SQL(_MOVE).format(table=sql.Identifier("public", table), column=sql.Identifier(column))
            admin.execute(statement, [ticks[0].began, ticks[-1].began])
