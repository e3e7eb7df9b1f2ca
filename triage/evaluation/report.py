"""Shows figures: a table for people, one JSON object for machines. It computes nothing."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Union

Figure = Union[float, int, str, None, "Figures"]
Figures = Mapping[str, "Figure"]


@dataclass(frozen=True)
class Report:
    title: str
    figures: Figures
    notes: tuple[str, ...] = ()


def rounded(figures: Figures) -> dict[str, Figure]:
    """The same figures with four decimals."""
    return {
        key: rounded(value) if isinstance(value, Mapping) else round(value, 4) if isinstance(value, float) else value
        for key, value in figures.items()
    }


def _plain(value: Figure) -> str:
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return "-" if value is None else str(value)


def _tables(figures: Figures, prefix: str = "") -> Iterator[str]:
    """Plain figures as lines; a mapping of mappings as a table with a row each."""
    for key, value in figures.items():
        if not isinstance(value, Mapping):
            yield f"  {prefix + key:<28}{_plain(value):>12}"
    for key, value in figures.items():
        if isinstance(value, Mapping):
            rows = {name: row for name, row in value.items() if isinstance(row, Mapping)}
            if rows and len(rows) == len(value):
                yield from _table(prefix + key, rows)
            elif value:
                yield from _tables(value, f"{prefix}{key}.")


def _table(name: str, rows: Mapping[str, Figures]) -> Iterator[str]:
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    yield ""
    widths = [max(14, len(column) + 2) for column in columns]
    yield f"  {name:<22}" + "".join(f"{column:>{width}}" for column, width in zip(columns, widths, strict=True))
    for label, row in rows.items():
        cells = [row.get(column) for column in columns]
        shown = ["…" if isinstance(cell, Mapping) else _plain(cell) for cell in cells]
        yield f"  {label:<22}" + "".join(f"{cell:>{width}}" for cell, width in zip(shown, widths, strict=True))


def as_text(report: Report) -> str:
    return "\n".join([report.title, *_tables(report.figures), *(f"  {note}" for note in report.notes)])


def as_json(report: Report) -> str:
    return json.dumps(rounded(report.figures), ensure_ascii=False)
