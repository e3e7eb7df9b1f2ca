"""kb <- portal <- triage <- agents, where import-linter cannot see: relations, migrations, templates, names, tasks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from portal.environment import BASE_DIR

LAYERS = ("kb", "portal", "triage", "agents")
# What a layer publishes to those on its left, by name: the frame of every page, and the way to a person.
PUBLISHED_TEMPLATES = {"base.html"}
PUBLISHED_URLS = {"portal:home", "portal:file_ticket"}
# The composition root names every app, by string only.
COMPOSITION_ROOT = {
    "portal/guard.py",
    "portal/settings.py",
    "portal/urls.py",
    "portal/celery.py",
    "portal/grants.py",
    "portal/database.py",
}

TEMPLATE_NAME = re.compile(r"""{%\s*(?:extends|include)\s+["']([^"']+)["']""")
URL_NAME = re.compile(r"""{%\s*url\s+["']([^"']+)["']""")


def may_name(layer: str, other: str) -> bool:
    """Whether `layer` may speak of `other`: itself and what stands to its left."""
    return other not in LAYERS or LAYERS.index(other) <= LAYERS.index(layer)


def files(layer: str, pattern: str) -> Iterator[Path]:
    return (path for path in (BASE_DIR / layer).rglob(pattern) if "vendor" not in path.parts)


@pytest.mark.parametrize("layer", LAYERS)
def test_relations_point_to_the_left(layer: str) -> None:
    # The swappable User is the one relation to the right that kb is allowed.
    wrong = [
        f"{model.__name__}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_app_config(layer).get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if field.concrete
        and field.is_relation
        and field.related_model is not None
        and field.related_model._meta.label != "portal.User"
        and not may_name(layer, field.related_model._meta.app_label)
    ]
    assert wrong == []


@pytest.mark.parametrize("layer", LAYERS)
def test_migrations_depend_on_the_left(layer: str) -> None:
    graph = MigrationLoader(None).disk_migrations
    wrong = [
        f"{app}.{name} -> {dependency}"
        for (app, name), migration in graph.items()
        if app == layer
        for dependency in migration.dependencies
        if not may_name(layer, dependency[0])
        and tuple(dependency) != ("portal", "0001_user")
        and dependency[0] != "__setting__"
    ]
    assert wrong == []


def test_the_user_is_alone_in_the_first_migration() -> None:
    migration = MigrationLoader(None).disk_migrations["portal", "0001_user"]
    assert [type(op).__name__ + " " + getattr(op, "name", "") for op in migration.operations] == ["CreateModel User"]


@pytest.mark.parametrize("layer", LAYERS)
def test_templates_name_the_left(layer: str) -> None:
    wrong = []
    for path in files(layer, "templates/**/*.*"):
        text = path.read_text()
        names = [
            n
            for n in TEMPLATE_NAME.findall(text)
            if n not in PUBLISHED_TEMPLATES and not may_name(layer, n.split("/")[0])
        ]
        urls = [
            u for u in URL_NAME.findall(text) if u not in PUBLISHED_URLS and not may_name(layer, u.partition(":")[0])
        ]
        wrong += [f"{path.relative_to(BASE_DIR)}: {name}" for name in names + urls]
    assert wrong == []


@pytest.mark.parametrize("layer", LAYERS)
def test_strings_in_code_name_the_left(layer: str) -> None:
    """include(), reverse(), template names, apps.get_model and task names are strings that import nothing."""
    pattern = re.compile(r"^(kb|portal|triage|agents)([.:/])[\w./:-]+$")
    wrong = []
    for path in files(layer, "*.py"):
        relative = str(path.relative_to(BASE_DIR))
        if relative in COMPOSITION_ROOT or "migrations" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            found = pattern.match(node.value)
            if found and not may_name(layer, found[1]) and node.value not in PUBLISHED_URLS:
                wrong.append(f"{relative}:{node.lineno}: {node.value}")
    assert wrong == []


def test_tasks_are_named_after_their_app_and_queued_by_kind_of_work() -> None:
    current_app.loader.import_default_modules()
    ours = {name: task for name, task in current_app.tasks.items() if not name.startswith("celery.")}
    assert {name.partition(".")[0] for name in ours} <= set(LAYERS)
    for name, task in ours.items():
        assert task.__module__.partition(".")[0] == name.partition(".")[0]
        assert getattr(task, "queue", None) in {"interactive", "triage", "mail", "index", "watch"}, name


def test_every_scheduled_task_exists() -> None:
    current_app.loader.import_default_modules()
    missing = [e["task"] for e in settings.CELERY_BEAT_SCHEDULE.values() if e["task"] not in current_app.tasks]
    assert missing == []


@pytest.mark.parametrize("layer", LAYERS)
def test_every_module_says_what_it_is_for(layer: str) -> None:
    silent = [
        str(path.relative_to(BASE_DIR))
        for path in files(layer, "*.py")
        if path.stat().st_size and "migrations" not in path.parts and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


@pytest.mark.parametrize("layer", LAYERS)
def test_templates_carry_no_script_and_no_style(layer: str) -> None:
    """The content policy would block it; mail templates are read elsewhere and carry none either."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", re.IGNORECASE)
    wrong = [
        f"{path.relative_to(BASE_DIR)}:{number}"
        for path in files(layer, "templates/**/*.html")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if inline.search(line)
    ]
    assert wrong == []
