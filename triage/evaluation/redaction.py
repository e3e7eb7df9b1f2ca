"""`evaluate redaction`: how much of the true personal data is taken out, and how much else with it.

Recall is given for every kind in the data, the ones that patterns cannot find (names of people, places) included, and
pooled over the structured ones. What a diagnosis needs is counted on issue reports and logs that stand beside the file.
"""

import csv
import re
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kb.redaction import Kind, Span, redact
from kb.signatures import SignatureKind, find_signatures
from triage.evaluation.datasets import SpanExample, half_of, read_spans
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import Evaluation

STRUCTURED = (
    Kind.EMAIL_ADDRESS,
    Kind.PHONE_NUMBER,
    Kind.CREDIT_CARD,
    Kind.IBAN_CODE,
    Kind.US_SSN,
    Kind.IP_ADDRESS,
)
HALVES = {"one_half": 0, "other_half": 1}
_VERSION = re.compile(r"(?<![\w.])v?\d+(?:\.\d+){1,4}(?![\w.])")
_HASH = re.compile(r"(?<![0-9a-f-])(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{7,64}(?![0-9a-f])", re.IGNORECASE)


class Tally:
    """Counts by kind. A true span is covered when one of ours covers it, ours is right when it touches its kind."""

    def __init__(self, examples: Iterable[SpanExample]) -> None:
        self.true: Counter[str] = Counter()
        self.covered: Counter[str] = Counter()
        self.ours: Counter[str] = Counter()
        self.right: Counter[str] = Counter()
        self.false = 0
        for example in examples:
            self._add(example)

    def _add(self, example: SpanExample) -> None:
        taken = redact(example.text).spans
        for start, end, kind in example.spans:
            self.true[kind] += 1
            self.covered[kind] += any(span.start <= start and end <= span.end for span in taken)
        for span in taken:
            touched = {kind for start, end, kind in example.spans if start < span.end and span.start < end}
            self.ours[span.kind.value] += 1
            self.right[span.kind.value] += span.kind.value in touched
            self.false += not touched

    def figures(self, kinds: Iterable[str]) -> dict[str, float | int | None]:
        """Recall and precision of the kinds together."""
        chosen = list(kinds)
        true, ours = sum(self.true[kind] for kind in chosen), sum(self.ours[kind] for kind in chosen)
        return {
            "spans": true,
            "recall": sum(self.covered[kind] for kind in chosen) / true if true else None,
            "precision": sum(self.right[kind] for kind in chosen) / ours if ours else None,
        }


def run(options: Mapping[str, object]) -> Report:
    path = Path(str(options["file"]))
    examples = read_spans(path)
    whole = Tally(examples)
    halves = {name: Tally(one for one in examples if half_of(one.text) == half) for name, half in HALVES.items()}
    figures: Figures = {
        "texts": len(examples),
        "redactions": sum(whole.ours.values()),
        "false_redactions": whole.false,
        "per_kind": {kind: whole.figures([kind]) for kind in sorted({*whole.true, *whole.ours})},
        "structured": {
            "pooled": whole.figures(STRUCTURED),
            **{name: tally.figures(STRUCTURED) for name, tally in halves.items()},
        },
        "beside": {name: _taken(texts) for name, texts in _read_beside(path.resolve().parent.parent) if texts},
    }
    return Report("redaction", figures)


def _read_beside(directory: Path) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield real reports and logs, where there are any: almost nothing of them is personal."""
    csv.field_size_limit(sys.maxsize)
    reports: list[str] = []
    for path in sorted((directory / "triage" / "issues").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as rows:
            reports += [row["text"] for row in csv.DictReader(rows)]
    sys.stderr.write(f"{len(reports)} issue reports beside it\n")
    yield "issues", reports
    logs = sorted((directory / "logs").glob("*/*.log"))
    yield "logs", [line for path in logs for line in path.read_text("utf-8", "replace").splitlines()]


def _taken(texts: Sequence[str]) -> Figures:
    """What was taken out of texts, by kind, and what of it a diagnosis would have needed.

    An address of four numbers may be a version: it is counted as an address.
    """
    kinds: Counter[str] = Counter()
    lost: Counter[str] = Counter({"versions": 0, "hashes": 0, "codes": 0})
    for text in texts:
        spans = redact(text).spans
        kinds.update(span.kind.value for span in spans)
        if spans:
            lost["versions"] += _touched(_VERSION, text, (one for one in spans if one.kind is not Kind.IP_ADDRESS))
            lost["hashes"] += _touched(_HASH, text, spans)
            lost["codes"] += sum(
                signature.start < span.end and span.start < signature.end
                for signature in find_signatures(text)
                if signature.kind is SignatureKind.CODE
                for span in spans
            )
    return {"texts": len(texts), **{f"lost_{what}": count for what, count in lost.items()}, **kinds}


def _touched(pattern: re.Pattern[str], text: str, spans: Iterable[Span]) -> int:
    return sum(bool(pattern.search(text[span.start : span.end])) for span in spans)


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", help='spans.jsonl: {"text": …, "spans": [[start, end, kind], …]}')


EVALUATION = Evaluation(
    "redaction", "recall and precision of redaction for each kind of personal data", _add_arguments, run
)
