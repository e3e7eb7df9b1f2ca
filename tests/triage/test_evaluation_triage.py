"""`evaluate triage`: its measures by hand on a few numbers, and the command on a few tickets with every key it owes."""

import csv
import json
from collections.abc import Iterable
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from triage.evaluation import classification as measure

SUBJECTS = {
    "card_arrival": [
        "my card has not come yet",
        "where is the card you sent",
        "the new card is late",
        "card still away",
    ],
    "lost_phone": ["I lost my phone", "my phone was stolen", "somebody took my phone", "my phone is gone"],
    "exchange_rate": [
        "which exchange rate do you use",
        "the rate for dollars",
        "how are rates set",
        "rate of exchange",
    ],
}
HOME = {
    "the card did not arrive": "card_arrival",
    "phone stolen on the train": "lost_phone",
    "euro rate": "exchange_rate",
}
FOREIGN = ["sing me a song about mountains", "who won the match on Sunday"]


def write(path: Path, rows: Iterable[tuple[str, str]], header: tuple[str, str] = ("text", "label")) -> Path:
    with path.open("w", newline="", encoding="utf-8") as lines:
        csv.writer(lines).writerows([header, *rows])
    return path


def test_macro_f1_weighs_categories_alike() -> None:
    truth, said = ["a", "a", "a", "b"], ["a", "a", "b", "b"]
    assert measure.macro_f1(truth, said) == pytest.approx((2 * 2 / (2 + 3) + 2 * 1 / (2 + 1)) / 2)


def test_calibration_error_is_the_gap_between_said_and_right() -> None:
    sure = np.array([0.9, 0.9, 0.9, 0.9, 0.5, 0.5])
    right = np.array([True, True, True, False, True, False])
    assert measure.calibration_error(sure, right) == pytest.approx(4 / 6 * 0.15)
    assert measure.brier(sure, right) == pytest.approx((3 * 0.01 + 0.81 + 2 * 0.25) / 6)


def test_the_surest_are_counted_first() -> None:
    sure = np.array([0.1, 0.9, 0.8, 0.2])
    right = np.array([False, True, True, True])
    assert measure.accuracy_at(0.5, sure, right) == 1.0
    assert measure.accuracy_at(1.0, sure, right) == 0.75


def test_what_is_foreign_is_told_by_how_much_it_is_at_home() -> None:
    home, foreign = np.array([3.0, 2.0, 1.0, 1.0]), np.array([1.0, 0.0])
    assert measure.auroc(home, foreign) == pytest.approx((2 + 2 + 1.5 + 1.5) / 8)
    assert measure.recall_at_acceptance(0.95, home, foreign) == 0.5


def test_tickets_are_judged_beside_the_regression(tmp_path: Path) -> None:
    train = write(tmp_path / "train.csv", [(text, label) for label, texts in SUBJECTS.items() for text in texts])
    test = write(tmp_path / "test.csv", [*HOME.items(), *((text, "oos") for text in FOREIGN)])
    out = StringIO()
    call_command("evaluate", "triage", "--train", str(train), "--test", str(test), "--json", stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert (figures["tickets"], figures["examples"], figures["categories"]) == (5, 12, 3)
    assert figures["accuracy"] == figures["top3"] == figures["macro_f1"] == 1.0
    assert figures["ece"] is None, "twelve examples measure no confidence"
    assert {"brier", "acc@50", "acc@80", "acc@90", "oos_recall@95", "seconds", "tickets_per_s"} <= set(figures)
    assert figures["oos_auroc"] == 1.0
    assert {"accuracy", "ece", "oos_auroc"} <= set(figures["baselines"]["logreg"])
    assert set(figures["cold_start"]) == {"0", "5", "10", "20"}
    assert figures["cold_start"]["0"]["accuracy"] > 0.5
    assert set(figures["gain"]) == {"difference", "low", "high"}


def test_tickets_can_be_judged_in_folds(tmp_path: Path) -> None:
    rows = [(text, label) for label, texts in SUBJECTS.items() for text in texts]
    one, other = write(tmp_path / "one.csv", rows[::2]), write(tmp_path / "other.csv", rows[1::2])
    out = StringIO()
    given = ["--train", str(one), "--test", str(other), "--folds", "3", "--json"]
    call_command("evaluate", "triage", *given, stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert figures["tickets"] == 12
    assert figures["accuracy"] > 0.5


@pytest.mark.parametrize(
    ("rows", "header", "reason"),
    [
        ([("a", "b")], ("body", "label"), "has not the columns"),
        ([], ("text", "label"), "holds no rows"),
        ([("a", "")], ("text", "label"), "without a label"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(
    tmp_path: Path, rows: list[tuple[str, str]], header: tuple[str, str], reason: str
) -> None:
    bad = write(tmp_path / "bad.csv", rows, header)
    with pytest.raises(CommandError, match=reason):
        call_command("evaluate", "triage", "--train", str(bad), "--test", str(bad))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"none\.csv is not there"):
        call_command("evaluate", "triage", "--train", str(tmp_path / "none.csv"), "--test", str(tmp_path / "none.csv"))
