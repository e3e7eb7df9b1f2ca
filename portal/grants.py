"""Who may do what to which table: the allow-list that bootstrap applies and the guard's self-test compares.

Invariant: every table has a decision for every role; a table without one stops bootstrap, an extra grant stops serving.
The list is per application, with overrides per table. Column names in parentheses narrow an UPDATE.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps

READ = ("SELECT",)
APPEND = ("SELECT", "INSERT")
KEEP = ("SELECT", "INSERT", "UPDATE")
ALL = ("SELECT", "INSERT", "UPDATE", "DELETE")
NONE: tuple[str, ...] = ()

SERVING_ROLES = ("web", "worker", "mailer")
# Tables without a model of ours.
OTHER_TABLES = {"django_migrations": "migrations", "portal_cache": "portal"}

TICKET_FIELDS = "UPDATE (status, priority, category_id, assignee_id, team_id, organisation_id, language, updated_at)"
OUTBOX_STATE = "UPDATE (state, attempts, failure, due_at, claimed_at, sent_at)"
_WAGTAIL = (
    *("wagtailcore", "wagtailadmin", "wagtailusers", "wagtailsearch", "wagtailimages", "wagtaildocs", "taggit"),
    "wagtailredirects",
)

APPLICATIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "web": {
        **dict.fromkeys(_WAGTAIL, ALL),
        "admin": APPEND,
        "auth": ALL,
        "contenttypes": READ,
        "migrations": READ,
        "sessions": ALL,
        "account": ALL,
        "usersessions": ALL,
        "kb": ALL,
        "portal": KEEP,
        "triage": READ,
        "agents": ALL,
    },
    "worker": {
        **dict.fromkeys(_WAGTAIL, READ),
        "admin": NONE,
        "auth": NONE,
        "contenttypes": READ,
        "migrations": READ,
        "sessions": NONE,
        "account": NONE,
        "usersessions": NONE,
        "kb": READ,
        "portal": READ,
        "triage": ALL,
        "agents": NONE,
    },
    "mailer": {
        **dict.fromkeys(_WAGTAIL, NONE),
        "admin": NONE,
        "auth": NONE,
        "contenttypes": NONE,
        "migrations": READ,
        "sessions": NONE,
        "account": READ,
        "usersessions": NONE,
        "kb": NONE,
        "portal": READ,
        "triage": NONE,
        "agents": NONE,
    },
}

TABLES: dict[str, dict[str, tuple[str, ...]]] = {
    "web": {
        "auth_permission": READ,
        "kb_sourcetext": READ,
        "kb_passage": READ,
        "kb_passagevector": READ,
        "kb_indexedarticle": READ,
        "kb_termstatistic": READ,
        "kb_generation": READ,
        "kb_generationentry": READ,
        "kb_searchtrouble": KEEP,
        "kb_editorialpolicy": READ,
        "kb_articleapproval": APPEND,
        "kb_emergencyfinding": APPEND,
        "portal_cache": ALL,
        "portal_ratecounter": ALL,
        "portal_membership": ALL,
        "portal_staffrole": ALL,
        "portal_user_groups": ALL,
        "portal_user_user_permissions": ALL,
        "portal_ticket": ("SELECT", "INSERT", TICKET_FIELDS),
        "portal_releasepayload": APPEND,
        "portal_message": APPEND,
        "portal_messagebody": APPEND,
        "portal_messagestop": APPEND,
        "portal_attachment": APPEND,
        "portal_auditevent": APPEND,
        "portal_outboxentry": APPEND,
        "triage_draftingdecision": APPEND,
        "triage_ladderpolicy": APPEND,
        "triage_rungswitch": APPEND,
        "triage_screeningword": APPEND,
        "triage_signaldecision": APPEND,
        "portal_outboxdecision": APPEND,
        "portal_firstresponse": READ,
        "portal_articleflag": APPEND,
        "portal_articlesettlement": APPEND,
        "agents_approval": READ,
        "agents_review": APPEND,
        "agents_citation": APPEND,
        "agents_macro": KEEP,
    },
    "worker": {
        "kb_sourcetext": APPEND,
        "kb_passage": ALL,
        "kb_passagevector": ALL,
        "kb_indexedarticle": ALL,
        "kb_termstatistic": ALL,
        "kb_generation": ALL,
        "kb_generationentry": ALL,
        "kb_searchtrouble": ALL,
        "portal_cache": ALL,
        "portal_ratecounter": ("SELECT", "DELETE"),
        "portal_auditevent": APPEND,
        "portal_outboxentry": NONE,
        # The one field of a request that triage may fill, where it is empty; a trigger keeps it from changing another.
        "portal_ticket": ("SELECT", "UPDATE (category_id)"),
        "triage_draftingdecision": READ,
        "triage_ladderpolicy": READ,
        "triage_rungswitch": READ,
        "triage_blindcheck": APPEND,
        "triage_ladderchange": APPEND,
        "triage_appliedvalue": APPEND,
        "triage_screeningword": READ,
        "triage_signaldecision": READ,
        "portal_outboxdecision": NONE,
        "portal_firstresponse": ALL,
        "portal_articleflag": NONE,
        "portal_articlesettlement": NONE,
        "portal_user_groups": NONE,
        "portal_user_user_permissions": NONE,
    },
    "mailer": {
        "portal_cache": NONE,
        "portal_ratecounter": NONE,
        "portal_auditevent": APPEND,
        "portal_outboxentry": ("SELECT", OUTBOX_STATE),
        "portal_staffrole": NONE,
        "portal_membership": NONE,
        "portal_user_groups": NONE,
        "portal_user_user_permissions": NONE,
        "portal_deflectionshown": NONE,
        "portal_articleverdict": NONE,
        "portal_articleflag": NONE,
        "portal_articlesettlement": NONE,
        "portal_firstresponse": NONE,
        "portal_replyverdict": NONE,
    },
}

# What release() may do; handrail_guard owns it and nobody can log in as handrail_guard.
GUARD_TABLES: dict[str, tuple[str, ...]] = {
    # The one-column UPDATEs are what PostgreSQL asks for before it lets release() lock those rows.
    "django_session": ("SELECT", "UPDATE (expire_date)"),
    "usersessions_usersession": READ,
    "portal_user": ("SELECT", "UPDATE (is_active)"),
    "portal_staffrole": ("SELECT", "UPDATE (role)"),
    "portal_organisation": ("SELECT", "UPDATE (kind)"),
    "portal_ticket": ("SELECT", "UPDATE (version, status, updated_at)"),
    "portal_releasepayload": READ,
    "portal_message": APPEND,
    "portal_outboxentry": APPEND,
    "agents_approval": APPEND,
    "triage_draft": READ,
}


# What erase_person() may do; handrail_eraser owns it and nobody can log in as handrail_eraser. Words only: that there
# was a message, when, and who released it is not among it.
ERASER_TABLES: dict[str, tuple[str, ...]] = {
    "django_session": ("SELECT", "DELETE", "UPDATE (expire_date)"),
    "usersessions_usersession": ("SELECT", "DELETE"),
    "account_emailaddress": ("SELECT", "DELETE"),
    "account_emailconfirmation": ("SELECT", "DELETE"),
    "django_admin_log": ("SELECT", "UPDATE (object_repr, change_message)"),
    "django_content_type": READ,
    "wagtailusers_userprofile": ("SELECT", "DELETE"),
    "portal_user": ("SELECT", "UPDATE (email, display_name, password, is_active, last_login, erased_at)"),
    "portal_user_groups": READ,
    "portal_staffrole": READ,
    "portal_membership": ("SELECT", "DELETE"),
    "portal_ticket": ("SELECT", "UPDATE (subject, status, erased_at, updated_at)"),
    "portal_message": READ,
    "portal_messagebody": ("SELECT", "UPDATE (text)"),
    "portal_releasepayload": ("SELECT", "UPDATE (subject, text, html, recipients)"),
    "portal_attachment": ("SELECT", "UPDATE (name, content_type)"),
    "portal_deflectionshown": ("SELECT", "DELETE"),
    "portal_outboxentry": ("SELECT", "UPDATE (state, failure)"),
    "portal_auditevent": ("INSERT",),
    "triage_run": ("SELECT", "UPDATE (outputs, embedding, embedding_version, failure_detail)"),
    "triage_draft": READ,
    "triage_draftsentence": ("SELECT", "DELETE"),
    "triage_logcoverage": ("SELECT", "DELETE"),
    "triage_logfinding": ("SELECT", "DELETE"),
    "triage_fieldproposal": ("SELECT", "DELETE"),
    "triage_nextstep": ("SELECT", "DELETE"),
    "agents_composition": ("SELECT", "DELETE"),
    "agents_compositioncitation": ("SELECT", "DELETE"),
    "agents_review": ("SELECT", "UPDATE (comment)"),
}
# The roles that own one function each, with what it may do.
FUNCTION_TABLES = {"handrail_guard": GUARD_TABLES, "handrail_eraser": ERASER_TABLES}


class UndecidedTableError(Exception):
    """A table that the allow-list does not speak of."""


@dataclass(frozen=True, order=True)
class Grant:
    """One privilege; `column` is empty for the whole table."""

    role: str
    table: str
    privilege: str
    column: str = ""


def every_table() -> dict[str, str]:
    """Each table of the site with the application it belongs to."""
    tables = {
        model._meta.db_table: model._meta.app_label
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    }
    return tables | OTHER_TABLES


def privileges(role: str, table: str, application: str) -> tuple[str, ...]:
    """The privileges of a serving role on a table; raises UndecidedTableError where the list is silent."""
    if table in TABLES[role]:
        return TABLES[role][table]
    try:
        return APPLICATIONS[role][application]
    except KeyError:
        raise UndecidedTableError(f"portal/grants.py has no decision for {role} on {table} ({application}).") from None


def split(privilege: str) -> Iterator[tuple[str, str]]:
    """`UPDATE (a, b)` as its (privilege, column) pairs; a plain one has the column ''."""
    name, _, columns = privilege.partition(" (")
    if not columns:
        yield name, ""
    else:
        yield from ((name, column.strip()) for column in columns.rstrip(")").split(","))


def expected(*, evaluation: bool) -> set[Grant]:
    """Every grant that should stand; on a throw-away database `handrail_eval` may do what the site's roles may."""
    tables = every_table()
    wanted = [
        (f"handrail_{role}", table, privilege)
        for role in SERVING_ROLES
        for table, application in tables.items()
        for privilege in privileges(role, table, application)
    ]
    wanted += [
        (role, table, privilege)
        for role, tables_ in FUNCTION_TABLES.items()
        for table, all_ in tables_.items()
        for privilege in all_
    ]
    if evaluation:
        wanted += [("handrail_eval", table, privilege) for table in tables for privilege in ALL]
    return {Grant(role, table, name, column) for role, table, privilege in wanted for name, column in split(privilege)}


def as_markdown() -> str:
    """The whole list as the table that stands in docs/grants.md; a test holds the two together."""
    letters = {"SELECT": "read", "INSERT": "add", "UPDATE": "change", "DELETE": "delete"}

    def cell(privileges_: tuple[str, ...]) -> str:
        shown = []
        for privilege in privileges_:
            name, _, columns = privilege.partition(" (")
            shown.append(letters[name] + (f" ({columns}" if columns else ""))
        return ", ".join(shown) or "–"

    lines = [
        "| Table | web | worker | mailer | guard (inside `release()`) | eraser (inside `erase_person()`) |",
        "|---|---|---|---|---|---|",
    ]
    for table, application in sorted(every_table().items()):
        cells = [cell(privileges(role, table, application)) for role in SERVING_ROLES]
        cells += [cell(tables.get(table, NONE)) for tables in FUNCTION_TABLES.values()]
        lines.append(f"| `{table}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
