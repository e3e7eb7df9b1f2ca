"""The measures and the readers of data sets, on values worked out by hand."""

import json
import math
from pathlib import Path

import pytest

from triage.evaluation import metrics
from triage.evaluation.datasets import DatasetError, QueryKind, half_of, read_search_set, read_spans
from triage.evaluation.report import Report, as_json, as_text

RELEVANT = {"b": 1.0, "d": 1.0}


@pytest.mark.parametrize(
    ("ranking", "mrr", "hit1", "hit3", "recall10"),
    [
        (["b", "a"], 1.0, 1.0, 1.0, 0.5),
        (["a", "b", "d"], 0.5, 0.0, 1.0, 1.0),
        (["a", "c", "x", "d"], 0.25, 0.0, 0.0, 0.5),
        ([], 0.0, 0.0, 0.0, 0.0),
    ],
)
def test_rankings_are_scored(ranking: list[str], mrr: float, hit1: float, hit3: float, recall10: float) -> None:
    scores = metrics.score_rankings([ranking], [RELEVANT])
    assert (scores.mrr, scores.hit1, scores.hit3, scores.recall10) == (mrr, hit1, hit3, recall10)


def test_ndcg_discounts_by_place() -> None:
    best = 1 + 1 / math.log2(3)
    assert metrics.ndcg_at(["b", "d"], RELEVANT, 10) == pytest.approx(1.0)
    assert metrics.ndcg_at(["a", "b"], RELEVANT, 10) == pytest.approx((1 / math.log2(3)) / best)


def test_nothing_after_the_tenth_place_counts() -> None:
    assert metrics.reciprocal_rank([*"acefghijkl", "b"], RELEVANT) == 0


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 3.0), (0.95, 4.8), (1.0, 5.0)])
def test_percentiles(share: float, value: float) -> None:
    assert metrics.percentile([5, 1, 4, 2, 3], share) == pytest.approx(value)
    assert metrics.percentile([], share) == 0


def test_the_bootstrap_interval_holds_the_difference_and_repeats() -> None:
    ours, theirs = [1.0, 0.5, 1.0, 1.0] * 20, [0.5, 0.5, 0.5, 1.0] * 20
    interval = metrics.paired_bootstrap(ours, theirs)
    assert interval == metrics.paired_bootstrap(ours, theirs)
    assert interval.mean == pytest.approx(0.25)
    assert 0 < interval.low < interval.mean < interval.high
    assert metrics.paired_bootstrap([], []) == metrics.Interval(0, 0, 0)


def test_the_trade_off_between_answers_and_silence_is_of_the_measure_and_not_of_one_threshold() -> None:
    curve = metrics.trade_off([0.9, 0.8, 0.6, 0.2], [0.7, 0.5, 0.1, 0.05], (1.0, 0.75, 0.5))
    assert curve.silence == {1.0: 0.5, 0.75: 0.75, 0.5: 1.0}
    assert curve.area == pytest.approx((4 + 4 + 3 + 2) / 16)
    assert metrics.trade_off([0.5, 0.5], [0.5], (1.0,)).area == 0.5


def write_set(directory: Path, *, qrels: str = "query-id\tcorpus-id\tscore\nq1\td1\t1\nq1\td2\t0\n") -> Path:
    (directory / "qrels").mkdir(parents=True, exist_ok=True)
    (directory / "corpus.jsonl").write_text(json.dumps({"_id": "d1", "title": "T", "text": "Words."}) + "\n")
    queries = [{"_id": name, "text": name} for name in ("q1", "withheld-1", "foreign-1", "other")]
    (directory / "queries.jsonl").write_text("\n".join(json.dumps(query) for query in queries))
    (directory / "qrels" / "test.tsv").write_text(qrels)
    return directory


def test_queries_without_an_answer_are_told_apart(tmp_path: Path) -> None:
    dataset = read_search_set(write_set(tmp_path))
    assert [(query.query_id, query.kind) for query in dataset.queries] == [
        ("q1", QueryKind.ANSWERABLE),
        ("withheld-1", QueryKind.WITHHELD),
        ("foreign-1", QueryKind.FOREIGN),
        ("other", QueryKind.FOREIGN),
    ]
    assert dict(dataset.queries[0].relevant) == {"d1": 1.0}


def test_the_digest_changes_with_the_labels(tmp_path: Path) -> None:
    one = read_search_set(write_set(tmp_path / "one"))
    other = read_search_set(write_set(tmp_path / "other", qrels="q1\td1\t2\n"))
    assert one.digest != other.digest


@pytest.mark.parametrize("broken", ["corpus.jsonl", "queries.jsonl", "qrels/test.tsv"])
def test_a_missing_file_is_named(tmp_path: Path, broken: str) -> None:
    (write_set(tmp_path) / broken).unlink()
    with pytest.raises(DatasetError, match=Path(broken).name):
        read_search_set(tmp_path)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    (write_set(tmp_path) / "corpus.jsonl").write_text('{"_id": "d1"}\n{broken\n')
    with pytest.raises(DatasetError, match="line 2"):
        read_search_set(tmp_path)


def test_spans_are_read(tmp_path: Path) -> None:
    file = tmp_path / "spans.jsonl"
    file.write_text('{"text": "a@b.example", "spans": [[0, 11, "EMAIL_ADDRESS"]]}\n')
    assert read_spans(file)[0].spans == ((0, 11, "EMAIL_ADDRESS"),)


def test_the_halves_are_even_and_depend_on_the_id_alone() -> None:
    halves = [half_of(f"query {number}") for number in range(1000)]
    assert 420 < sum(halves) < 580
    assert halves == [half_of(f"query {number}") for number in range(1000)]


def test_a_report_is_a_table_and_one_object() -> None:
    report = Report("title", {"n": 3, "share": 0.123456, "none": None, "kinds": {"A": {"r": 1.0}, "B": {"r": 0.5}}})
    assert json.loads(as_json(report)) == {
        "n": 3,
        "share": 0.1235,
        "none": None,
        "kinds": {"A": {"r": 1.0}, "B": {"r": 0.5}},
    }
    assert "\n" not in as_json(report)
    lines = as_text(report).splitlines()
    assert lines[0] == "title"
    assert any(line.split() == ["A", "1.000"] for line in lines)
