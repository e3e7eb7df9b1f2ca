"""Reads a chat model's answer: a JSON object of sentences, each with the number of the passage that it rests on.

Pure and strict: what is not exactly of this shape, within these sizes and of visible characters is no answer.
"""

import json
import unicodedata
from dataclasses import dataclass
from typing import NoReturn

from triage.choices import NotWorded
from triage.errors import NotWordedError

MAX_CHARACTERS = 24_000  # of the whole answer, as JSON
MAX_SENTENCES = 60
MAX_SENTENCE_CHARACTERS = 4_000  # a command may be long; prose is held to its passage anyway

# What an endpoint that can hold a model to a schema is asked for.
SCHEMA: dict[str, object] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["sentences"],
    "properties": {
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["text", "passage"],
                "properties": {"text": {"type": "string"}, "passage": {"type": "integer"}},
            },
        }
    },
}
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence that a model wrote, and the passage that it claims to rest on: claims, not yet checked."""

    text: str
    passage: int


def parse_answer(answer: str) -> tuple[Said, ...]:
    """Return what the model said; raises NotWordedError with the reason when it is no answer."""
    if not answer.strip():
        raise NotWordedError(NotWorded.EMPTY)
    if len(answer) > MAX_CHARACTERS:
        raise NotWordedError(NotWorded.TOO_LONG)
    try:
        read = json.loads(answer, object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise NotWordedError(NotWorded.MALFORMED) from error
    if not isinstance(read, dict) or set(read) != {"sentences"} or not isinstance(read["sentences"], list):
        raise NotWordedError(NotWorded.MALFORMED)
    if len(read["sentences"]) > MAX_SENTENCES:
        raise NotWordedError(NotWorded.TOO_LONG)
    if not read["sentences"]:
        raise NotWordedError(NotWorded.EMPTY)
    return tuple(_said(entry) for entry in read["sentences"])


def _said(entry: object) -> Said:
    if not isinstance(entry, dict) or set(entry) != {"text", "passage"}:
        raise NotWordedError(NotWorded.MALFORMED)
    text, passage = entry["text"], entry["passage"]
    if not isinstance(text, str) or isinstance(passage, bool) or not isinstance(passage, int):
        raise NotWordedError(NotWorded.MALFORMED)
    if len(text) > MAX_SENTENCE_CHARACTERS:
        raise NotWordedError(NotWorded.TOO_LONG)
    if not text.strip() or any(unicodedata.category(c) in _HIDDEN and c not in "\n\t" for c in text):
        raise NotWordedError(NotWorded.MALFORMED)
    return Said(text.strip(), passage)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse a key that stands twice: two readers would read two answers."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse(_constant: str) -> NoReturn:
    raise ValueError
