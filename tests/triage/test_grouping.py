"""Masking and grouping: what varies is masked, what is said stays, and noise costs no more than its bound."""

import random
import time

import pytest

from triage.grouping import Grouping, group_messages
from triage.masking import mask_message


@pytest.mark.parametrize(
    ("message", "masked"),
    [
        ("Received block blk_-160899 of size 91178 from /10.250.10.6", "Received block blk_<*> of size <*> from <*>"),
        ("close, 1190 bytes (1.16 KB) sent, lifetime 00:02", "close, <*> sent, lifetime <*>"),
        ("close, 0 bytes sent, lifetime <1 sec", "close, <*> sent, lifetime <*>"),
        ("connection from 1.2.3.4 () at Mon Jun 14 15:16:02 2005", "connection from <*> (<*>) at <*>"),
        ("acquire lock=233570404, force=true, tag=x", "acquire lock= <*>, force= <*>, tag= x"),
        ('"GET /v2/a HTTP/1.1" status: 200', '"GET_<*>" status: <*>'),
        ("ask 10.0.0.1 to delete blk_1 blk_2 blk_3", "ask <*> to delete blk_<*>"),
        ("java.io.IOException: HTTP 503 from api.example.co.uk:443", "java.io.IOException: HTTP <*> from <*>"),
        ("mail of jane.roe@example.org in C:\\temp\\a.txt", "mail of <*> in <*>"),
        ("job 0a1b2c3d4e5f took 1.5 s", "job <*> took <*>"),
        ("x" * 400 + " end", "<*> end"),
        ("nothing varies in here", "nothing varies in here"),
    ],
)
def test_what_varies_is_masked_and_what_is_said_stays(message: str, masked: str) -> None:
    assert " ".join(mask_message(message)) == masked


def test_a_state_parts_messages_and_a_value_does_not() -> None:
    states = [f"session {state} for job {number}" for number in range(4) for state in ("opened", "closed")]
    assert len(set(group_messages(states))) == 2
    names = [f"password of {name} was reset by mail" for name in ("ann", "bob", "cyd", "dan", "eve", "fay", "gil")]
    assert set(group_messages(names)) == {"password of <*> was reset by mail"}
    users = [f"wrong password for user {name}" for name in ("ann", "bob") * 5]
    assert set(group_messages(users)) == {"wrong password for user <*>"}


def test_messages_of_different_length_or_beginning_are_different() -> None:
    assert len(set(group_messages(["disk full", "disk full again", "queue full"]))) == 3


def test_counts_belong_to_shapes_and_shapes_to_templates() -> None:
    grouping = Grouping()
    shapes = [grouping.add(f"took {number} ms") for number in range(5)]
    assert set(shapes) == {("took", "<*>")}
    assert grouping.counts[shapes[0]] == 5
    assert grouping.groups() == {("took", "<*>"): "took <*>"}


def test_noise_is_grouped_within_bounds() -> None:
    chance = random.Random(4)
    letters = "ghijklmnopqrstuvwxyz"
    lines = [" ".join("".join(chance.choices(letters, k=5)) for _ in range(12)) for _ in range(1_500)]
    began = time.process_time()
    assert len(group_messages(["same " + line for line in lines])) == 1_500
    assert time.process_time() - began < 15


def test_past_the_bound_on_shapes_the_unknown_ones_count_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("triage.grouping._MOST_SHAPES", 2)
    grouping = Grouping()
    assert [grouping.add(word) for word in ("one", "two", "three", "four", "one")] == [
        ("one",), ("two",), (), (), ("one",)
    ]  # fmt: skip
    assert grouping.groups()[()] == ""
