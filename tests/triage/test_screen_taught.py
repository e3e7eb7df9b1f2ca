"""What reps said of spam teaches by nearness and sender. Pure: vectors are given."""

import numpy as np
import pytest

from tests.triage.requests import a_request
from triage.components import screen
from triage.components.screen import Screen
from triage.facts import ScreenVerdict
from triage.taught import Example, domain_of, like_which

HERE = (1.0, 0.0)


def _example(cosine: float, *, sender: str = "bulk.example", is_spam: bool = True, ticket: int = 7) -> Example:
    vector = (cosine, (1 - cosine**2) ** 0.5)
    return Example(ticket, vector, sender, is_spam=is_spam, said_by="Kim", said_on="24 November 2026")


@pytest.mark.parametrize(
    ("cosine", "sender", "found"),
    [
        (0.8, "bulk.example", True),
        (0.7, "bulk.example", False),
        (0.8, "other.example", False),
        (0.95, "other.example", True),
        (0.8, "", False),
    ],
)
def test_nearness_counts_more_from_the_same_domain(cosine: float, sender: str, found: bool) -> None:
    assert (like_which(HERE, sender, [_example(cosine)]) is not None) is found


def test_the_nearest_word_counts_and_no_spam_where_two_are_as_near() -> None:
    spam, other = _example(0.95), _example(0.97, is_spam=False, ticket=8)
    assert like_which(HERE, "bulk.example", [spam, other]) is other
    even = _example(0.95, is_spam=False, ticket=9)
    assert like_which(HERE, "bulk.example", [spam, even]) is even
    assert like_which(HERE, "bulk.example", []) is None


def test_a_domain_is_read_without_its_case() -> None:
    assert domain_of("Kim@Bulk.Example") == "bulk.example"


def _screened(monkeypatch: pytest.MonkeyPatch, example: Example, text: str, **fields: object) -> tuple[str, str]:
    monkeypatch.setattr(screen, "embed_texts", lambda *_a, **_k: np.asarray([HERE]))
    request = a_request("Hello", text, sender="bulk.example", **fields)
    found = Screen(read_taught=lambda: (example,)).run(request)["screening"]
    return str(found.verdict), " ".join(found.reasons)


def test_a_request_like_one_called_spam_says_which_and_who(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, reason = _screened(monkeypatch, _example(0.9), "Cheap toner for your office, order now.")
    assert verdict == ScreenVerdict.SPAM
    assert reason == "Like #7, which Kim called spam on 24 November 2026."


def test_a_request_like_one_said_to_be_none_passes_whatever_the_rules_say(monkeypatch: pytest.MonkeyPatch) -> None:
    offer = "I came across your website. Our SEO team will increase your traffic with backlinks. Unsubscribe here."
    assert _screened(monkeypatch, _example(0.9, is_spam=False), offer)[0] == ScreenVerdict.PLAIN
    assert _screened(monkeypatch, _example(0.5, is_spam=False), offer)[0] == ScreenVerdict.SPAM


def test_a_follow_up_and_the_example_itself_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Cheap toner for your office, order now."
    assert _screened(monkeypatch, _example(1.0), text, is_first=False)[0] == ScreenVerdict.PLAIN
    assert _screened(monkeypatch, _example(1.0, ticket=1), text)[0] == ScreenVerdict.PLAIN
