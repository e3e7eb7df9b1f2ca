"""Reads of an article's body: its contents list and its plain text for the index, in reading order.

The text of a section is what a reader sees, so a quote taken from the index can be found on the page.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from wagtail.blocks import StreamValue

from kb.anchors import heading_anchor
from kb.retrieval.chunking import Section, SectionKind
from kb.rich_text import html_text

_KINDS = {
    "code": SectionKind.CODE,
    "callout": SectionKind.CALLOUT,
    "known_error": SectionKind.KNOWN_ERROR,
    "table": SectionKind.TABLE,
}


@dataclass(frozen=True)
class ContentsEntry:
    level: int
    text: str
    anchor: str
    heading_path: tuple[str, ...]


def contents(body: StreamValue) -> Iterator[ContentsEntry]:
    """The headings in order, each with the headings above it."""
    path: list[tuple[int, str]] = []
    for raw in body.raw_data:  # no need to build the other blocks to list the headings
        if raw["type"] == "heading":
            level, text = int(raw["value"]["level"]), str(raw["value"]["text"])
            path = [*(entry for entry in path if entry[0] < level), (level, text)]
            anchor = heading_anchor(str(raw["value"].get("anchor") or ""), text)
            yield ContentsEntry(level, text, anchor, tuple(words for _, words in path))


def sections(body: StreamValue) -> Iterator[Section]:
    headings = contents(body)
    path: tuple[str, ...] = ()
    for block in body:
        if block.block_type == "heading":
            path = next(headings).heading_path
            continue
        text = block_text(block.block_type, block.value)
        if text:
            yield Section(path, text, _KINDS.get(block.block_type, SectionKind.PROSE))


def block_text(kind: str, value: object) -> str:
    """The words of one block, as plain text."""
    if kind == "text":
        return html_text(str(getattr(value, "source", value)))
    if kind == "table":
        return _table_text(value)
    if not isinstance(value, Mapping):
        return ""
    if kind in {"steps", "substeps"}:
        return _steps_text(value)
    if kind == "code":
        return str(value["code"])
    if kind == "callout":
        return html_text(value["text"].source)
    if kind == "known_error":
        meaning = html_text(value["meaning"].source) if value["meaning"] else ""
        return f"{value['message']}\n{meaning}".strip()
    if kind == "picture":
        return str(value["caption"] or "")
    return ""


def _steps_text(value: Mapping[str, object]) -> str:
    lines: list[str] = []
    start = value["start"]
    number = start if isinstance(start, int) else 1
    steps = value["steps"]
    for step in steps if isinstance(steps, Iterable) else ():
        words = [block_text(block.block_type, block.value) for block in step]
        lines.append(f"{number}. " + "\n".join(word for word in words if word))
        number += 1
    return "\n".join(lines)


def _table_text(value: object) -> str:
    columns = [str(column["heading"]) for column in getattr(value, "columns", [])]
    rows = [
        [html_text(getattr(cell, "source", str(cell))) for cell in row["values"]]
        for row in getattr(value, "row_data", [])
    ]
    lines = [columns, *rows] if any(columns) else rows
    return "\n".join(" | ".join(" ".join(cell.split()) for cell in line) for line in lines)
