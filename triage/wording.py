"""The part of a message that says what is wanted: without greetings, quoted mail, signatures and mail footers.

Pure. Used to compare and to search; what a person reads is always the message itself.
"""

import re

_QUOTE_HEAD = re.compile(
    r"^(?:On .{5,120} wrote:|Am .{5,120} schrieb .{0,80}:|-{2,}\s?(?:Original Message|Forwarded message).{0,20}"
    r"|From: .{3,120})\s*$",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(r"^(?:--\s?|__+|Sent from my .{2,40}|Get Outlook for .{2,20})$", re.IGNORECASE)
_PLEASANTRY = re.compile(
    r"^\s*(?:(?:hi|hello|hey|dear|good (?:morning|day|afternoon|evening))\b[^.!?\n]{0,40}[,.!]?"
    r"|(?:thanks|thank you|many thanks|cheers|(?:kind|best|warm)?\s?regards|best|sincerely|yours)\b"
    r"[^.!?\n]{0,60}[,.!]?)\s*$",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")


def essence(text: str, *, limit: int = 6_000) -> str:
    """Return the text without quoted mail, signature and pleasantries, in at most `limit` characters."""
    kept: list[str] = []
    for line in text[: limit * 4].replace("\r", "").split("\n"):
        clipped = line[:2_000]
        if _SIGNATURE.match(clipped.strip()) or _QUOTE_HEAD.match(clipped.strip()):
            break
        if not clipped.lstrip().startswith(">") and not _PLEASANTRY.match(clipped):
            kept.append(clipped)
    return "\n".join(kept).strip()[:limit]


def with_subject(subject: str, text: str) -> str:
    """Return subject and essence as one text, the subject first and once."""
    body = essence(text)
    plain = re.sub(r"^(?:\s*(?:re|fwd?|aw|wg)\s*:)+\s*", "", subject, flags=re.IGNORECASE).strip()
    return body if not plain or body.lower().startswith(plain.lower()) else f"{plain}\n{body}".strip()


def words_of(text: str) -> list[str]:
    """Return the words of the text, folded."""
    return [match.group().casefold() for match in _WORD.finditer(text)]


def likeness(one: str, other: str) -> float:
    """Return the share of word triples that two texts have in common (Jaccard), 0 to 1; short texts by their words."""
    first, second = _shingles(words_of(one)), _shingles(words_of(other))
    return len(first & second) / len(first | second) if first and second else 0.0


def _shingles(words: list[str]) -> set[tuple[str, ...]]:
    if len(words) < 3:
        return {tuple(words)} if words else set()
    return set(zip(words, words[1:], words[2:], strict=False))
