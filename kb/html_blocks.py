"""Clean HTML -> article blocks. Pure; what comes in has passed `sanitize.structure`, what goes out passes `rich`.

Reading order is kept: what a block cannot hold (a picture in a paragraph, a command in a list) follows it as a block of
its own, and no words are dropped.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag
from bs4.element import Comment

from kb.documents import (
    Block,
    Callout,
    CalloutKind,
    Code,
    FindingKind,
    Heading,
    Image,
    KnownError,
    RichText,
    Steps,
    Table,
)
from kb.error_messages import is_error_message, promises_error
from kb.html_tables import read_table
from kb.inline_html import code_language, inline_html, list_html, paragraphs, picture_alt
from kb.links import LinkReader
from kb.sanitize import BLOCK_TAGS, is_safe_link, rich, scheme_of

_HEADING = re.compile(r"h[1-6]")
_HOLDS_BLOCKS = sorted(BLOCK_TAGS - {"html", "head", "body", "title", "caption", "col", "colgroup", "tr"})
_COMPLEX_IN_LIST = ["pre", "table", "img", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"]
_MARKER = re.compile(
    r"^\s*!?\[!?\s*(info|note|tip|success|warning|important|caution|danger|error|critical)\s*\]\s*", re.I
)
_LABEL = re.compile(
    r"^((?:<b>|<i>)*)\s*(?:note|warning|important|tip|info|caution)\s*:\s*((?:</b>|</i>)*)\s*:?\s*(\w?)", re.I
)
_CALLOUTS = {
    "info": CalloutKind.INFO,
    "note": CalloutKind.INFO,
    "tip": CalloutKind.TIP,
    "success": CalloutKind.TIP,
    "warning": CalloutKind.WARNING,
    "important": CalloutKind.WARNING,
    "caution": CalloutKind.WARNING,
    "danger": CalloutKind.DANGER,
    "error": CalloutKind.DANGER,
    "critical": CalloutKind.DANGER,
}
STEPS_DEPTH = 2


def read_blocks(soup: BeautifulSoup, links: LinkReader) -> tuple[Block, ...]:
    return tuple(_Reader(links).flow(soup))


@dataclass
class _Reader:
    links: LinkReader
    _levels: list[tuple[int, int]] = field(default_factory=list)

    def flow(self, container: Tag, *, depth: int = 0) -> list[Block]:
        """The blocks of one container; runs of inline nodes become paragraphs, neighbouring rich text is joined."""
        blocks: list[Block] = []
        inline: list[PageElement] = []
        for child in list(container.children):
            if isinstance(child, Comment):
                continue
            if isinstance(child, NavigableString) or (isinstance(child, Tag) and _is_inline(child)):
                inline.append(child)
                continue
            _extend(blocks, self._inline(inline))
            inline = []
            if isinstance(child, Tag):
                _extend(blocks, self._block(child, blocks, depth))
        _extend(blocks, self._inline(inline))
        return blocks

    def _block(self, tag: Tag, before: list[Block], depth: int) -> Iterable[Block]:
        name = tag.name
        if _HEADING.fullmatch(name):
            return self._heading(tag)
        if name == "p":
            return self._paragraph(tag, before)
        if name == "pre":
            return self._code(tag, before)
        if name == "blockquote":
            return self._quote(tag)
        if name == "table":
            return self._table(tag, depth)
        if name in {"ol", "ul"}:
            return self._list(tag, depth)
        if name == "hr":
            return [RichText("<hr/>")]
        if name in {"summary", "dt", "legend"}:
            return [RichText(f"<p><b>{html}</b></p>") for html in [inline_html(tag)] if html]
        kind = next((_CALLOUTS[c] for c in map(str, tag.get_attribute_list("class")) if c in _CALLOUTS), None)
        return self._callout(kind, tag) if kind else self.flow(tag, depth=depth)

    def _inline(self, nodes: list[PageElement]) -> Iterator[Block]:
        if not any(isinstance(node, Tag) or str(node).strip() for node in nodes):
            return
        holder = BeautifulSoup("", "html.parser").new_tag("p")
        holder.extend(nodes)
        yield from self._paragraph(holder, [])

    def _heading(self, tag: Tag) -> Iterator[Block]:
        pictures = list(self._pictures(tag))
        text = " ".join(tag.get_text().split())
        if text:
            source = int(tag.name[1])
            while self._levels and self._levels[-1][0] >= source:
                self._levels.pop()
            level = min(self._levels[-1][1] + 1, 4) if self._levels else 2
            self._levels.append((source, level))
            yield Heading(level, text, str(tag.get("id") or ""))
        yield from pictures

    def _paragraph(self, tag: Tag, before: list[Block]) -> Iterator[Block]:
        pictures = list(self._pictures(tag))
        html = rich("".join(f"<p>{part}</p>" for part in paragraphs(tag)))
        if html:
            text = tag.get_text().strip()
            if _is_quoted_whole(tag) and promises_error(_last_text(before)) and is_error_message(text, announced=True):
                yield KnownError(text.strip("`\"'* \n"))
            else:
                yield RichText(html)
        yield from pictures

    def _code(self, tag: Tag, before: list[Block]) -> Iterator[Block]:
        for line_break in tag.find_all("br"):
            line_break.replace_with("\n")
        text = textwrap.dedent(tag.get_text().replace("\u00a0", " ").strip("\n")).rstrip()
        language = code_language(tag)
        if not text.strip():
            return
        if is_error_message(text, announced=promises_error(_last_text(before)), language=language):
            yield KnownError(text)
        else:
            yield Code(language, text)

    def _quote(self, tag: Tag) -> Iterable[Block]:
        marker = _MARKER.match(tag.get_text())
        if marker is None:
            inner = self.flow(tag)
            if len(inner) == 1 and isinstance(inner[0], RichText) and "<li>" not in inner[0].html:
                words = re.sub(r"</p>\s*<p>", "<br>", inner[0].html).replace("<p>", "").replace("</p>", "")
                return [RichText(rich(f"<blockquote>{words}</blockquote>"))]
            return inner
        return self._callout(_CALLOUTS[marker.group(1).lower()], tag)

    def _callout(self, kind: CalloutKind, tag: Tag) -> Iterator[Block]:
        """Text goes into the call-out, up to the first thing that it cannot hold; the rest follows in order."""
        for inner in tag.find_all("blockquote"):
            inner.unwrap()
        _drop_marker(tag)
        words: list[str] = []
        rest: list[Block] = []
        for block in self.flow(tag, depth=STEPS_DEPTH):
            if rest or not isinstance(block, RichText | KnownError):
                rest.append(block)
            elif isinstance(block, KnownError):
                words.append(rich(f"<p><code>{_escape(block.message)}</code></p>"))
            else:
                words.append(block.html)
        html = _without_label("".join(words))
        if html:
            yield Callout(kind, html)
        yield from rest

    def _table(self, tag: Tag, depth: int) -> Iterable[Block]:
        pictures = list(self._pictures(tag))
        table = read_table(tag)
        if table is None:  # a table used for layout: its cells are ordinary content
            cells = [cell for cell in tag.find_all(["td", "th"]) if cell.find_parent("table") is tag]
            return [block for cell in cells for block in self.flow(cell, depth=depth)] + pictures
        return [table, *pictures] if isinstance(table, Table) else pictures

    def _list(self, tag: Tag, depth: int) -> Iterable[Block]:
        items = [item for item in tag.children if isinstance(item, Tag)]
        simple = tag.find(_COMPLEX_IN_LIST) is None
        if tag.name == "ol" and depth == 0:
            return self._steps(tag, items, depth)
        if simple:
            html = list_html(tag)
            return [RichText(rich(html))] if html else []
        if tag.name == "ol" and depth < STEPS_DEPTH:
            return self._steps(tag, items, depth)
        return [block for item in items for block in self._bullet(item, depth)]

    def _steps(self, tag: Tag, items: list[Tag], depth: int) -> Iterable[Block]:
        steps = tuple(tuple(self.flow(item, depth=depth + 1)) for item in items)
        steps = tuple(step for step in steps if step)
        start = str(tag.get("start") or "1")
        return [Steps(steps, int(start) if start.isdigit() else 1)] if steps else []

    def _bullet(self, item: Tag, depth: int) -> Iterator[Block]:
        """An item that holds more than text: its first words stay a bullet, the rest follows it."""
        for position, block in enumerate(self.flow(item, depth=max(depth, 1))):
            if position == 0 and isinstance(block, RichText) and block.html.startswith("<p>"):
                first, _, others = block.html.partition("</p>")
                yield RichText(f"<ul><li>{first.removeprefix('<p>')}</li></ul>{others}")
            else:
                yield block

    def _pictures(self, tag: Tag) -> Iterator[Block]:
        for picture in tag.find_all("img"):
            source, alt = str(picture.get("src") or ""), picture_alt(picture)
            picture.decompose()
            if not is_safe_link(source) or scheme_of(source) in {"mailto", "tel"}:
                continue  # the gate removed and reported its address
            if scheme_of(source):
                self.links.report(FindingKind.IMAGE_REMOTE, source)
            yield Image(source, alt)


def _is_inline(tag: Tag) -> bool:
    return tag.name not in _HOLDS_BLOCKS and tag.find(_HOLDS_BLOCKS) is None


def _is_quoted_whole(tag: Tag) -> bool:
    """Is the paragraph nothing but one piece of code or emphasis?"""
    parts = [node for node in tag.children if not (isinstance(node, NavigableString) and not node.strip())]
    return len(parts) == 1 and isinstance(parts[0], Tag) and parts[0].name in {"code", "em", "i", "b", "strong"}


def _extend(blocks: list[Block], more: Iterable[Block]) -> None:
    for block in more:
        last = blocks[-1] if blocks else None
        if isinstance(block, RichText) and isinstance(last, RichText):
            joined = (last.html + block.html).replace("</ul><ul>", "")
            blocks[-1] = RichText(joined)
        else:
            blocks.append(block)


def _last_text(blocks: list[Block]) -> str:
    last = blocks[-1] if blocks else None
    return BeautifulSoup(last.html, "html.parser").get_text(" ") if isinstance(last, RichText) else ""


def _drop_marker(tag: Tag) -> None:
    for node in tag.find_all(string=True):
        if node.strip():
            node.replace_with(_MARKER.sub("", str(node)))
            return


def _without_label(html: str) -> str:
    """The call-out shows its kind itself, so "Note:" in front of the words goes."""
    html = html.strip()
    if not html.startswith("<p>"):
        return html
    return "<p>" + _LABEL.sub(lambda m: m.group(1) + m.group(2) + m.group(3).upper(), html.removeprefix("<p>"), count=1)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>")
