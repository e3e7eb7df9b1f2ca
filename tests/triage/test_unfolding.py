"""Records on one line are read as the lines that they stand for; what does not parse stays as it is."""

import pytest

from triage.logs import FindingKind, read_log
from triage.mentions import find_hosts, find_versions
from triage.unfolding import unfold


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ('{"level":"error","msg":"payment refused","order":17}', ["ERROR payment refused order=17"]),
        (
            '{"level":50,"time":1709287200123,"err":{"stack":"TypeError: x\\n    at foo (/a.js:1:2)"},"msg":"failed"}',
            ["2024-03-01T10:00:00Z ERROR failed", "TypeError: x", "    at foo (/a.js:1:2)"],
        ),
        ('{"PRIORITY":"3","MESSAGE":"disk full"}', ["ERROR disk full"]),
        ('{"log":"2024-03-01 10:00:00 ERROR boom\\n","stream":"stderr"}', ["2024-03-01 10:00:00 ERROR boom"]),
        ('{"@timestamp":"2024-03-01T10:00:00Z","message":"slow"}', ["2024-03-01T10:00:00Z slow"]),
        ('time="2024-03-01T10:00:00Z" level=warning msg="no \\"disk\\""', ['2024-03-01T10:00:00Z WARN no "disk"']),
        ("ts=1709287200 level=error msg=refused code=E42", ["2024-03-01T10:00:00Z ERROR refused code=E42"]),
        ("2024-03-01T10:00:00.1Z stderr F panic: x", ["2024-03-01T10:00:00.1Z panic: x"]),
        (
            'h app[1]: boom#012Traceback (most recent call last):#012  File "a.py", line 3',
            ["h app[1]: boom", "Traceback (most recent call last):", '  File "a.py", line 3'],
        ),
        ("ERROR boom\\n\\tat a.B.c(B.java:1)\\n\\tat a.D.e(D.java:2)", ["ERROR boom", "\tat a.B.c(B.java:1)"]),
    ],
)
def test_a_record_is_the_lines_that_it_stands_for(line: str, lines: list[str]) -> None:
    found = unfold(line)
    assert found is not None
    assert found[: len(lines)] == lines


@pytest.mark.parametrize(
    "line",
    [
        "",
        "plain",
        "{not json}",
        "{}",
        '{"a":1}',
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        "set level=error of x",
        "C:\\new",
    ],
)
def test_what_does_not_parse_stays(line: str) -> None:
    assert unfold(line) is None


def test_a_record_keeps_its_place_and_its_count() -> None:
    log = '{"level":"info","msg":"on"}\n' + '{"level":"error","msg":"order 1 refused","code":"E_ORDER_CLOSED"}\n' * 3
    (finding,) = read_log(log.encode()).findings
    assert (finding.kind, finding.line_no, finding.count) == (FindingKind.ERROR, 2, 3)
    assert "E_ORDER_CLOSED" in finding.codes


def test_indented_lines_below_an_error_are_its_own() -> None:
    log = b"2024-03-01 10:00:00 ERROR config invalid\n  key: retries\n  value: failed\n2024-03-01 10:00:01 INFO on\n"
    (finding,) = read_log(log).findings
    assert finding.text.splitlines()[1:] == ["  key: retries", "  value: failed"]


def test_findings_of_one_template_are_one_with_their_count() -> None:
    lines = [
        f"2024-03-01 10:00:{n:02} ERROR upload by {name} to /srv/{n} failed" for n, name in enumerate("abcdefghij")
    ]
    (finding,) = read_log("\n".join(lines).encode()).findings
    assert (finding.count, finding.template, finding.line_no) == (10, "upload by <*> to <*> failed", 1)


def test_lines_of_different_encodings_are_each_read_in_their_own() -> None:
    lines = ["ERROR Größe".encode(), "ERROR Länge".encode("cp1252"), b"INFO x"] * 3_000
    assert {f.head for f in read_log(b"\n".join(lines)).findings} == {"Größe", "Länge"}


def test_versions_and_hosts_are_read_as_they_are_named() -> None:
    lines = [
        "Starting Magento 2.4.6-p1 on Python 3.11.4, go1.21.3",
        "nginx/1.18.0 (Ubuntu), PostgreSQL version 16.2",
        "HTTP/1.1 took 1.5 s from 10.0.0.1 at Order.java:41",
        "Jun 14 15:16:01 web-1 app[1]: cannot reach db1.example.com:5432",
        "GET https://api.example.com/x host=cache7 failed",
    ]
    versions = {"Magento 2.4.6-p1", "Python 3.11.4", "go 1.21.3", "nginx 1.18.0", "PostgreSQL 16.2"}
    assert set(find_versions(lines)) == versions
    assert set(find_hosts(lines)) == {"web-1", "db1.example.com", "api.example.com", "cache7"}
    reading = read_log("\n".join(lines).encode())
    assert set(reading.versions) == versions
    assert "db1.example.com" in reading.hosts


def test_marks_name_a_fault_by_its_code_and_by_its_template() -> None:
    (finding,) = read_log(b"2024-03-01 10:00:00 ERROR ORA-00942: table or view 17 does not exist").findings
    assert "code:ORA-00942" in finding.marks
    assert any(mark.startswith("template:") for mark in finding.marks)
