"""What of a request is compared with a title: the sentences that tell, and nothing without an embedder."""

from triage.nearness import FIRST_SENTENCES, LAST_SENTENCES, name_nearness, telling_sentences


def test_of_a_long_request_its_beginning_and_its_end_are_compared() -> None:
    said = [f"This is what happened in step number {number}." for number in range(20)]
    told = telling_sentences(" ".join(said))
    assert told == said[:FIRST_SENTENCES] + said[-LAST_SENTENCES:]
    assert telling_sentences("Help!") == ["Help!"]


def test_a_title_is_as_near_as_the_nearest_sentence() -> None:
    text = "Good morning to all of you. The nightly export of orders stops. Our office is closed on Friday."
    (best, mean), (other, _mean) = name_nearness(["Export of orders stops at night", "Bread with raisins"], text)
    assert best > mean > 0
    assert best > other
    assert name_nearness([], text) == []
