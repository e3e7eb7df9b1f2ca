"""What is taken out of a text, and what a diagnosis needs and keeps."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.redaction import Kind, redact
from triage.evaluation.redaction import run
from triage.evaluation.report import as_json


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Write to uma.b+x@mail.example.org, please.", "Write to [EMAIL], please."),
        ("My card 4111 1111 1111 1111 was charged twice", "My card [CARD] was charged twice"),
        ("IBAN GB59IFUE40226315499137.", "IBAN [IBAN]."),
        ("SSN 853-37-1694", "SSN [SSN]"),
        ("login from 41.173.96.26 port 22", "login from [IP] port 22"),
        ("host 6e40:4041:c617:e898:c11:40d2:c669:2eb4 is up", "host [IP] is up"),
        ("host 2a01:4f8:c17:b8f::2 is up", "host [IP] is up"),
        ("call me on 780-999-2181", "call me on [PHONE]"),
        ("Mobile: +41 (0)96 471 07 95", "Mobile: [PHONE]"),
        ("fax 345-899-3560x4587", "fax [PHONE]"),
        ("password: hunter2!x", "password: [SECRET]"),
        ("DB_PASSWORD=s3cr3t-Val", "DB_PASSWORD=[SECRET]"),
        ("api_key = 'abc123def456'", "api_key = '[SECRET]'"),
        ("Authorization: Bearer abcdef123456.x", "Authorization: Bearer [SECRET]"),
        ("postgres://uma:tops3cret@db/site", "postgres://uma:[SECRET]@db/site"),
        ("key AKIAIOSFODNN7EXAMPLE leaked", "key [SECRET] leaked"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "[SECRET]"),
        ("My name is Uma Berg and I cannot log in", "My name is [NAME] and I cannot log in"),
        ("It works.\n\nKind regards,\nUma Berg", "It works.\n\nKind regards,\n[NAME]"),
        ("Desk: 5403926876", "Desk: [PHONE]"),
        ("Mobile: 03.93.92.16.85", "Mobile: [PHONE]"),
        ("my registered 0961-7596216 is dead", "my registered [PHONE] is dead"),
        ("my driver's license number is 2270-66-1551", "my driver's license number is [LICENSE]"),
        ("iban gb59ifue40226315499137", "iban [IBAN]"),
        ("I live at 24 Main Street, Apt 3", "I live at [ADDRESS], Apt 3"),
    ],
)
def test_what_identifies_or_unlocks_is_taken_out(text: str, redacted: str) -> None:
    assert redact(text).text == redacted


@pytest.mark.parametrize(
    "text",
    [
        "Adobe Commerce 2.4.3-p1 and 2.1.11-2.1.18 are affected",
        "SQLSTATE[42S02], 0x80070005 and ORA-00942",
        "commit 53aa51172d142c89d9012cce15ae4d6cc0ca6895 broke it",
        "081109 203615 148 INFO dfs.DataNode: Receiving block blk_38865049064139660",
        "2024-05-17 12:31:07 connection to 10.0.0.7 and 127.0.0.1 lost",
        "from 82-68-222-195.dsl.in-addr.example",
        "https://support.example.com/hc/articles/360050139631",
        "The password: required field. Password is wrong",
        "version 10.12.14.1 of the tool",
        "order 1234567890123 was not shipped",
        "Dear team, hello all",
        "password: ********",
        "Chromium: 114.0.5735.289 and gitlens|eam|2023.8.3005",
        "nvidia-cudnn-cu11==8.6.0.163 and cuDNN 8.6.0.163",
        "UNC host '172.25.30.27' access",
        "size_0 = 1250999896764",
        "image.jpg?v=ab371b6e8fca2cee905d1b9f828ac0d8",
        "DE37 ab371b6e8fca2cee905d1b9f828ac0d8",
        "def f(query: string, token: CancellationToken): Provider",
        "sid = h5s.create_simple(shape, maxshape)",
        "repeat value to: [0 0 1 1 2 2 3 4]",
        "66 2e 0f 1f 84 00 00 00 00 00 66 90",
        "a sample of 4000 300x300 images",
        "67.500 30.000 60.000",
    ],
)
def test_what_a_diagnosis_needs_is_kept(text: str) -> None:
    assert redact(text).text == text


def test_a_private_key_goes_whole_even_when_it_is_cut_off() -> None:
    text = "see -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc"
    assert redact(text).text == "see [PRIVATE KEY]"


def test_spans_name_the_original_places_and_kinds() -> None:
    text = "a@example.org and 853-37-1694"
    spans = redact(text).spans
    assert [(text[s.start : s.end], s.kind) for s in spans] == [
        ("a@example.org", Kind.EMAIL_ADDRESS),
        ("853-37-1694", Kind.US_SSN),
    ]


@given(st.text(max_size=400))
def test_spans_never_overlap_and_the_rest_is_kept(text: str) -> None:
    result = redact(text)
    kept, position = [], 0
    for span in result.spans:
        assert span.start >= position
        kept.append(text[position : span.start])
        position = span.end
    kept.append(text[position:])
    assert all(part in result.text for part in kept)


def test_a_hundred_kilobytes_of_log_take_less_than_a_second() -> None:
    line = (
        "2024-05-17 12:31:07 host sshd[23047]: connection from 211.57.88.250 port 4566 key=abcdef12 user a@b.example\n"
    )
    assert len(redact(line * 1000).spans) >= 2000


def test_the_labelled_texts_are_redacted_without_false_alarms(shared_data: Path) -> None:
    figures = json.loads(as_json(run({"file": shared_data / "pii" / "spans.jsonl"})))
    per_kind = figures["per_kind"]
    assert figures["false_redactions"] == 0
    pooled, beside = figures["structured"]["pooled"], figures["beside"]
    assert pooled["recall"] >= 0.98
    assert pooled["precision"] >= 0.97
    for name in ("issues", "logs"):
        taken = beside.get(name, {})
        assert (taken.get("lost_versions", 0), taken.get("lost_hashes", 0), taken.get("lost_codes", 0)) == (0, 0, 0)
    for kind, least in [
        ("EMAIL_ADDRESS", 1.0),
        ("CREDIT_CARD", 1.0),
        ("US_SSN", 1.0),
        ("IBAN_CODE", 0.95),
        ("PHONE_NUMBER", 0.9),
    ]:
        assert per_kind[kind]["recall"] >= least, kind


@pytest.mark.parametrize("filler", ["a.", "a@", "1 ", "a-", "ab:", "password ", "://", "0:", "A1 ", "+1("])
def test_no_text_makes_it_slow(filler: str) -> None:
    """Patterns that look back over all they have read take minutes where these take a moment."""
    began = time.process_time()
    redact(filler * (60_000 // len(filler)))
    assert time.process_time() - began < 5
