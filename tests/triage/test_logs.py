"""Reading logs: what went wrong is found once, with its line, and nothing hostile costs more than its bound."""

import random
import time
from pathlib import Path

import pytest

from triage.logs import Cut, FindingKind, Limits, LogReading, Unread, read_log, read_message

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

PYTHON = b"""2024-03-01 10:00:00,120 INFO app started
2024-03-01 10:00:01,500 ERROR app.jobs job 17 failed
Traceback (most recent call last):
  File "/srv/app/jobs.py", line 12, in run
    connect()
  File "/srv/app/db.py", line 4, in connect
    raise ConnectionRefusedError(111, "Connection refused")
ConnectionRefusedError: [Errno 111] Connection refused

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/app/main.py", line 33, in main
    run()
app.errors.JobFailed: job 17 could not reach the database
2024-03-01 10:00:02,000 INFO app going on
"""

JAVA = b"""2024-03-01T10:00:00Z INFO  c.e.App - starting
2024-03-01T10:00:05Z ERROR c.e.App - request failed
java.lang.IllegalStateException: cannot open order
\tat com.example.Order.open(Order.java:41)
\tat com.example.App.main(App.java:12)
\t... 14 more
Caused by: java.sql.SQLException: Communications link failure
\tat com.mysql.jdbc.Connection.connect(Connection.java:99)
\t... 20 more
2024-03-01T10:00:06Z INFO  c.e.App - next
"""

NODE = b"""npm start
(node:12) Warning: something old
Error: ENOENT: no such file or directory, open '/srv/config.json'
    at Object.openSync (node:fs:601:3)
    at Object.readFileSync (node:fs:469:35)
    at Object.<anonymous> (/srv/app/index.js:10:15) {
  errno: -2,
  code: 'ENOENT'
}
"""

DOTNET = b"""Unhandled exception. System.InvalidOperationException: The basket is closed.
 ---> System.IO.IOException: The disk is full. (0x80070070)
   at Shop.Store.Write(String name, Int32 size) in C:\\src\\Store.cs:line 12
   --- End of inner exception stack trace ---
   at Shop.Basket.Close(Guid id) in C:\\src\\Basket.cs:line 88
   at Shop.Program.Main(String[] args)
"""

PHP = b"""[2024-03-01 10:00:00] main.CRITICAL: Fatal error:  Uncaught DbException: SQLSTATE[42S02]: none in /a.php:2
Stack trace:
#0 /app/vendor/Pdo.php(228): PDOStatement->execute()
#1 /app/vendor/Select.php(12): Zend_Db->query('SELECT')
#2 {main}
  thrown in /app/vendor/Pdo.php on line 228
"""


def _traces(reading: LogReading) -> list[tuple[int, str, str]]:
    return [(f.line_no, f.head, f.cause) for f in reading.findings if f.kind is FindingKind.STACK_TRACE]


@pytest.mark.parametrize(
    ("data", "line_no", "head", "cause"),
    [
        (PYTHON, 3, "app.errors.JobFailed: job 17 could not", "ConnectionRefusedError: [Errno 111]"),
        (JAVA, 3, "java.lang.IllegalStateException: cannot open order", "java.sql.SQLException: Communications link"),
        (NODE, 3, "Error: ENOENT: no such file or directory", ""),
        (
            DOTNET,
            1,
            "exception. System.InvalidOperationException: The basket",
            "System.IO.IOException: The disk is full",
        ),
        (PHP, 1, "Fatal error:  Uncaught DbException: SQLSTATE[42S02]", ""),
    ],
    ids=["python", "java", "node", "dotnet", "php"],
)
def test_a_stack_trace_is_one_finding_with_its_head_and_its_cause(
    data: bytes, line_no: int, head: str, cause: str
) -> None:
    found = _traces(read_log(data))
    assert len(found) == 1
    assert found[0][0] == line_no
    assert head in found[0][1]
    assert found[0][2].startswith(cause)


def test_a_python_trace_behind_a_prefix_on_every_line_is_one_finding() -> None:
    prefix = b"2024-03-01T10:00:00Z web[1]: "
    data = b"\n".join(prefix + line for line in PYTHON.split(b"\n")[2:8])
    found = _traces(read_log(data))
    assert len(found) == 1
    assert found[0][1].startswith("ConnectionRefusedError: [Errno 111]")


def test_traces_that_repeat_are_counted_and_keep_the_first_line_number() -> None:
    reading = read_log(JAVA * 5)
    traces = [f for f in reading.findings if f.kind is FindingKind.STACK_TRACE]
    assert [(f.line_no, f.count) for f in traces] == [(3, 5)]


def test_codes_are_read_from_error_lines_and_traces() -> None:
    assert any("42S02" in code for code in read_log(PHP).signatures)
    assert any("80070070" in code for code in read_log(DOTNET).signatures)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6", FindingKind.ERROR),
        ("2024-03-01 10:00:00 ERROR disk full", FindingKind.ERROR),
        ('{"level":"error","msg":"payment refused"}', FindingKind.ERROR),
        ('10.0.0.1 - - [01/Mar/2024:10:00:00 +0000] "GET / HTTP/1.1" 503 12 "-"', FindingKind.ERROR),
        ("time=x level=warn msg=slow", FindingKind.WARNING),
        ("kernel: Out of memory: Killed process 4242 (java)", FindingKind.ERROR),
        ("2024-03-01 10:00:00 INFO retry after ERROR 3", None),
        ("finished with 0 errors", None),
        ("no errors found", None),
        ("2024-03-01 10:00:00 DEBUG connection refused once, retrying", None),
        ("all is well", None),
    ],
)
def test_a_line_counts_by_the_level_that_it_declares(line: str, kind: FindingKind | None) -> None:
    found = read_log(line.encode()).findings
    assert [f.kind for f in found] == ([kind] if kind else [])


def test_prose_about_an_error_is_no_finding_but_its_code_and_its_pasted_trace_are() -> None:
    text = "Hello,\n\nsince Monday I get an error when I save, it failed three times.\n"
    assert read_message(text).findings == ()
    coded = read_message(text + "The page says SQLSTATE[42S02] Base table not found.\n")
    assert [(f.kind, f.line_no) for f in coded.findings] == [(FindingKind.CODE, 4)]
    pasted = read_message(text + JAVA.decode())
    assert FindingKind.STACK_TRACE in [f.kind for f in pasted.findings]
    assert read_message("We looked at foo(bar) and met at noon.").findings == ()


def test_the_time_window_is_what_the_log_says() -> None:
    reading = read_log(PYTHON)
    assert reading.first_stamp.startswith("2024-03-01 10:00:00")
    assert reading.last_stamp.startswith("2024-03-01 10:00:02")


def test_personal_data_and_secrets_leave_no_finding() -> None:
    reading = read_log(b"2024-03-01 10:00:00 ERROR login of jane.roe@example.org failed\n")
    assert "jane.roe" not in repr(reading)
    assert reading.findings[0].head.startswith("login of")


@pytest.mark.parametrize(
    ("data", "unread"),
    [
        (b"", Unread.EMPTY),
        (b"\x00" * 4096, Unread.EMPTY),
        (b"PK\x03\x04" + bytes(range(256)) * 20, Unread.BINARY),
        (random.Random(1).randbytes(50_000), Unread.BINARY),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, Unread.BINARY),
    ],
)
def test_what_is_no_text_is_reported_as_such(data: bytes, unread: Unread) -> None:
    assert read_log(data).unread is unread


@pytest.mark.parametrize(
    "data",
    [
        "2024-03-01 10:00:00 ERROR Größe überschritten".encode("cp1252"),
        "2024-03-01 10:00:00 ERROR Größe überschritten".encode("utf-16"),
        "2024-03-01 10:00:00 ERROR Größe überschritten".encode("utf-16-le"),
        "\ufeff2024-03-01 10:00:00 ERROR Größe überschritten".encode(),
        b"\x00" * 512 + "2024-03-01 10:00:00 ERROR Größe überschritten".encode(),
    ],
    ids=["cp1252", "utf-16", "utf-16-le", "bom", "leading-nuls"],
)
def test_encodings_met_in_the_wild_are_read(data: bytes) -> None:
    assert [f.head for f in read_log(data).findings] == ["Größe überschritten"]


def test_invalid_bytes_inside_a_log_do_not_stop_the_reading() -> None:
    data = b"fine\n" * 3000 + b"\xff\xfe\xfa broken\n2024-03-01 10:00:00 ERROR after it\n"
    assert any("after it" in f.head for f in read_log(data).findings)


def test_control_characters_and_direction_marks_never_reach_a_finding() -> None:
    data = "\x1b[31mERROR\x1b[0m: bad \x07\x08\u202etxt\u2066 \x9b end\x00\n".encode()
    (finding,) = read_log(data).findings
    assert all(character.isprintable() or character == "\n" for character in finding.text + finding.head)


@pytest.mark.parametrize(
    "data",
    [
        b"A" * 1_000_000,
        b"ERROR " + b"x" * 1_000_000,
        b"at " * 400_000,
        b"a.b$c<d>" * 120_000,
        (b" at " + b"a.b." * 400 + b"\n") * 600,
        (b'"' * 1_999 + b"\n") * 500,
        (b"1" * 1_999 + b"\n") * 500,
        (b"Exception" * 200 + b"\n") * 500,
        b"\tat a.b(C.java:1)\n" * 60_000,
        b"Traceback (most recent call last):\n" * 30_000,
        b"#1 " * 300_000,
        (b"Caused by: " * 150 + b"\n") * 600,
        b"ERROR: " * 250_000,
        b"\n" * 1_500_000,
        (b"(" * 1_000 + b")" * 999 + b"\n") * 500,
    ],
)
def test_hostile_input_is_bounded_in_time_and_in_what_it_leaves(data: bytes) -> None:
    limits = Limits(seconds=1.0)
    began = time.process_time()
    reading = read_log(data, limits=limits)
    message = read_message(data.decode(), limits=limits)
    assert time.process_time() - began < 6.0
    for found in (reading, message):
        assert len(found.findings) <= limits.max_findings
        assert all(len(finding.text) <= 5_000 and len(finding.head) <= 4_000 for finding in found.findings)


def test_each_bound_that_left_something_unread_is_said() -> None:
    assert Cut.LINE_LENGTH in read_log(b"x" * 5_000).cut
    assert Cut.LINES in read_log(b"x\n" * 50, limits=Limits(max_lines=10)).cut
    assert Cut.TIME in read_log(b"x\n" * 50, limits=Limits(seconds=-1)).cut
    many = "\n".join(f"ERROR {'x' * n} broke" for n in range(1, 40)).encode()
    assert Cut.FINDINGS in read_log(many).cut
    assert Cut.FINDINGS not in read_log(b"ERROR one\n").cut


def test_a_large_file_keeps_its_end_and_its_line_numbers() -> None:
    data = b"INFO quiet\n" * 10_000 + b"ERROR the last line\n"
    reading = read_log(data, limits=Limits(max_bytes=20_000))
    assert Cut.BYTES in reading.cut
    assert [(f.line_no, f.head) for f in reading.findings] == [(10_001, "the last line")]


def test_the_worst_findings_are_kept_when_there_are_too_many() -> None:
    warnings = b"".join(b"WARNING slow " + b"y" * n + b"\n" for n in range(1, 60))
    reading = read_log(warnings + JAVA, limits=Limits(max_findings=3))
    assert FindingKind.STACK_TRACE in [f.kind for f in reading.findings]


@pytest.mark.parametrize("system", ["Apache", "HDFS", "Linux", "OpenSSH"])
def test_real_logs_are_read_whole_and_fast(system: str) -> None:
    path = DATA / "logs" / system / f"{system}_2k.log"
    if not path.exists():
        pytest.skip("the shared log data is not here")
    began = time.process_time()
    reading = read_log(path.read_bytes(), limits=Limits(seconds=60))
    assert time.process_time() - began < 1.5
    assert reading.lines >= 2_000
    assert reading.first_stamp
    assert reading.last_stamp
    assert Cut.TIME not in reading.cut
    assert Cut.BYTES not in reading.cut
