"""Where a header ends: the forms that loggers write; what is no header stays in the message."""

import random
import time
from pathlib import Path

import pytest

from triage.headers import message_of

LINES = Path(__file__).with_name("headers.txt").read_text().splitlines()

MESSAGES = """
connection refused by host
Login by user 5 at 10:00:00 failed
java.lang.IllegalStateException: cannot open order
Error: ENOENT: no such file or directory
ORA-00942: table or view does not exist
failure of disk 3
""".strip().splitlines()


@pytest.mark.parametrize("line", LINES)
def test_the_message_begins_where_the_header_ends(line: str) -> None:
    header, message = line.split("=>", 1)
    assert message_of(header + message) == message.strip()


@pytest.mark.parametrize("line", MESSAGES)
def test_what_is_no_header_stays(line: str) -> None:
    assert message_of(line) == line


@pytest.mark.parametrize("message", ["42 items processed", "retry after ERROR 3", "java.sql.SQLException: broken"])
def test_after_a_stamp_the_words_of_the_message_stay(message: str) -> None:
    assert message_of(f"2024-03-01 10:00:00 {message}") == message


def test_a_line_that_is_all_header_is_its_own_message() -> None:
    assert message_of("2024-03-01 10:00:00 INFO") == "2024-03-01 10:00:00 INFO"


def test_lines_made_of_headers_parts_cost_little() -> None:
    parts = [
        "1 ",
        "[",
        "[a] ",
        "A-1 ",
        "10:00:00 ",
        "1234567890 ",
        "- ",
        "x.y: ",
        "x(y)[z] ",
        "Jan 1 10:00:00 h ",
        "ERROR ",
    ]
    chance = random.Random(2)
    lines = ["".join(chance.choices(parts, k=400))[:2000] for _ in range(300)]
    lines += [part * 400 for part in parts] + ["|" * 2000, ":" * 2000]
    began = time.process_time()
    for line in lines:
        message_of(line)
    assert time.process_time() - began < 2
