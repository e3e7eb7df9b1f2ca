"""README and docs name what exists, and leave out no command and no setting that operators are told of."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from portal.environment import BASE_DIR

PAGES = sorted([BASE_DIR / "README.md", *(BASE_DIR / "docs").rglob("*.md")])
LAYERS = {"kb", "portal", "triage", "agents"}


def test_readme_names_every_command_of_ours_and_no_other() -> None:
    ours = {name for name, app in get_commands().items() if app in LAYERS}
    text = (BASE_DIR / "README.md").read_text()
    assert ours - {"demo"} - set(re.findall(r"manage\.py (\w+)", text)) == set()
    mentioned = {name for page in PAGES for name in re.findall(r"manage\.py (\w+)", page.read_text())}
    assert mentioned - set(get_commands()) == set()


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (BASE_DIR / "Makefile").read_text(), re.MULTILINE))
    named = {
        name for page in PAGES for name in re.findall(r"`make (\w+)`|^ +make (\w+)", page.read_text()) for name in name
    }
    assert {name for name in named if name} - targets == set()


def test_every_variable_that_operators_are_told_of_is_read() -> None:
    code = "".join(path.read_text() for layer in LAYERS for path in (BASE_DIR / layer).rglob("*.py"))
    named = set(
        re.findall(r"\b(?:HANDRAIL|DATABASE|REDIS)_[A-Z_]+\b", (BASE_DIR / "docs" / "operators.md").read_text())
    )
    assert {name for name in named if name not in code} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(BASE_DIR)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []
