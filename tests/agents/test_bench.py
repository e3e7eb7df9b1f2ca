"""`bench suggestions` in the small: real requests to a real server over a generated library, with every key."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from agents import bench, bench_library
from tests.conftest import Site
from triage.pipeline import STEPS


def test_suggestions_are_measured_beside_their_floor(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "REQUESTS_PER_CLIENT", 6)
    monkeypatch.setattr(bench, "WARM_UP", 2)
    monkeypatch.setattr(bench, "REPORTS", 2)
    monkeypatch.setattr(bench_library, "EMBEDDED", 6)
    out = StringIO()
    call_command("bench", "suggestions", "--passages", "24", "--clients", "2", "--workers", "1", "--json", stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert (figures["passages"], figures["clients"], figures["requests"]) == (24, 2, 12)
    assert figures["floor_p50_ms"] > 0
    assert 0 < figures["reports"]["p50_ms"] <= figures["reports"]["p95_ms"]
    assert figures["probe_recall@10"] > 0.9
    assert 0 < figures["p50_ms"] <= figures["p95_ms"]
    assert figures["rps"] > 0
    assert figures["rss_mb"] > 20
    assert set(figures["stages"]) == {"analyse", "curate", "weigh", "words", "embed", "score", "authorise"}


def test_triage_is_measured_through_a_real_worker(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_library, "EMBEDDED", 6)
    out = StringIO()
    call_command("bench", "triage", "--tickets", "4", "--passages", "24", "--workers", "1", "--json", stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert (figures["tickets"], figures["workers"], figures["failed"]) == (4, 1, 0)
    assert figures["tickets_per_s"] > 0
    assert 0 < figures["embed_share"] < 1
    assert 20 < figures["rss_mb"] < 600
    assert figures["processor_ms"]["workers"] > 0
    assert set(figures["steps"]) == {*STEPS, "embedding"}


def test_a_library_is_the_same_every_time_and_reads_like_text() -> None:
    one, other = bench_library.Writer(), bench_library.Writer()
    article = one.article()
    assert article == other.article()
    assert len(article.composed.passages) == bench_library.PASSAGES_PER_ARTICLE
    text = article.composed.passages[0].text
    assert one.question(text) == other.question(text)
    assert len(one.report(text)) == bench_library.REPORT_CHARACTERS


@pytest.mark.parametrize(
    ("what", "option"),
    [
        ("suggestions", "--passages"),
        ("suggestions", "--clients"),
        ("suggestions", "--workers"),
        ("triage", "--tickets"),
    ],
)
def test_numbers_start_at_one(what: str, option: str) -> None:
    with pytest.raises(CommandError, match="start at 1"):
        call_command("bench", what, option, "0")
