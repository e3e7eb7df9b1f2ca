"""What docs/ says about the guard is what the code does."""

import re

from portal import grants
from portal.environment import BASE_DIR

DOCS = BASE_DIR / "docs"


def tests_in(*places: str) -> set[str]:
    """The names of the tests in these files and directories."""
    files = [file for place in places for file in [*(BASE_DIR / "tests").glob(place)]]
    return {name for file in files for name in re.findall(r"^\s*def (test_\w+)", file.read_text(), re.MULTILINE)}


def test_the_page_of_grants_is_the_list() -> None:
    assert (DOCS / "grants.md").read_text().endswith(grants.as_markdown())


def test_every_attack_that_the_guard_page_names_is_a_test() -> None:
    named = set(re.findall(r"`(test_\w+)`", (DOCS / "send-guard.md").read_text()))
    assert named
    assert named - tests_in("guard/test_*.py", "portal/test_mail.py") == set()


def test_every_attack_that_is_tested_stands_on_the_guard_page() -> None:
    """The twins that let something through need no line of their own."""
    named = set(re.findall(r"`(test_\w+)`", (DOCS / "send-guard.md").read_text()))
    tested = tests_in("guard/test_release.py", "guard/test_people.py", "guard/test_mail_order.py", "guard/test_wall.py")
    refusals = {name for name in tested if re.search(r"refused|cannot|nothing|never|waits|no_other", name)}
    assert refusals - named == set()
