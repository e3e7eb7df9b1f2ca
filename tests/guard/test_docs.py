"""What docs/ says about the guard is what the code does."""

import re

from portal import grants
from portal.environment import BASE_DIR
from tests.guard import test_privileges, test_races, test_release

DOCS = BASE_DIR / "docs"


def test_the_page_of_grants_is_the_list() -> None:
    assert (DOCS / "grants.md").read_text().endswith(grants.as_markdown())


def test_every_attack_that_the_guard_page_names_is_a_test() -> None:
    named = set(re.findall(r"`(test_\w+)`", (DOCS / "send-guard.md").read_text()))
    here = {name for module in (test_release, test_races, test_privileges) for name in vars(module)}
    mail = re.findall(r"^def (test_\w+)", (BASE_DIR / "tests" / "portal" / "test_mail.py").read_text(), re.MULTILINE)
    assert named
    assert named - here - set(mail) == set()
