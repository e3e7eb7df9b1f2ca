"""What a chat model is asked: fixed rules in one message, and what others wrote as one JSON object in the next.

Invariant: a word of a customer or an article never stands outside a JSON string, and leaves only redacted.
"""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from kb.redaction import redact
from triage.rewording import NumberedPassage

RULES = (Path(__file__).parent / "reword.txt").read_text(encoding="utf-8")
PROMPT_VERSION = hashlib.sha256(RULES.encode()).hexdigest()[:8]
MAX_REQUEST_CHARACTERS = 4_000


def data_message(request: str, passages: Sequence[NumberedPassage]) -> str:
    """Return the request and the passages as JSON, redacted, without characters that nobody sees."""
    data = {
        "request": _clean(request)[:MAX_REQUEST_CHARACTERS],
        "passages": [
            {"number": p.number, "form": str(p.form), "under": _clean(p.heading), "text": _clean(p.text)}
            for p in passages
        ],
    }
    return json.dumps(data, ensure_ascii=False)


def _clean(text: str) -> str:
    visible = "".join(c for c in text if c in "\n\t" or unicodedata.category(c)[0] != "C")
    return redact(visible).text
