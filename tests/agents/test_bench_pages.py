"""`bench pages`: every address of ours is measured or left out for a reason, and every page of the list answers."""

from collections.abc import Iterator

import pytest
from django.conf import global_settings
from django.core.management import CommandError, call_command
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from agents import bench_pages
from agents.bench_kinds import CMS, CONSOLE, KINDS, UNMEASURED, Who
from kb.retrieval.embedder import EmbedderUnavailable, get_embedder
from tests.conftest import Site

OURS = {"portal", "kb", "agents"}


def _names(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    """The names of our own addresses: those of our namespaces, and those without one that the project adds itself."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace in OURS:
                yield from _names(pattern, f"{pattern.namespace}:")
        elif isinstance(pattern, URLPattern) and pattern.name:
            yield f"{namespace}{pattern.name}"


def test_every_address_is_measured_or_left_out_for_a_reason() -> None:
    measured = {kind.route for kind in KINDS}
    undecided = set(_names(get_resolver())) - measured - set(UNMEASURED)
    assert not undecided, f"add these to agents/bench_kinds.py: {sorted(undecided)}"
    assert not measured & set(UNMEASURED)
    assert all(reason.strip() for reason in UNMEASURED.values())


def test_an_address_that_nobody_decided_about_would_be_seen() -> None:
    known = set(_names(get_resolver()))
    assert {"portal:home", "kb:search", "agents:queue", "healthz"} <= known
    assert not known & {"admin:index", "wagtailadmin_home"}


def test_the_pages_of_articles_and_accounts_are_among_them() -> None:
    routes = {kind.route for kind in KINDS}
    assert {"wagtail_serve", "account_login", "account_signup", "account_reset_password"} <= routes
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert {kind.who for kind in KINDS if kind.group == CONSOLE} <= {Who.REP, Who.LEAD}
    assert {kind.who for kind in KINDS if kind.group == CMS} == {Who.EDITOR}


def test_every_kind_of_page_answers_and_is_counted(
    site: Site, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        get_embedder()
    except EmbedderUnavailable:
        pytest.skip("the embedder is not installed here; `make setup` fetches it")
    # The server is a process of its own, with the product's way of naming static files and of keeping passwords.
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    manifest = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": manifest}
    monkeypatch.setattr(bench_pages, "REQUESTS", 2)
    monkeypatch.setattr(bench_pages, "WARM_UP", 1)
    figures = bench_pages.bench_pages(None).figures
    pages, cms = figures["pages"], figures["cms"]
    assert isinstance(pages, dict)
    assert isinstance(cms, dict)
    assert set(pages) | set(cms) == {kind.name for kind in KINDS}
    for row in (*pages.values(), *cms.values()):
        assert set(row) == {"p50_ms", "p95_ms", "cpu_ms", "queries", "bytes", "target"}
        assert row["p95_ms"] >= row["cpu_ms"] > 0
    assert pages["queue, to answer"]["queries"] > 5
    assert pages["search, found"]["bytes"] > 2_000
    assert sum(row["target"] == "over" for row in pages.values()) == figures["over_target"]


def test_a_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(CommandError, match="is no directory"):
        call_command("bench", "pages", "--articles", "/no/such/folder")
