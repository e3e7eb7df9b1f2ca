"""`evaluate logs`: do lines of one kind fall together? Grouping accuracy over systems in the layout of loghub.

The grouping is the one by which findings that repeat are counted. `content`: the message alone, as loghub cut it out;
`raw`: the whole line, header and all, which is what a customer attaches.
"""

import csv
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from triage.evaluation import metrics
from triage.evaluation.datasets import DatasetError
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import Evaluation, with_progress
from triage.loglines import clean_line, shape_of, shape_of_message


@dataclass(frozen=True)
class LogSystem:
    """The lines of one system: raw, the message in each, and the event that each is (the truth)."""

    name: str
    raw: tuple[str, ...]
    contents: tuple[str, ...]
    events: tuple[str, ...]


def read_systems(directory: Path) -> list[LogSystem]:
    systems = []
    for table in sorted(directory.glob("*/*_2k.log_structured.csv")):
        raw_file = table.with_name(table.name.removesuffix("_structured.csv"))
        if not raw_file.is_file():
            raise DatasetError(f"{raw_file.name} is not beside {table.name}.")
        with table.open(encoding="utf-8", newline="") as rows:
            found = [(row["Content"], row["EventId"]) for row in csv.DictReader(rows)]
        raw = raw_file.read_text(encoding="utf-8", errors="replace").splitlines()
        if len(raw) != len(found):
            raise DatasetError(f"{raw_file.name} has {len(raw)} lines, its table {len(found)}.")
        contents, events = zip(*found, strict=True)
        systems.append(LogSystem(table.parent.name, tuple(raw), contents, events))
    if not systems:
        raise DatasetError(f"{directory.name} holds no NAME/NAME_2k.log_structured.csv.")
    return systems


def grouping_accuracy(groups: Sequence[str], events: Sequence[str]) -> float:
    """The share of lines whose group is exactly the set of lines of their event (Zhu et al. 2019)."""
    together: dict[str, list[int]] = defaultdict(list)
    truth: dict[str, list[int]] = defaultdict(list)
    for line, (group, event) in enumerate(zip(groups, events, strict=True)):
        together[group].append(line)
        truth[event].append(line)
    right = {tuple(lines) for lines in truth.values()}
    return sum(len(lines) for lines in together.values() if tuple(lines) in right) / max(1, len(events))


def run(options: Mapping[str, object]) -> Report:
    systems = read_systems(Path(str(options["directory"])))
    per_system: dict[str, Figures] = {}
    lines, seconds = 0, 0.0
    for system in with_progress(systems, "systems"):
        content, _took = _grouped(shape_of_message, system.contents)
        raw, took = _grouped(shape_of, system.raw)
        lines, seconds = lines + len(raw), seconds + took
        per_system[system.name] = {
            "content": grouping_accuracy(content, system.events),
            "raw": grouping_accuracy(raw, system.events),
        }
    figures: Figures = {
        "grouping_accuracy": metrics.mean([_figure(row, "content") for row in per_system.values()]),
        "raw_grouping_accuracy": metrics.mean([_figure(row, "raw") for row in per_system.values()]),
        "lines_per_s": lines / max(seconds, 1e-9),
        "per_system": per_system,
    }
    return Report(f"logs of {len(systems)} systems", figures)


def _grouped(shape: Callable[[str], str], lines: Iterable[str]) -> tuple[list[str], float]:
    started = time.perf_counter()
    groups = [shape(clean_line(line)) for line in lines]
    return groups, time.perf_counter() - started


def _figure(row: Figures, key: str) -> float:
    value = row[key]
    return float(value) if isinstance(value, int | float) else 0.0


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("directory", help="loghub layout: NAME/NAME_2k.log with NAME_2k.log_structured.csv")


EVALUATION = Evaluation("logs", "grouping of log lines by event", _add_arguments, run)
