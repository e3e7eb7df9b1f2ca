"""Rich text as the plain lines that a reader sees: paragraphs apart, list items with a dash or their number.

Pure, and a single pass: every article is read this way whenever it is indexed. Where tags are nested badly it finds the
words that BeautifulSoup finds; a test holds the two against each other.
"""

import html as entities
import re
from dataclasses import dataclass

_TAG = re.compile(r"""<(/?)([a-zA-Z][^\s/>]*)(?:[^>"']|"[^"]*"|'[^']*')*>|<!--.*?-->""", re.DOTALL)
_LINES = frozenset({"p", "li", "h1", "h2", "h3", "h4", "blockquote", "tr", "div"})
_APART = frozenset({"p", "blockquote"})
_EMPTY = frozenset({"br", "hr", "img", "embed", "wbr", "col", "input", "source", "area"})


@dataclass
class _Open:
    """A tag that is open, and how many list items stand right in it so far."""

    name: str
    items: int = 0


def html_text(html: str) -> str:
    lines = [" ".join(line.split()) for line in _with_breaks(html).split("\n")]
    return _join_lines(lines)


def _with_breaks(html: str) -> str:
    """The words, with line breaks where a tag begins or ends a line, and the marks of list items."""
    out: list[str] = []
    stack = [_Open("")]
    position = 0
    for tag in _TAG.finditer(html):
        out.append(entities.unescape(html[position : tag.start()]))
        position = tag.end()
        name = (tag[2] or "").lower()
        if name == "br":
            out.append("" if tag[1] else "\n")
        elif tag[1]:
            _close(name, stack, out)
        elif name and name not in _EMPTY:
            _open(name, stack, out)
    out.append(entities.unescape(html[position:]))
    _close("", stack, out)
    return "".join(out)


def _open(name: str, stack: list[_Open], out: list[str]) -> None:
    above = stack[-1]
    stack.append(_Open(name))
    if name not in _LINES:
        return
    in_item = any(each.name == "li" for each in stack[:-1])
    out.append("\n\n" if name in _APART and not in_item else "\n")
    if name == "li":
        above.items += 1
        out.append(f"{above.items}. " if above.name == "ol" else "- " if above.name == "ul" else "")


def _close(name: str, stack: list[_Open], out: list[str]) -> None:
    """All down to the last one of that name; what was never opened closes nothing. "" closes what is still open."""
    if name and all(each.name != name for each in stack):
        return
    while stack:
        closed = stack.pop()
        out.append("\n" if closed.name in _LINES else "")
        if name and closed.name == name:
            return


def _join_lines(lines: list[str]) -> str:
    """One line break between list items, a blank line between paragraphs."""
    out: list[str] = []
    for line in lines:
        if line:
            out.append(line)
        elif out and out[-1]:
            out.append("")
    text = ""
    for position, line in enumerate(out):
        if line:
            text += line + "\n"
        elif position + 1 < len(out) and not _is_item(out[position + 1]):
            text += "\n"
    return text.strip()


def _is_item(line: str) -> bool:
    return line.startswith("- ") or line.split(".", 1)[0].isdigit()
