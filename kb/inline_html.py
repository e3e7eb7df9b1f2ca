"""Inline HTML of one element in the few tags rich text may hold: paragraphs, lists, code languages. Pure."""

import copy
import re

from bs4 import BeautifulSoup, NavigableString, Tag

from kb.sanitize import CELL_TAGS, rich

_RENAME = {
    "strong": "b",
    "em": "i",
    "dfn": "i",
    "var": "i",
    "cite": "i",
    "ins": "b",
    "u": "b",
    "mark": "b",
    "kbd": "code",
    "samp": "code",
    "tt": "code",
}
_SPACE = re.compile(r"(?:&nbsp;|[ \t\n\u00a0\u2007\u202f\u200b])+")
_BREAKS = re.compile(r"(?:\s*<br\s*/?>\s*){2,}")
_EDGE_BREAKS = re.compile(r"^(?:\s|<br\s*/?>)+|(?:\s|<br\s*/?>)+$")
_EMPTY = re.compile(r"<(b|i|code|a|sup|sub)(?: [^>]*)?>(\s*)</\1>")
_FILE_NAME = re.compile(r"\.(?:png|jpe?g|gif|svg|webp|bmp)$", re.IGNORECASE)
_LANGUAGES = {
    "": "text",
    "plaintext": "text",
    "text": "text",
    "txt": "text",
    "code": "text",
    "clike": "text",
    "markdown": "text",
    "sh": "bash",
    "shell": "bash",
    "console": "bash",
    "terminal": "bash",
    "git": "bash",
    "curl": "bash",
    "zsh": "bash",
    "ps1": "powershell",
    "mysql": "sql",
    "postgresql": "sql",
    "yml": "yaml",
    "js": "javascript",
    "py": "python",
    "rest": "http",
    "restapi": "http",
    "api": "http",
}
LANGUAGES = (
    *("text", "bash", "powershell", "log", "sql", "php", "python", "javascript"),
    *("json", "yaml", "xml", "html", "css", "http", "graphql", "ini", "diff"),
)


def inline_html(tag: Tag) -> str:
    """The element's content with tags renamed to the ones rich text knows; unknown inline tags keep their words."""
    copied = copy.copy(tag)
    for inner in copied.find_all():
        if inner.name in _RENAME or "wysiwyg-underline" in inner.get_attribute_list("class"):
            inner.name = _RENAME.get(inner.name, "b")
    html = rich(copied.decode_contents(), tags=CELL_TAGS - {"p", "ul", "ol", "li"})
    while html != (shorter := _EMPTY.sub(r"\2", html)):
        html = shorter
    return _EDGE_BREAKS.sub("", _SPACE.sub(" ", html))


def paragraphs(tag: Tag) -> list[str]:
    """The element's inline HTML, cut where two line breaks stand for a new paragraph."""
    return [part for part in (_EDGE_BREAKS.sub("", piece) for piece in _BREAKS.split(inline_html(tag))) if part]


def list_html(tag: Tag) -> str:
    """A list of plain items, with the lists inside it; several paragraphs in an item are joined by line breaks."""
    items = []
    for item in tag.find_all(["li", "ul", "ol"], recursive=False):
        if item.name != "li":  # a list straight inside a list, as old editors wrote it
            items.append(list_html(item).removeprefix(f"<{item.name}>").removesuffix(f"</{item.name}>"))
            continue
        inner = [child for child in item.find_all(["ul", "ol"]) if child.find_parent("li") is item]
        nested = "".join(list_html(child) for child in inner)
        for child in inner:
            child.extract()
        for paragraph in item.find_all(["p", "div", "dd", "dt"]):
            paragraph.insert_after(NavigableString("\n"), BeautifulSoup("<br>", "html.parser").br or "")
            paragraph.unwrap()
        words = inline_html(item)
        if words or nested:
            items.append(f"<li>{words}{nested}</li>")
    return f"<{tag.name}>{''.join(items)}</{tag.name}>" if items else ""


def code_language(tag: Tag) -> str:
    code = tag.find("code")
    classes = [
        str(c) for element in (code, tag) if isinstance(element, Tag) for c in element.get_attribute_list("class") if c
    ]
    named = next((c.removeprefix("language-") for c in classes if c.startswith("language-")), "")
    name = re.split(r"[^a-z0-9#+-]", named.lower())[0]
    name = _LANGUAGES.get(name, name)
    return name if name in LANGUAGES else "text"


def picture_alt(picture: Tag) -> str:
    """Words for a picture; a file's name is turned into words, since that is what editors often left there."""
    alt = " ".join(str(picture.get("alt") or picture.get("title") or "").split())
    if not alt or _FILE_NAME.search(alt):
        name = alt or str(picture.get("src") or "").rsplit("/", 1)[-1]
        alt = " ".join(_FILE_NAME.sub("", name).replace("_", " ").replace("-", " ").split())
    return alt[:255]
