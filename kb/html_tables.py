"""HTML tables -> rectangles of safe cells. Pure. A cell that spans rows is repeated, so that every row reads alone."""

from bs4 import Tag

from kb.documents import Table
from kb.inline_html import inline_html, list_html
from kb.sanitize import CELL_TAGS, rich

SPAN_LIMIT = 60
_BLOCKS_IN_CELL = ["p", "div", "ul", "ol", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "table", "section"]


def read_table(tag: Tag) -> Table | None:
    """`None` for a table of one column or without cells: that is layout, not data."""
    rows = [row for row in tag.find_all("tr") if row.find_parent("table") is tag]
    grid, heads = _grid(rows), [_is_header(row) for row in rows]
    width = max((len(row) for row in grid), default=0)
    if width < 2:
        return None
    padded = [tuple(row + [""] * (width - len(row))) for row in grid]
    header: tuple[str, ...] = ()
    if heads and heads[0]:
        header, padded = padded[0], padded[1:]
    body = tuple(row for row in padded if any(row))
    if not body:
        header, body = (), ((header,) if header else ())
    return Table(header, body) if body else None


def _is_header(row: Tag) -> bool:
    return row.find_parent("thead") is not None or all(
        cell.name == "th" for cell in row.find_all(["td", "th"], recursive=False)
    )


def _grid(rows: list[Tag]) -> list[list[str]]:
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}
    for row in rows:
        line: list[str] = []

        def drop_hanging(line: list[str] = line) -> None:
            while len(line) in hanging:
                left, html = hanging.pop(len(line))
                if left > 1:
                    hanging[len(line)] = (left - 1, html)
                line.append(html)

        for cell in row.find_all(["td", "th"], recursive=False):
            drop_hanging()
            html = cell_html(cell)
            if _span(cell, "rowspan") > 1:
                hanging[len(line)] = (_span(cell, "rowspan") - 1, html)
            line.append(html)
            line.extend("" for _ in range(_span(cell, "colspan") - 1))
        drop_hanging()
        grid.append(line)
    return grid


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name) or "1")
    return min(int(value), SPAN_LIMIT) if value.isdigit() and int(value) > 0 else 1


def cell_html(cell: Tag) -> str:
    """Inline HTML and lists; other blocks in a cell become lines."""
    if cell.find(_BLOCKS_IN_CELL) is None:
        return inline_html(cell)
    parts: list[str] = []
    for child in list(cell.children):
        if not isinstance(child, Tag):
            text = str(child).strip()
            parts += [f"<p>{rich(text)}</p>"] if text else []
        elif child.name in {"ul", "ol"}:
            parts.append(list_html(child))
        elif child.find(_BLOCKS_IN_CELL) is not None:
            parts.append(cell_html(child))
        else:
            words = inline_html(child)
            parts += [f"<p>{words}</p>"] if words else []
    return rich("".join(parts), tags=CELL_TAGS)
