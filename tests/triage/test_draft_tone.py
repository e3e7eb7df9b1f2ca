"""How a draft greets and ends: in the site's own words where it has some."""

from dataclasses import replace

import pytest

from kb.retrieval.ranking import Agreement
from tests.triage.requests import PLAIN, an_article
from triage.components.draft import Draft
from triage.facts import Evidence, Kind, Screening

ANSWER = "The nightly export stops after a hundred orders when the queue is full. Clear the queue to go on."
SURE = replace(
    an_article(ANSWER, score=0.7, relevance=0.99),
    agreement=Agreement(cosine=0.75, words=30.0, pairs=9.0, title=0.4, held=0.8, terms=9),
    named=0.8,
    named_mean=0.8,
)


def _words(draft: Draft, name: str = "Jane Roe") -> list[str]:
    request = replace(PLAIN, requester_name=name)
    drafted = draft.run(request, Screening(), Evidence((SURE,), PLAIN.text))["drafted"]
    return [sentence.text for sentence in drafted.sentences if sentence.kind is Kind.NEEDS_WORDS]


@pytest.mark.parametrize(
    ("greeting", "name", "words"),
    [
        ("", "Jane Roe", "Hello Jane Roe,"),
        ("", "", "Hello,"),
        ("Good day {name}!", "Jane Roe", "Good day Jane Roe!"),
        ("Good day {name}!", "", "Hello,"),
        ("Good day!", "", "Good day!"),
        ("{name.__class__}", "Jane Roe", "{name.__class__}"),
    ],
)
def test_a_draft_greets_as_the_site_does(greeting: str, name: str, words: str) -> None:
    assert _words(Draft(site_url="https://help.example", greeting=greeting), name)[0] == words


def test_a_draft_ends_as_the_site_does() -> None:
    assert _words(Draft(site_url="https://help.example", sign_off="Kind regards\nThe Vault team\n"))[-1] == (
        "Kind regards\nThe Vault team"
    )
    assert "write back" in _words(Draft(site_url="https://help.example"))[-1]
