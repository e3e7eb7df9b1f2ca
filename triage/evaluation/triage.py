"""`evaluate triage`: the product's own classifier taught by past tickets, beside a regression over the same embeddings.

It learns from the training file as a site learns from what people filed, and sees a label of the test file only to be
scored. `oos` in the test file belongs to no category.
"""

import csv
import sys
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from kb.redaction import redact
from kb.retrieval.embedder import EmbedderUnavailable
from triage.calibration import MISSED, Scores
from triage.evaluation import classification as measure
from triage.evaluation import metrics
from triage.evaluation.classification import Predicted
from triage.evaluation.datasets import DatasetError, half_of
from triage.evaluation.report import Figures, Report
from triage.evaluation.runner import Evaluation, with_progress
from triage.facts import CategoryOption
from triage.learning import MOST_EXAMPLES, Examples, Learnt, Matrix, evenly, learn
from triage.schooling import described_by, vectors_of

NO_CATEGORY = "oos"
COLD_STARTS = (0, 5, 10, 20)
COVERAGES = (0.5, 0.8, 0.9)
ACCEPTED = 0.95
# Of the regression: scikit-learn's own inverse regularisation, loosened until it fits embeddings of unit length.
REGRESSION_C = 10.0
BATCH = 100


@dataclass(frozen=True)
class Labelled:
    """Redacted texts with their labels and, once embedded, their vectors (n, 384)."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    vectors: Matrix

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, places: Sequence[int]) -> "Labelled":
        return Labelled(
            tuple(self.texts[p] for p in places), tuple(self.labels[p] for p in places), self.vectors[list(places)]
        )

    def of_categories(self) -> "Labelled":
        return self.take([place for place, label in enumerate(self.labels) if label != NO_CATEGORY])


@dataclass(frozen=True)
class Judged:
    """What each of the two said of the same texts, and the seconds that each part of the product's work took."""

    truth: tuple[str, ...]
    ours: tuple[Predicted, ...]
    regression: tuple[Predicted, ...]
    learning_s: float
    judging_s: float

    def __add__(self, other: "Judged") -> "Judged":
        return Judged(
            self.truth + other.truth,
            self.ours + other.ours,
            self.regression + other.regression,
            self.learning_s + other.learning_s,
            self.judging_s + other.judging_s,
        )


def read_labelled(path: Path) -> Labelled:
    if not path.is_file():
        raise DatasetError(f"{path} is not there.")
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if not {"text", "label"} <= set(reader.fieldnames or ()):
            raise DatasetError(f"{path.name} has not the columns text and label.")
        rows = [(redact(row["text"] or "").text, (row["label"] or "").strip()) for row in reader]
    if not rows or any(not label for _, label in rows):
        raise DatasetError(f"{path.name} holds no rows, or one without a label.")
    texts, labels = zip(*rows, strict=True)
    return Labelled(texts, labels, np.zeros((len(rows), 0), dtype=np.float32))


def embedded(rows: Labelled, label: str) -> Labelled:
    firsts = range(0, len(rows), BATCH)
    parts = [vectors_of(rows.texts[first : first + BATCH]) for first in with_progress(firsts, f"{label}, hundreds")]
    return replace(rows, vectors=np.concatenate(parts))


def learnt_from(train: Labelled, options: Sequence[CategoryOption], *, shown: bool = False) -> Learnt:
    """The classifier as a site has it whose people filed these, the last of the file last."""
    places = {option.slug: place for place, option in enumerate(options)}
    newest_first = train.take(range(len(train) - 1, -1, -1))
    rows = newest_first.take(evenly([places[label] for label in newest_first.labels], MOST_EXAMPLES))
    labels = np.array([places[label] for label in rows.labels], dtype=np.int64)
    examples = Examples(rows.texts, rows.vectors, labels, np.arange(len(rows)))
    return learn(described_by(tuple(options)), examples, _progress if shown else None)


def said_by(learnt: Learnt, options: Sequence[CategoryOption], texts: Labelled) -> tuple[Predicted, ...]:
    return tuple(
        Predicted(
            tuple(options[place].slug for place in choice.ranking),
            choice.confidence,
            choice.belonging,
            tuple(options[place].slug for place in choice.likely),
            choice.is_like_any,
        )
        for choice in learnt.choose_all(texts.texts, texts.vectors)
    )


def _progress(stage: str, done: int, count: int) -> None:
    sys.stderr.write(f"\rlearning: {stage} {done} of {count}   ")
    if done == count:
        sys.stderr.write("\n")


def said_by_regression(train: Labelled, texts: Labelled) -> tuple[Predicted, ...]:
    """Multinomial logistic regression; how much at home is the energy of its logits (Liu et al. 2020)."""
    from sklearn.linear_model import LogisticRegression  # costs a second that no other command should pay

    model = LogisticRegression(C=REGRESSION_C, max_iter=1_000).fit(train.vectors, train.labels)
    logits: Scores = np.asarray(model.decision_function(texts.vectors), dtype=np.float64)
    if logits.ndim == 1:  # of two categories it gives one number
        logits = np.stack([-logits / 2, logits / 2], axis=1)
    highest = logits.max(axis=1, keepdims=True)
    energies = (highest + np.log(np.exp(logits - highest).sum(axis=1, keepdims=True)))[:, 0]
    order = np.argsort(-logits, axis=1, kind="stable")
    return tuple(
        Predicted(tuple(str(model.classes_[place]) for place in places), float(np.exp(top - energy)), float(energy))
        for places, top, energy in zip(order, highest[:, 0], energies, strict=True)
    )


def judge(train: Labelled, test: Labelled) -> Judged:
    options = options_of(train.labels)
    started = time.perf_counter()
    learnt = learnt_from(train, options, shown=True)
    taught = time.perf_counter()
    ours = said_by(learnt, options, test)
    judged = time.perf_counter()
    return Judged(test.labels, ours, said_by_regression(train, test), taught - started, judged - taught)


def options_of(labels: Sequence[str]) -> list[CategoryOption]:
    """The categories, known by their names alone."""
    return [CategoryOption(label, label.replace("_", " "), "") for label in sorted(set(labels))]


def run(options: Mapping[str, object]) -> Report:
    train, test = (read_labelled(Path(str(options[name]))) for name in ("train", "test"))
    folds = int(str(options["folds"]))
    started = time.perf_counter()
    try:
        train, test = embedded(train.of_categories(), "past tickets"), embedded(test, "tickets")
    except EmbedderUnavailable as error:
        raise DatasetError(f"Nothing can be classified: {error}.") from error
    embedding_s = time.perf_counter() - started
    judged = _cross_validated(_joined(train, test.of_categories()), folds) if folds > 1 else judge(train, test)
    per_ticket = embedding_s / (len(train) + len(test)) + judged.judging_s / len(judged.truth)
    figures: Figures = {
        "tickets": len(judged.truth),
        "examples": len(train),
        "categories": len(set(train.labels)),
        **_figures(judged.truth, judged.ours),
        "seconds": embedding_s + judged.learning_s,
        "tickets_per_s": 1 / per_ticket,
        "baselines": {"logreg": _figures(judged.truth, judged.regression)},
        "gain": _gain(judged),
        "named": _named(judged.truth, judged.ours),
        "cold_start": {} if folds > 1 else _cold_starts(train, test.of_categories()),
    }
    how = (
        f"{folds}-fold cross-validation of both files" if folds > 1 else "taught by the one file, asked about the other"
    )
    return Report(f"triage of {len(judged.truth)} tickets", figures, (how,))


def _joined(one: Labelled, other: Labelled) -> Labelled:
    return Labelled(one.texts + other.texts, one.labels + other.labels, np.concatenate([one.vectors, other.vectors]))


def _cross_validated(rows: Labelled, folds: int) -> Judged:
    fold_of = [place % folds for place in np.random.default_rng(7).permutation(len(rows))]
    parts = [
        judge(
            rows.take([place for place, its in enumerate(fold_of) if its != fold]),
            rows.take([place for place, its in enumerate(fold_of) if its == fold]),
        )
        for fold in with_progress(range(folds), "folds")
    ]
    return sum(parts[1:], parts[0])


def _figures(truth: Sequence[str], predicted: Sequence[Predicted]) -> Figures:
    """Accuracy and all of confidence over the tickets that belong to a category; `oos_*` need some that do not."""
    home = [(label, said) for label, said in zip(truth, predicted, strict=True) if label != NO_CATEGORY]
    labels, said = [label for label, _ in home], [each for _, each in home]
    right = np.array([each.first == label for label, each in home])
    sureness = np.array([each.belonging if each.confidence is None else each.confidence for each in said])
    sure = np.array([each.confidence is not None for each in said])
    accuracy = metrics.bootstrap(right.astype(float).tolist())
    figures: dict[str, float | None] = {
        "accuracy": accuracy.mean,
        "accuracy_low": accuracy.low,
        "accuracy_high": accuracy.high,
        "macro_f1": measure.macro_f1(labels, [each.first for each in said]),
        "top3": metrics.mean([float(label in each.ranking[:3]) for label, each in home]),
        "ece": measure.calibration_error(sureness[sure], right[sure]) if sure.any() else None,
        "brier": measure.brier(sureness[sure], right[sure]) if sure.any() else None,
        **{f"acc@{share:.0%}"[:-1]: measure.accuracy_at(share, sureness, right) for share in COVERAGES},
    }
    foreign = np.array([s.belonging for label, s in zip(truth, predicted, strict=True) if label == NO_CATEGORY])
    at_home = np.array([each.belonging for each in said])
    if len(foreign):
        figures["oos_auroc"] = measure.auroc(at_home, foreign)
        figures["oos_recall@95"] = measure.recall_at_acceptance(ACCEPTED, at_home, foreign)
    return figures


def _gain(judged: Judged) -> Figures:
    """The difference of accuracy to the regression, ticket by ticket, with its 95 % bootstrap interval."""
    ours, theirs = (
        [float(s.first == label) for label, s in zip(judged.truth, said, strict=True) if label != NO_CATEGORY]
        for said in (judged.ours, judged.regression)
    )
    interval = metrics.paired_bootstrap(ours, theirs)
    return {"difference": interval.mean, "low": interval.low, "high": interval.high}


def _named(truth: Sequence[str], said: Sequence[Predicted]) -> Figures:
    """The categories that are named together: whether the right one is among them as often as stated, and how many."""
    home = [(label, each) for label, each in zip(truth, said, strict=True) if label != NO_CATEGORY]
    alone = [(label, each) for label, each in home if len(each.likely) == 1]
    return {
        "stated": 1 - MISSED,
        "holds": metrics.mean([float(label in each.likely) for label, each in home]),
        "size": metrics.mean([float(len(each.likely)) for _, each in home]),
        "alone": len(alone) / len(home),
        "alone_right": metrics.mean([float(label == each.first) for label, each in alone]) if alone else None,
        "refused": metrics.mean([float(not each.is_like_any) for _, each in home]),
    }


def _cold_starts(train: Labelled, test: Labelled) -> Figures:
    options = options_of(train.labels)
    rows: dict[str, Figures] = {}
    for few in COLD_STARTS:
        learnt = learnt_from(train.take(_first_of_each(train, few)), options)
        said = said_by(learnt, options, test)
        right = [float(each.first == label) for label, each in zip(test.labels, said, strict=True)]
        rows[str(few)] = {"accuracy": metrics.mean(right)}
    return rows


def _first_of_each(rows: Labelled, few: int) -> list[int]:
    """Places of a few examples of each category, the same ones each time, whatever their order in the file."""
    by_label: dict[str, list[int]] = defaultdict(list)
    for place in sorted(range(len(rows)), key=lambda place: (half_of(rows.texts[place]), rows.texts[place])):
        by_label[rows.labels[place]].append(place)
    return sorted(place for places in by_label.values() for place in places[:few])


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--train", required=True, help="past tickets as CSV: text,label")
    parser.add_argument("--test", required=True, help="tickets to judge as CSV; the label `oos` belongs to no category")
    parser.add_argument("--folds", type=int, default=1, help="cross-validate over both files instead")


EVALUATION = Evaluation("triage", "categories of tickets, beside a regression", _add_arguments, run)
