"""Checks a draft against its sources, read anew: each sentence says what its span says, and the source is still live.

What leads out of the site (links, mail addresses, telephone and account numbers) stays only where the site allows it,
or where a second person approved the very article revision that it is quoted from.

This step trusts nothing that came before it, so that any writer of drafts may stand in front of it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from django.utils.translation import gettext as _
from haystack import component

from triage.choices import NoDraftReason
from triage.facts import Drafted, Form, Kind, Sentence
from triage.outward import AllowList, foreign_to
from triage.support import says_the_same

NEAR_VERBATIM = 0.92


@dataclass(frozen=True, slots=True)
class LiveSource:
    """The text and digest of a source as it is now; `readable` when its article is live for the requester.

    `approved`: a second person approved these words; an import, an emergency or a script did not put them out.
    """

    source_text_id: int
    text: str
    digest: str
    readable: bool
    approved: bool = False


ReadSources = Callable[[Sequence[int], frozenset[str]], dict[int, LiveSource]]


@component
class Ground:
    """`read_sources` re-reads sources by id, for an audience. What does not stand up is dropped, never repaired.

    `allowed`: what any sentence may name of the world outside; nothing but the reader's own machine by default.
    """

    def __init__(self, *, read_sources: ReadSources, allowed: AllowList | None = None) -> None:
        self.read_sources = read_sources
        self.allowed = allowed

    @component.output_types(grounded=Drafted, dropped=int, withheld=int)
    def run(self, drafted: Drafted, audiences: frozenset[str]) -> dict[str, Drafted | int]:
        sourced = [sentence for sentence in drafted.sentences if sentence.is_sourced]
        ids = sorted({sentence.source_text_id for sentence in sourced if sentence.source_text_id is not None})
        sources = self.read_sources(ids, audiences) if ids else {}
        standing = [
            sentence
            for sentence in drafted.sentences
            if not sentence.is_sourced or stands_up(sentence, sources.get(sentence.source_text_id or 0))
        ]
        dropped = len(drafted.sentences) - len(standing)
        checked = [(sentence, self._at_home(sentence, sources)) for sentence in standing]
        withheld = sum(sentence is not at_home for sentence, at_home in checked)
        kept = tuple(at_home for _sentence, at_home in checked if at_home is not None)
        says = [sentence for sentence in kept if sentence.is_sourced and sentence.form is not Form.HEADING]
        lost_a_step = any(
            sentence.form in (Form.STEP, Form.COMMAND) for sentence in drafted.sentences if sentence not in standing
        )
        if drafted.sentences and (not says or lost_a_step):
            # A procedure with a hole in it is worse than none.
            return {
                "grounded": Drafted(no_draft_reason=NoDraftReason.NOT_GROUNDED),
                "dropped": dropped,
                "withheld": withheld,
            }
        return {"grounded": replace(drafted, sentences=kept), "dropped": dropped, "withheld": withheld}

    def _at_home(self, sentence: Sentence, sources: Mapping[int, LiveSource]) -> Sentence | None:
        """Return the sentence if it leads nowhere but where it may; else its place for a person, or nothing.

        A greeting or a title that carries a link is left out; a step leaves its place, so that no step goes missing.
        """
        source = sources.get(sentence.source_text_id or 0)
        if (source is not None and source.approved) or not foreign_to(sentence.text, self.allowed or AllowList()):
            return sentence
        if not sentence.is_sourced or sentence.form is Form.HEADING:
            return None
        form = sentence.form if sentence.form in (Form.STEP, Form.ITEM) else Form.SENTENCE
        return Sentence(_withheld(sentence.form), Kind.NEEDS_WORDS, form, heading=sentence.heading)


def _withheld(form: Form) -> str:
    if form is Form.COMMAND:
        return _("[The article has a command here with an address that is not on this site's list. Check it there.]")
    return _("[The article names an address or number here that is not on this site's list. Check it there.]")


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
