"""Grounding trusts nobody: a sentence stays only when its live source says it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from triage.choices import NoDraftReason
from triage.components.ground import Ground, LiveSource, stands_up
from triage.facts import Drafted, Form, Kind, Sentence
from triage.outward import allow_list

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


LINKED = "1. Open https://evil.com/reset now.\nThe worker then stops.\n"
LINKED_SOURCE = LiveSource(11, LINKED, "digest", readable=True)
STOPS = Sentence("The worker then stops.", Kind.QUOTED, Form.SENTENCE, 11, None, "", 36, 58, LINKED[36:58], "digest")
OPEN = Sentence(LINKED[3:35], Kind.QUOTED, Form.STEP, 11, None, "Steps", 3, 35, LINKED[3:35], "digest")


def test_a_step_that_leads_out_leaves_its_place_to_a_person() -> None:
    first, second = _ground(OPEN, STOPS, source=LINKED_SOURCE).sentences
    assert (first.kind, first.form, first.source_text_id) == (Kind.NEEDS_WORDS, Form.STEP, None)
    assert "evil" not in first.text
    assert second == STOPS


def test_a_link_that_a_second_person_approved_in_the_article_is_quoted() -> None:
    assert _ground(OPEN, STOPS, source=replace(LINKED_SOURCE, approved=True)).sentences == (OPEN, STOPS)


def test_a_link_that_the_site_allows_is_quoted_whoever_approved_the_article() -> None:
    ground = Ground(read_sources=lambda _ids, _audiences: {11: LINKED_SOURCE}, allowed=allow_list(["evil.com"]))
    assert ground.run(Drafted((OPEN, STOPS)), frozenset({"public"}))["withheld"] == 0


def test_a_greeting_or_a_title_that_leads_out_is_left_out_even_beside_an_approved_article() -> None:
    greeting = Sentence("Hello www.evil.com,", Kind.NEEDS_WORDS)
    assert _ground(greeting, OPEN, STOPS, source=replace(LINKED_SOURCE, approved=True)).sentences == (OPEN, STOPS)


def test_nothing_but_what_leads_out_is_no_draft() -> None:
    assert _ground(OPEN, source=LINKED_SOURCE).no_draft_reason == NoDraftReason.NOT_GROUNDED
