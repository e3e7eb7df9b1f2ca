"""Puts a model's sentences in the place of the quotations that they rest on, and keeps the quotation where they fail.

Pure. What comes out holds every step, command and warning of the quotation, in its order; a sentence that its passage
does not support is never in it. Nothing a model writes can add, move or remove more than plain sentences.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from triage.answers import Said
from triage.choices import NotWorded
from triage.drafting import leans_back
from triage.errors import NotWordedError
from triage.facts import Form, Kind, Sentence
from triage.support import exact_things, says_the_same, turns

# More unsupported sentences than this share, and nothing of the answer is trusted.
MOST_UNSUPPORTED = 0.5


@dataclass(frozen=True, slots=True)
class NumberedPassage:
    """What a model is given: a quoted sentence under its number, from 1."""

    number: int
    form: Form
    heading: str
    text: str


def number_passages(sentences: Sequence[Sentence]) -> tuple[NumberedPassage, ...]:
    """Return the quoted sentences of a draft, but for headings, numbered in their order."""
    sourced = [sentence for sentence in sentences if _is_passage(sentence)]
    return tuple(NumberedPassage(n, s.form, s.heading, s.text) for n, s in enumerate(sourced, 1))


def reword(sentences: Sequence[Sentence], said: Sequence[Said]) -> tuple[Sentence, ...]:
    """Return the draft in the model's words where they stand; raises NotWordedError where none may be used."""
    passages = [sentence for sentence in sentences if _is_passage(sentence)]
    _refuse_strangers(said, passages)
    told: dict[int, list[Said]] = {}
    for one in said:
        told.setdefault(one.passage, []).append(one)
    standing = {
        number: supported
        for number, claims in told.items()
        if len(claims) == 1 and (supported := _worded(passages[number - 1], claims[0])) is not None
    }
    unsupported = sum(len(claims) for number, claims in told.items() if number not in standing)
    if not standing or unsupported > MOST_UNSUPPORTED * len(said):
        raise NotWordedError(NotWorded.UNSUPPORTED)
    return _assembled(sentences, standing, set(told))


def _is_passage(sentence: Sentence) -> bool:
    return sentence.is_sourced and sentence.form is not Form.HEADING


def _refuse_strangers(said: Sequence[Said], passages: Sequence[Sentence]) -> None:
    """Refuse an answer that cites what was not given, or holds an exact thing that no passage holds."""
    if any(not 1 <= one.passage <= len(passages) for one in said):
        raise NotWordedError(NotWorded.UNKNOWN_PASSAGE)
    known = frozenset[str]().union(*(exact_things(passage.text) for passage in passages))
    if any(not exact_things(one.text) <= known for one in said):
        raise NotWordedError(NotWorded.INVENTED)


def _worded(passage: Sentence, said: Said) -> Sentence | None:
    if not says_the_same(said.text, passage.quote, passage.form):
        return None
    return passage if said.text == passage.quote else replace(passage, text=said.text, kind=Kind.WORDED)


def _assembled(
    sentences: Sequence[Sentence], standing: Mapping[int, Sentence], cited: set[int]
) -> tuple[Sentence, ...]:
    kept: list[Sentence] = []
    headings: list[Sentence] = []  # held until something follows them
    number = 0
    for position, sentence in enumerate(sentences):
        if not sentence.is_sourced:
            kept.append(sentence)
        elif sentence.form is Form.HEADING:
            headings.append(sentence)
        else:
            number += 1
            if number not in cited and _may_be_left_out(sentence, sentences[position + 1 :]):
                continue
            kept += [*headings, standing.get(number, sentence)]
            headings = []
    return tuple(kept)


def _may_be_left_out(sentence: Sentence, rest: Sequence[Sentence]) -> bool:
    """Tell whether it may go unsaid: prose that does not warn, limit or announce, and that nothing leans back on."""
    if sentence.form is not Form.SENTENCE or sentence.text.rstrip().endswith(":") or turns(sentence.text):
        return False
    return not (rest and rest[0].is_sourced and leans_back(rest[0].text))
