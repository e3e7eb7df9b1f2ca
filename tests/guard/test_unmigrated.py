"""Before `agents` is migrated nothing can be sent at all; and its migrations can be taken back and made again."""

from django.core.management import call_command

from portal import database, grants
from portal.guard import check_guard
from tests.guard.conftest import RELEASE, Attempt, Scene
from tests.guard.test_privileges import OUTBOUND, ROLES


def migrate(scene: Scene, *target: str) -> None:
    """Migrate as bootstrap does: as the owner, while it may hand functions over."""
    server, _maintenance = database.admin_server()
    with server.connect(scene.site.name) as admin:
        with database.guard_may_be_built(admin), scene.site.as_role("owner"):
            call_command("migrate", *target, interactive=False, verbosity=0)
        if "zero" not in target:
            database.apply_grants(admin, evaluation=True)


def test_without_agents_nothing_can_be_sent(scene: Scene, attempt: Attempt) -> None:
    payload = scene.payload()
    arguments = scene.arguments(payload)
    migrate(scene, "agents", "zero")
    for role in ROLES:
        assert attempt(role, RELEASE, arguments) == "42883"  # there is no such function
        assert attempt(role, OUTBOUND, [scene.ticket.pk, payload.pk, scene.rep.pk]) in {"42501", "23H05"}
    assert scene.outbound() == 0
    assert any("release()" in problem for problem in check_guard())
    migrate(scene)
    assert check_guard() == []
    assert attempt("web", RELEASE, arguments) == ""
    assert scene.outbound() == 1


def test_the_guards_own_tables_are_decided_for_the_roles_that_own_a_function() -> None:
    known = set(grants.every_table())
    for tables in grants.FUNCTION_TABLES.values():
        assert set(tables) <= known
