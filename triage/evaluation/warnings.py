"""How often the rep's hint is given: on attacks, on harmless texts, and on what real people ask and report.

The hint's patterns were written while looking at one half of the texts (by a hash of each), its threshold was chosen
there; what counts is the other half.
"""

import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from triage.addressed import read_addressed
from triage.evaluation import metrics
from triage.evaluation.datasets import half_of, read_lines
from triage.evaluation.report import Figures

HALVES = {"tuned_on": 0, "held_out": 1}


def read_texts(path: Path) -> list[str]:
    return [str(row["text"]) for row in read_lines(path)] if path.is_file() else []


def read_real_requests(beside: Path) -> list[str]:
    """Return the issue reports and the questions of the data sets beside a folder of attacks, each text once."""
    csv.field_size_limit(sys.maxsize)
    found: list[str] = []
    for path in sorted((beside / "triage" / "issues").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as rows:
            found += [row["text"] for row in csv.DictReader(rows)]
    for path in sorted((beside / "search").glob("*/queries.jsonl")):
        found += read_texts(path)
    return list(dict.fromkeys(found))


def warning_figures(attacks: Sequence[str], benign: Sequence[str], real: Sequence[str]) -> Figures:
    """`warned` is of the attacks; `false_alarms` of the real requests, or of the benign texts where there are none."""
    suspects = {text: read_addressed(text).is_suspect for text in {*attacks, *benign, *real}}
    halves = {
        name: {
            "attacks": len(of_half(attacks, half)),
            "warned": _share(of_half(attacks, half), suspects),
            "real_requests": len(of_half(real, half)),
            "false_alarms": _share(of_half(real, half), suspects),
            "benign_alarms": _share(of_half(benign, half), suspects),
        }
        for name, half in HALVES.items()
    }
    return {
        "warned": _share(attacks, suspects),
        "false_alarms": _share(real or benign, suspects),
        "real_requests": len(real),
        "benign_alarms": _share(benign, suspects),
        "warnings": halves,
    }


def of_half(texts: Sequence[str], half: int) -> list[str]:
    return [text for text in texts if half_of(text) == half]


def _share(texts: Sequence[str], suspects: Mapping[str, bool]) -> float | None:
    return metrics.mean([float(suspects[text]) for text in texts]) if texts else None
