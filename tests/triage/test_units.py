"""Cutting articles into units: exact spans, steps whole, commands verbatim."""

import itertools

import pytest

from triage.facts import Form
from triage.units import cut_units, is_command

ARTICLE = """Clear the cache as follows. It takes e.g. 5 minutes.

1. Open System > Tools.
2. Run the command:
php bin/magento cache:clean
3. Wait.

- one item
- another item

Name | Value
a | b

{
  "key": 1,
  other
}

The fix is in 2.4. Upgrade now!
"""


def _units() -> list[tuple[str, str]]:
    return [(unit.form.value, unit.text) for unit in cut_units(ARTICLE, 0, len(ARTICLE))]


def test_every_unit_is_an_exact_span_of_its_source_and_they_are_in_order() -> None:
    units = cut_units(ARTICLE, 0, len(ARTICLE))
    assert all(ARTICLE[unit.start : unit.end] == unit.text for unit in units)
    assert all(one.end <= other.start for one, other in itertools.pairwise(units))


def test_sentences_steps_items_tables_and_code_are_told_apart() -> None:
    assert _units() == [
        ("sentence", "Clear the cache as follows."),
        ("sentence", "It takes e.g. 5 minutes."),
        ("step", "Open System > Tools."),
        ("step", "Run the command:"),
        ("command", "php bin/magento cache:clean"),
        ("step", "Wait."),
        ("item", "one item"),
        ("item", "another item"),
        ("item", "Name | Value"),
        ("item", "a | b"),
        ("command", '{\n  "key": 1,\n  other\n}'),
        ("sentence", "The fix is in 2.4."),
        ("sentence", "Upgrade now!"),
    ]


def test_steps_keep_their_numbers() -> None:
    numbers = [unit.number for unit in cut_units(ARTICLE, 0, len(ARTICLE)) if unit.form is Form.STEP]
    assert numbers == [1, 2, 3]


def test_only_the_asked_span_is_cut() -> None:
    start = ARTICLE.index("- one item")
    (first, *_rest) = cut_units(ARTICLE, start, start + 20)
    assert first.text == "one item"


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("bin/magento indexer:reindex", True),
        ("$ ls -la", True),
        ("SELECT * FROM core_config_data;", True),
        ("curl -XDELETE localhost:9200/index", True),
        ("<config>", True),
        ("Select the store view you want to change.", False),
        ("Set the value to 5 and save the page.", False),
        ("git is a program that people use to keep versions.", False),
        ("Update your database.", False),
    ],
)
def test_a_command_is_told_from_prose_that_begins_like_one(line: str, command: bool) -> None:
    assert is_command(line) is command
