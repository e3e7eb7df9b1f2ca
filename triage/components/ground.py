"""Checks a draft against its sources, read anew: each sentence says what its span says, and the source is still live.

This step trusts nothing that came before it, so that any writer of drafts may stand in front of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from haystack import component

from triage.choices import NoDraftReason
from triage.facts import Drafted, Form, Kind, Sentence
from triage.support import says_the_same

NEAR_VERBATIM = 0.92


@dataclass(frozen=True, slots=True)
class LiveSource:
    """The text and digest of a source as it is now; `readable` when its article is live for the requester."""

    source_text_id: int
    text: str
    digest: str
    readable: bool


ReadSources = Callable[[Sequence[int], frozenset[str]], dict[int, LiveSource]]


@component
class Ground:
    """`read_sources` re-reads sources by id, for an audience. What does not stand up is dropped, never repaired."""

    def __init__(self, *, read_sources: ReadSources) -> None:
        self.read_sources = read_sources

    @component.output_types(grounded=Drafted, dropped=int)
    def run(self, drafted: Drafted, audiences: frozenset[str]) -> dict[str, Drafted | int]:
        sourced = [sentence for sentence in drafted.sentences if sentence.is_sourced]
        ids = sorted({sentence.source_text_id for sentence in sourced if sentence.source_text_id is not None})
        sources = self.read_sources(ids, audiences) if ids else {}
        kept = tuple(
            sentence
            for sentence in drafted.sentences
            if not sentence.is_sourced or stands_up(sentence, sources.get(sentence.source_text_id or 0))
        )
        dropped = len(drafted.sentences) - len(kept)
        says = [sentence for sentence in kept if sentence.is_sourced and sentence.form is not Form.HEADING]
        lost_a_step = any(
            sentence.form in (Form.STEP, Form.COMMAND) for sentence in drafted.sentences if sentence not in kept
        )
        if drafted.sentences and (not says or lost_a_step):
            # A procedure with a hole in it is worse than none.
            return {"grounded": Drafted(no_draft_reason=NoDraftReason.NOT_GROUNDED), "dropped": dropped}
        return {"grounded": replace(drafted, sentences=kept), "dropped": dropped}


def stands_up(sentence: Sentence, source: LiveSource | None) -> bool:
    """Tell whether the sentence says what its span of the live source says.

    A quotation character by character but for spacing, a worded sentence by `says_the_same`.
    """
    if source is None or not source.readable or source.digest != sentence.digest:
        return False
    span = source.text[sentence.start : sentence.end]
    if not span.strip() or span != sentence.quote:
        return False
    if sentence.kind is Kind.WORDED:
        return says_the_same(sentence.text, span, sentence.form)
    if sentence.form is Form.COMMAND:
        return sentence.text == span
    said, written = " ".join(sentence.text.split()), " ".join(span.split())
    if said == written:
        return True
    # A numeral or a "not" more or less turns a sentence around, so nearness alone is not enough.
    same = _bearing_words(said) == _bearing_words(written)
    return same and SequenceMatcher(None, said, written, autojunk=False).ratio() >= NEAR_VERBATIM


_TURNING = {"not", "no", "never", "without", "only", "must", "cannot", "don't", "unless", "except", "before", "after"}


def _bearing_words(text: str) -> list[str]:
    words = [word.strip(".,;:!?()[]\"'").casefold() for word in text.split()]
    return [word for word in words if word in _TURNING or any(character.isdigit() for character in word)]
