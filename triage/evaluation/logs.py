"""`evaluate logs`: do lines of one kind fall together? Grouping accuracy over systems in the layout of loghub.

The grouping is the one by which findings that repeat are counted, with one setting for all systems. `content`: the
message alone, as loghub cut it out; `raw`: the whole line, header and all, which is what a customer attaches. Speed is
that of raw lines, over as many as `--lines` says: the systems' own again and again, each time with other digits.
"""

import csv
import random
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from triage.evaluation import metrics
from triage.evaluation.datasets import DatasetError
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import Evaluation, with_progress
from triage.grouping import Grouping, group_messages
from triage.loglines import clean_line, strip_header

MILLION = 1_000_000
_BATCH = 5_000


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
    for system in with_progress(systems, "systems"):
        raw = (strip_header(clean_line(line)) for line in system.raw)
        per_system[system.name] = {
            "content": grouping_accuracy(group_messages(map(clean_line, system.contents)), system.events),
            "raw": grouping_accuracy(group_messages(raw), system.events),
        }
    lines = int(str(options.get("lines", MILLION)))
    seconds = seconds_to_group(systems, lines)
    figures: Figures = {
        "grouping_accuracy": metrics.mean([_figure(row, "content") for row in per_system.values()]),
        "raw_grouping_accuracy": metrics.mean([_figure(row, "raw") for row in per_system.values()]),
        "lines_per_s": lines / max(seconds, 1e-9),
        "lines_timed": lines,
        "per_system": per_system,
    }
    notes = ("lines_per_s: raw lines a second of one core's time, header, masking and grouping together.",)
    return Report(f"logs of {len(systems)} systems", figures, notes)


def seconds_to_group(systems: Sequence[LogSystem], lines: int) -> float:
    """Return the processor's seconds that it takes to group so many raw lines, the systems' one after another."""
    seconds = 0.0
    for system in with_progress(systems, "systems timed"):
        grouping = Grouping()
        for batch in _varied(system.raw, lines // len(systems)):
            began = time.process_time()
            for line in batch:
                grouping.add(strip_header(clean_line(line)))
            seconds += time.process_time() - began
        began = time.process_time()
        grouping.groups()
        seconds += time.process_time() - began
    return seconds


def _varied(lines: Sequence[str], count: int) -> Iterator[list[str]]:
    """Yield so many lines in batches: the given ones over and over, their digits (but 0 and 1) exchanged each time."""
    chance = random.Random(1)  # noqa: S311 - the same lines each time, no secret
    made = 0
    while made < count:
        digits = str.maketrans("23456789", "".join(chance.sample("23456789", 8)))
        for start in range(0, len(lines), _BATCH):
            batch = [line.translate(digits) for line in lines[start : start + _BATCH]][: count - made]
            made += len(batch)
            yield batch


def _figure(row: Figures, key: str) -> float:
    value = row[key]
    return float(value) if isinstance(value, int | float) else 0.0


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--lines", type=int, default=MILLION, help="how many lines to time the grouping over")
    parser.add_argument("directory", help="loghub layout: NAME/NAME_2k.log with NAME_2k.log_structured.csv")


EVALUATION = Evaluation("logs", "grouping of log lines by event", _add_arguments, run)
