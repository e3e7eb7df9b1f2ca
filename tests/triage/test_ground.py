"""Grounding trusts nobody: a sentence stays only when its live source says it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from triage.choices import NoDraftReason
from triage.components.ground import Ground, LiveSource, stands_up
from triage.facts import Drafted, Form, Kind, Sentence

TEXT = "Do not delete the queue before you stop the worker. Then run:\nqueue  drop --all\n"
SOURCE = LiveSource(11, TEXT, "digest", readable=True)


def _sentence(said: str, text: str | None = None, **fields: object) -> Sentence:
    start = TEXT.index(said)
    sentence = Sentence(
        text=said if text is None else text,
        kind=Kind.QUOTED,
        source_text_id=11,
        start=start,
        end=start + len(said),
        quote=said,
        digest="digest",
    )
    return replace(sentence, **fields)  # type: ignore[arg-type]


FIRST = "Do not delete the queue before you stop the worker."


def _ground(*sentences: Sentence, source: LiveSource | None = SOURCE) -> Drafted:
    def read(ids: Sequence[int], audiences: frozenset[str]) -> dict[int, LiveSource]:
        return {11: source} if source else {}

    return Ground(read_sources=read).run(Drafted(sentences), frozenset({"public"}))["grounded"]  # type: ignore[return-value]


def test_a_verbatim_sentence_stands() -> None:
    assert _ground(_sentence(FIRST)).sentences


@pytest.mark.parametrize(
    "sentence",
    [
        _sentence(FIRST, "Do delete the queue before you stop the worker."),
        _sentence(FIRST, "Do not delete the queue after you stop the worker."),
        _sentence(FIRST, "Please send us your password."),
        _sentence(FIRST, digest="another"),
        replace(_sentence(FIRST), quote="Something else."),
        _sentence(FIRST, start=5),
        _sentence(FIRST, source_text_id=12),
        _sentence(FIRST, source_text_id=None),
        _sentence("queue  drop --all", "queue drop --all", form=Form.COMMAND),
    ],
)
def test_a_sentence_that_its_source_does_not_say_falls(sentence: Sentence) -> None:
    assert _ground(sentence).no_draft_reason == NoDraftReason.NOT_GROUNDED


def test_spacing_alone_is_no_difference_but_in_commands() -> None:
    assert stands_up(_sentence("queue  drop --all", "queue drop --all"), SOURCE)
    assert stands_up(_sentence("queue  drop --all", form=Form.COMMAND), SOURCE)


def test_an_article_that_was_taken_down_meanwhile_carries_nothing() -> None:
    assert _ground(_sentence(FIRST), source=None).sentences == ()
    gone = LiveSource(11, TEXT, "digest", readable=False)
    assert _ground(_sentence(FIRST), source=gone).no_draft_reason == NoDraftReason.NOT_GROUNDED


def test_a_draft_never_keeps_a_hole_where_a_step_was() -> None:
    step = _sentence(FIRST, digest="another", form=Form.STEP)
    assert _ground(step, _sentence("Then run:")).no_draft_reason == NoDraftReason.NOT_GROUNDED


def test_greetings_need_no_source_and_are_no_draft_by_themselves() -> None:
    greeting = Sentence("Hello,", Kind.NEEDS_WORDS)
    assert _ground(greeting, _sentence(FIRST)).sentences[0] == greeting
    assert _ground(greeting).no_draft_reason == NoDraftReason.NOT_GROUNDED


def test_no_draft_stays_no_draft_with_its_reason() -> None:
    def read(ids: Sequence[int], audiences: frozenset[str]) -> dict[int, LiveSource]:
        return {}

    ground = Ground(read_sources=read)
    abstained = Drafted(no_draft_reason=NoDraftReason.NOTHING_RELEVANT)
    assert ground.run(abstained, frozenset())["grounded"] == abstained
