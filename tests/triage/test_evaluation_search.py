"""`evaluate search` end to end on a library of five articles, with every key that the contract names."""

import json
from io import StringIO
from pathlib import Path

import pytest
from celery import current_app
from django.core.management import CommandError, call_command

from kb.models import ArticlePage
from portal import database
from tests.conftest import Site
from triage.evaluation import knowledge

DOCUMENTS = {
    "password": ("Reset a lost password", "Open the profile page.\nPress Reset. A mail with a link comes."),
    "export": ("Nightly export stops", "The export stops when the queue is full. Empty the <export> queue & restart."),
    "denied": ("Folder cannot be written", "Windows answers 0x80070005: the folder is read only."),
    "theme": ("Change the colours of the theme", "Choose a palette in the theme editor and save it."),
    "invoice": ("Download an invoice", "Invoices stand under Billing. Press the arrow to download one."),
}
QUERIES = {
    "q1": ("I forgot my login and cannot sign in", "password"),
    "q2": ("the export queue is full", "export"),
    "q3": ("it says 0x80070005", "denied"),
    "q4": ("where do I get my invoices", "invoice"),
    "withheld-1": ("delete my account for ever", ""),
    "foreign-1": ("the weather on mars", ""),
}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    (tmp_path / "qrels").mkdir()
    corpus = [json.dumps({"_id": key, "title": title, "text": text}) for key, (title, text) in DOCUMENTS.items()]
    (tmp_path / "corpus.jsonl").write_text("\n".join(corpus))
    queries = [json.dumps({"_id": key, "text": text}) for key, (text, _) in QUERIES.items()]
    (tmp_path / "queries.jsonl").write_text("\n".join(queries))
    rows = [f"{key}\t{answer}\t1" for key, (_, answer) in QUERIES.items() if answer]
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(rows) + "\n")
    return tmp_path


def test_search_is_measured_beside_its_baselines(site: Site, dataset: Path) -> None:
    before = ArticlePage.objects.count()
    out = StringIO()
    call_command("evaluate", "search", str(dataset), "--json", stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert figures["queries"] == 6
    assert figures["hit@1"] == figures["mrr"] == figures["recall@10"] == figures["answered"] == 1.0
    assert figures["foreign_silence"] == 1.0
    assert {"hit@3", "hit@5", "ndcg@10", "withheld_silence", "ms_p50", "ms_p95"} <= set(figures)
    assert set(figures["baselines"]) == {"bm25", "dense", "rrf", "hybrid", "wagtail"}
    for name, scores in figures["baselines"].items():
        assert set(scores) == {"hit@1", "hit@5", "ndcg@10", "mrr"}, name
        assert scores["mrr"] > 0.4, name
    assert set(figures["halves"]) == {"tuned_on", "held_out"}
    assert figures["intervals"]["mrr"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert set(figures["gain"]) == set(figures["baselines"])
    for curve in (figures["foreign_curve"], figures["withheld_curve"]):
        assert set(curve) == {"relevance", "top_cosine"}
        assert set(curve["relevance"]) == {"area", *(f"silence@{share}%" for share in (99, 95, 90, 80, 70))}
    assert figures["mrr_over_hybrid"]["low"] <= figures["mrr_over_hybrid"]["difference"]
    assert ArticlePage.objects.count() == before
    assert current_app.conf.task_always_eager is False


def test_a_large_library_is_indexed_once_and_used_again_with_the_same_figures(
    site: Site, dataset: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(knowledge, "KEEP_FROM", 3)
    for kept in database.databases_like(knowledge.LIBRARY):  # by an earlier run of these tests
        database.drop_database(kept)
    figures = []
    for _again in range(2):
        out = StringIO()
        call_command("evaluate", "drafts", str(dataset), "--json", stdout=out)
        figures.append(json.loads(out.getvalue().splitlines()[-1]))
        told = capsys.readouterr().err
        assert ("indexed before by this very code" in told) is bool(_again)
        assert ("articles 5 of 5" in told) is not bool(_again)
    first, second = ({k: v for k, v in found.items() if not k.startswith("ms_")} for found in figures)
    assert first == second
    assert first["generator"] == "quotation"
    assert 1 <= len(database.databases_like(knowledge.LIBRARY)) <= knowledge.MOST_KEPT


def test_a_folder_without_the_files_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"corpus\.jsonl"):
        call_command("evaluate", "search", str(tmp_path))


def test_redaction_is_measured(tmp_path: Path) -> None:
    file = tmp_path / "spans.jsonl"
    lines = [
        {"text": "mail a@b.example now", "spans": [[5, 16, "EMAIL_ADDRESS"]]},
        {"text": "I am in Rome", "spans": [[8, 12, "GPE"]]},
        {"text": "call 780-999-2181", "spans": []},
    ]
    file.write_text("\n".join(json.dumps(line) for line in lines))
    out = StringIO()
    call_command("evaluate", "redaction", str(file), "--json", stdout=out)
    figures = json.loads(out.getvalue().splitlines()[-1])
    assert figures["per_kind"]["EMAIL_ADDRESS"] == {"spans": 1, "recall": 1.0, "precision": 1.0}
    assert figures["per_kind"]["GPE"]["recall"] == 0.0
    assert figures["false_redactions"] == 1
