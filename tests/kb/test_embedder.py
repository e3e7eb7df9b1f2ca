"""The embedder: the published vectors, independent of company and without secrets; absent, it says so in one line."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings

from kb.retrieval import embedder, embedder_setup
from kb.retrieval.embedder import DIMENSIONS, EmbedderUnavailable, embed_query, embed_texts


def test_the_vectors_are_those_of_the_published_model() -> None:
    """The first values that the model's page gives for this sentence, as far as int8 keeps them."""
    vector = embed_texts(["This is an example sentence"])[0]
    assert vector[:4] == pytest.approx([0.0677, 0.0635, 0.0487, 0.0793], abs=0.02)


def test_vectors_have_unit_length_and_shape() -> None:
    vectors = embed_texts(["one", "a much longer text about exports " * 60])
    assert vectors.shape == (2, DIMENSIONS)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1], abs=1e-3)
    assert embed_texts([]).shape == (0, DIMENSIONS)


def test_a_vector_does_not_depend_on_its_neighbours() -> None:
    alone = embed_texts(["reset my password"])[0]
    beside = embed_texts(["an entirely different and longer text about invoices", "reset my password"])[1]
    assert (alone == beside).all()


def test_meaning_is_nearer_than_words() -> None:
    question, answer, other = embed_texts(
        ["I forgot how to sign in", "Reset a lost password", "Sign the contract in the office"]
    )
    assert question @ answer > question @ other


def test_secrets_never_reach_the_model() -> None:
    with_secret, without = embed_texts(["my card is 4111 1111 1111 1111", "my card is [CARD]"])
    assert (with_secret == without).all()


def test_of_a_long_report_the_beginning_and_the_end_are_read() -> None:
    middle = "then I clicked on another button of the page and waited for a while. " * 30
    start, end = "The nightly export of all the orders stops. ", "Actual result: the file that arrives is empty. " * 9
    vectors = [embed_query(start + middle * times + end) for times in (1, 3)]
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-3)
    assert vectors[0] @ embed_query(start + middle) < 0.9
    assert (embed_query("short") == embed_texts(["short"])[0]).all()


def test_without_its_files_it_says_what_is_missing(settings: LazySettings, tmp_path: Path) -> None:
    settings.HANDRAIL_EMBEDDER_DIR = ""
    settings.HANDRAIL_DATA = tmp_path
    with pytest.raises(EmbedderUnavailable, match="make setup"):
        embed_texts(["anything"])


def test_files_with_another_digest_are_thrown_away(tmp_path: Path) -> None:
    for name in embedder_setup.DIGESTS:
        (tmp_path / name).write_bytes(b"not the model")
    with pytest.raises(embedder_setup.FetchError, match="not the published file"):
        embedder_setup.prepare(tmp_path, None)
    assert not (tmp_path / embedder.GRAPH_FILE).exists()


def test_set_up_that_cannot_fetch_says_so_in_one_line_and_goes_on(
    settings: LazySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.HANDRAIL_DATA = tmp_path / "data"
    settings.HANDRAIL_EMBEDDER_DIR = str(tmp_path)
    assert embedder_setup.main() == 0
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "lexical" in said


def test_set_up_does_nothing_when_the_graph_is_there(
    settings: LazySettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / embedder.GRAPH_FILE).write_bytes(b"")
    settings.HANDRAIL_DATA = tmp_path
    settings.HANDRAIL_EMBEDDER_DIR = ""
    assert embedder_setup.main() == 0
    assert capsys.readouterr().out == ""


def test_importing_search_leaves_the_runtime_alone() -> None:
    """A web server imports the site and then forks; its children hang at their end if the runtime was loaded before."""
    code = (
        "import os, sys, django; django.setup(); import kb.search, kb.tasks, portal.urls;"
        "assert 'onnxruntime' not in sys.modules; pid = os.fork();"
        "sys.exit(0) if pid == 0 else sys.exit(os.waitpid(pid, 0)[1])"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    finished = subprocess.run([sys.executable, "-c", code], env=environment, timeout=60, check=False)
    assert finished.returncode == 0


def test_the_lock_names_the_model_by_its_hash_and_no_address() -> None:
    lock = embedder_setup.LOCK_FILE.read_text()
    assert "--hash=sha256:" in lock
    assert "://" not in lock
