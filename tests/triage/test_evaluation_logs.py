"""Grouping of log lines: an exact group counts, a split or a merged one does not."""

from pathlib import Path

import pytest

from triage.evaluation.datasets import DatasetError
from triage.evaluation.logs import _varied, grouping_accuracy, read_systems, run
from triage.grouping import group_messages
from triage.headers import message_of


def test_only_groups_that_are_exactly_an_event_count() -> None:
    assert grouping_accuracy(["a", "a", "b"], ["E1", "E1", "E2"]) == 1.0
    assert grouping_accuracy(["a", "x", "b"], ["E1", "E1", "E2"]) == pytest.approx(1 / 3)
    assert grouping_accuracy(["a", "a", "a"], ["E1", "E1", "E2"]) == 0.0


def test_lines_that_differ_in_values_have_one_template() -> None:
    one = "Jun 14 15:16:01 host sshd[1]: authentication failure; uid=0 rhost=a.example user bob from Mon"
    other = "Jun 15 01:02:03 host sshd[22]: authentication failure; uid=7 rhost=b.example user eve from Tue"
    third = "Jun 14 15:16:01 host sshd[1]: session opened"
    first, second, last = group_messages(message_of(line) for line in (one, other, third))
    assert first == second != last


def test_a_folder_without_systems_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(DatasetError):
        read_systems(tmp_path)


def test_real_systems_are_grouped_with_one_setting(shared_data: Path) -> None:
    if not (shared_data / "logs").is_dir():
        pytest.skip("the shared log data is not here")
    figures = run({"directory": str(shared_data / "logs"), "lines": 4_000}).figures
    content, raw = figures["grouping_accuracy"], figures["raw_grouping_accuracy"]
    assert isinstance(content, float)
    assert isinstance(raw, float)
    assert (content >= 0.9, raw >= 0.75) == (True, True)
    assert figures["lines_timed"] == 4_000


def test_the_lines_timed_are_as_many_as_asked_and_differ_each_time_round() -> None:
    batches = list(_varied(["a 23", "b 45"], 5))
    assert sum(map(len, batches)) == 5
    assert batches[0] != batches[1]
    assert {line[0] for batch in batches for line in batch} == {"a", "b"}
