"""Anchors of headings: one rule for what `#name` a heading answers to, used when importing, editing and rendering."""

import re
import unicodedata

_DROP = re.compile(r"[^\w\s-]")
_JOIN = re.compile(r"[\s_-]+")
ANCHOR_LENGTH = 80


def slug(text: str) -> str:
    """Lower-case words joined by hyphens; letters of any script are kept."""
    folded = unicodedata.normalize("NFKC", text).lower()
    return _JOIN.sub("-", _DROP.sub("", folded)).strip("-")[:ANCHOR_LENGTH].strip("-")


def heading_anchor(given: str, text: str) -> str:
    """What a heading answers to: the anchor it was given, else one made of its words."""
    return given or slug(text) or "section"


class Anchors:
    """Hands out anchors that are unique in one article: `setup`, `setup-2`, ..."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, text: str) -> str:
        base = slug(text) or "section"
        anchor, number = base, 1
        while anchor in self._taken:
            number += 1
            anchor = f"{base}-{number}"
        self._taken.add(anchor)
        return anchor
