"""Typed blocks -> the raw data of the article's StreamField, with links between imported files made page links."""

import html
import re
import uuid
from collections.abc import Mapping, Sequence

from bs4 import BeautifulSoup

from kb.documents import Block, Callout, Code, Heading, Image, KnownError, RichText, Steps, Table
from kb.sanitize import ARTICLE_SCHEME

_LINK = re.compile(rf'<a href="{ARTICLE_SCHEME}:([^"]*)">(.*?)</a>', re.DOTALL)

Raw = dict[str, object]


def stream_data(blocks: Sequence[Block], *, pages: Mapping[str, int], pictures: Mapping[str, int]) -> list[Raw]:
    """`pages` maps paths of imported files to page ids, `pictures` image sources to image ids; others stay words."""
    return [_raw(block, pages, pictures, nested=False) for block in blocks]


def _raw(block: Block, pages: Mapping[str, int], pictures: Mapping[str, int], *, nested: bool) -> Raw:
    match block:
        case Heading(level, text, anchor):
            if nested:  # a heading inside a step is a line of its own there
                return {"type": "text", "value": f"<p><b>{html.escape(text)}</b></p>"}
            return {"type": "heading", "value": {"text": text, "level": str(level), "anchor": anchor}}
        case RichText(words):
            return {"type": "text", "value": _linked(words, pages)}
        case Code(language, code):
            return {"type": "code", "value": {"language": language, "code": code}}
        case KnownError(message):
            return {"type": "known_error", "value": {"message": message, "meaning": ""}}
        case Callout(kind, words):
            return {"type": "callout", "value": {"kind": kind.value, "text": _linked(words, pages)}}
        case Image(source, alt):
            return {"type": "picture", "value": {"image": pictures.get(source), "alt": alt, "caption": ""}}
        case Table():
            return _table(block, pages)
        case Steps(items, start):
            steps = [[_raw(inner, pages, pictures, nested=True) for inner in item] for item in items]
            value = {
                "start": start,
                "steps": [{"type": "item", "value": step, "id": str(uuid.uuid4())} for step in steps],
            }
            return {"type": "substeps" if nested else "steps", "value": value}


def _table(table: Table, pages: Mapping[str, int]) -> Raw:
    """Column headings are plain text in the table block; the cells keep their links and emphasis."""
    width = len(table.rows[0])
    headings = [BeautifulSoup(cell, "html.parser").get_text(" ", strip=True) for cell in table.header] or [""] * width
    return {
        "type": "table",
        "value": {
            "columns": [{"type": "text", "heading": heading} for heading in headings],
            "rows": [{"values": [_linked(cell, pages) for cell in row]} for row in table.rows],
            "caption": "",
        },
    }


def _linked(words: str, pages: Mapping[str, int]) -> str:
    def replace(match: re.Match[str]) -> str:
        page = pages.get(html.unescape(match.group(1)))
        return f'<a linktype="page" id="{page}">{match.group(2)}</a>' if page else match.group(2)

    return _LINK.sub(replace, words)
