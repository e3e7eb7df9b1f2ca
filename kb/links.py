"""Links and anchors of one imported file: resolved where they can be, reported where not. Pure.

A link inside the imported folder becomes `article:PATH`, one inside the page points at a heading's stable anchor, one
that leads nowhere loses its link and keeps its words.
"""

import posixpath
import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

from kb.anchors import Anchors
from kb.documents import Finding, FindingKind
from kb.sanitize import ARTICLE_SCHEME, LINK_SCHEMES, scheme_of

_ARTICLE_NUMBER = re.compile(r"/(?:articles|sections|categories)/\d{5,}")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@dataclass
class LinkReader:
    """Reads the links of one document; `findings` and `internal` tell the outcome afterwards."""

    path: str
    known_paths: frozenset[str]
    _findings: dict[Finding, None] = field(default_factory=dict)
    _internal: dict[str, None] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)

    def findings(self) -> tuple[Finding, ...]:
        return tuple(self._findings)

    def internal(self) -> tuple[str, ...]:
        return tuple(self._internal)

    def report(self, kind: FindingKind, detail: str) -> None:
        self._findings[Finding(kind, detail[:200])] = None

    def rewrite(self, soup: BeautifulSoup) -> None:
        self._name_headings(soup)
        for link in soup.find_all("a"):
            href = str(link.get("href") or "").strip()
            target = self._target(href) if href else ""
            if target:
                link.attrs = {"href": target}
            else:
                link.unwrap()

    def _name_headings(self, soup: BeautifulSoup) -> None:
        """Give each heading its anchor; an id right before a heading leads to that heading, others to the one above."""
        anchors, waiting, current = Anchors(), list[str](), ""
        for tag in soup.find_all():
            names = [str(tag[key]) for key in ("id", "name") if tag.get(key)]
            if tag.name in _HEADINGS:
                current = anchors.take(names[0] if names else tag.get_text(" "))
                tag["id"] = current
                self._ids |= dict.fromkeys([*waiting, *names, current], current)
                waiting = []
            elif names and _starts_section(tag):
                waiting += names
            elif names:
                self._ids |= dict.fromkeys(names, current)
        self._ids |= dict.fromkeys(waiting, current)

    def _target(self, href: str) -> str:
        scheme = scheme_of(href)
        if scheme in LINK_SCHEMES:
            if _ARTICLE_NUMBER.search(href):
                self.report(FindingKind.LINK_BY_NUMBER, href)
            return href
        if scheme:
            return ""  # removed and reported by the gate
        if href.startswith("#"):
            return self._anchor(unquote(href[1:]))
        if href.startswith("/"):
            self.report(FindingKind.LINK_BY_LOCATION, href)
            return ""
        return self._relative(href)

    def _anchor(self, name: str) -> str:
        anchor = self._ids.get(name) or self._ids.get(Anchors().take(name))
        if not anchor:
            self.report(FindingKind.ANCHOR_UNRESOLVED, f"#{name}")
            return ""
        return f"#{anchor}"

    def _relative(self, href: str) -> str:
        parts = urlsplit(href)
        target = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), unquote(parts.path)))
        stem = target.removesuffix(".html").removesuffix(".htm")
        for candidate in (target, f"{stem}.md", f"{target}/index.md", f"{target}/README.md"):
            if candidate in self.known_paths:
                self._internal[candidate] = None
                return f"{ARTICLE_SCHEME}:{candidate}"
        if href in self._ids:  # written without the "#"
            return self._anchor(href)
        self.report(FindingKind.LINK_UNRESOLVED, href)
        return ""


def _starts_section(tag: Tag) -> bool:
    """Does this element stand before the words it names (a wrapper, or an empty `<a name>`)?"""
    return tag.find(_HEADINGS) is not None or not tag.get_text(strip=True)
