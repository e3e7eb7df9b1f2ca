"""`evaluate redaction`: how much of the true personal data is taken out, and how much else with it.

Recall is given for every kind in the data, the ones that patterns cannot find (names of people, places) included.
"""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from kb.redaction import redact
from triage.evaluation.datasets import read_spans
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import Evaluation


def run(options: Mapping[str, object]) -> Report:
    """A true span counts as found when one of ours covers all of it; ours as right when it touches one of its kind."""
    examples = read_spans(Path(str(options["file"])))
    true: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    ours: Counter[str] = Counter()
    right: Counter[str] = Counter()
    false = 0
    for example in examples:
        taken = redact(example.text).spans
        for start, end, kind in example.spans:
            true[kind] += 1
            covered[kind] += any(span.start <= start and end <= span.end for span in taken)
        for span in taken:
            touched = {kind for start, end, kind in example.spans if start < span.end and span.start < end}
            ours[span.kind.value] += 1
            right[span.kind.value] += span.kind.value in touched
            false += not touched
    per_kind = {
        kind: {
            "spans": true[kind],
            "recall": covered[kind] / true[kind] if true[kind] else None,
            "precision": right[kind] / ours[kind] if ours[kind] else None,
        }
        for kind in sorted({*true, *ours})
    }
    figures: Figures = {
        "texts": len(examples),
        "redactions": sum(ours.values()),
        "false_redactions": false,
        "per_kind": per_kind,
    }
    return Report("redaction", figures)


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", help='spans.jsonl: {"text": …, "spans": [[start, end, kind], …]}')


EVALUATION = Evaluation(
    "redaction", "recall and precision of redaction for each kind of personal data", _add_arguments, run
)
