"""A site stocked with a small library: imported and indexed once a worker, cloned for each test that changes it."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django.plugin import DjangoDbBlocker

from kb.retrieval.embedder import EmbedderUnavailable, get_embedder
from portal import database
from tests.conftest import SITE_ROLES, Site
from tests.triage.library import stock, write_library


@pytest.fixture(scope="session")
def stocked_database(
    template: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The name of a database that holds the library, with nobody connected."""
    try:
        get_embedder()
    except EmbedderUnavailable:
        pytest.skip("the embedder is not installed here; `make setup` fetches it")
    name = f"handrail_stocked_{os.getpid()}_{secrets.token_hex(4)}"
    database.clone_template(name, roles=SITE_ROLES)
    folder = tmp_path_factory.mktemp("stock") / "library"
    folder.mkdir()
    try:
        with django_db_blocker.unblock(), database.using(role="web", database=name):
            stock(Site(name), folder)
        yield name
    finally:
        database.drop_database(name)


@pytest.fixture
def stocked(stocked_database: str, library: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """A stocked site of one test's own, with real commits, as the web role."""
    name = f"handrail_site_{os.getpid()}_{secrets.token_hex(4)}"
    database.clone_template(name, roles=SITE_ROLES, template=stocked_database)
    try:
        with django_db_blocker.unblock(), database.using(role="web", database=name):
            yield Site(name)
    finally:
        database.drop_database(name)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """The folder that the library is imported from, to change and import again."""
    folder = tmp_path / "library"
    folder.mkdir()
    write_library(folder)
    return folder
