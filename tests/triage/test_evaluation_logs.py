"""Grouping of log lines: an exact group counts, a split or a merged one does not."""

from pathlib import Path

import pytest

from triage.evaluation.datasets import DatasetError
from triage.evaluation.logs import grouping_accuracy, read_systems, run
from triage.loglines import shape_of


def test_only_groups_that_are_exactly_an_event_count() -> None:
    assert grouping_accuracy(["a", "a", "b"], ["E1", "E1", "E2"]) == 1.0
    assert grouping_accuracy(["a", "x", "b"], ["E1", "E1", "E2"]) == pytest.approx(1 / 3)
    assert grouping_accuracy(["a", "a", "a"], ["E1", "E1", "E2"]) == 0.0


def test_lines_that_differ_in_values_have_one_shape() -> None:
    one = "Jun 14 15:16:01 host sshd[1]: authentication failure; uid=0 rhost=a.example user bob from Mon"
    other = "Jun 15 01:02:03 host sshd[22]: authentication failure; uid=7 rhost=b.example user eve from Tue"
    assert shape_of(one) == shape_of(other)
    assert shape_of(one) != shape_of("Jun 14 15:16:01 host sshd[1]: session opened")


def test_a_folder_without_systems_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        read_systems(tmp_path)


def test_real_systems_group_better_than_half(shared_data: Path) -> None:
    if not (shared_data / "logs").is_dir():
        pytest.skip("the shared log data is not here")
    figures = run({"directory": str(shared_data / "logs")}).figures
    accuracy = figures["grouping_accuracy"]
    assert isinstance(accuracy, float)
    assert accuracy > 0.5
