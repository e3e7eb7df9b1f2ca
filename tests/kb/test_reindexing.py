"""Indexing does no work twice: what stands is not embedded again, and a run that was stopped goes on where it was."""

import json
from collections.abc import Sequence
from functools import partial

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pgvector import HalfVector

from kb.management.commands import reindex_articles
from kb.models import (
    ArticlePage,
    Generation,
    GenerationEntry,
    IndexedArticle,
    Passage,
    PassageVector,
    TermStatistic,
)
from kb.retrieval import bulk
from kb.retrieval.bulk import Meter
from kb.retrieval.embedder import DIMENSIONS, Vectors, embed_texts
from kb.retrieval.indexing import Embed, IndexOutcome, index_article, index_articles
from kb.retrieval.reconcile import recount_statistics, statistics_drifted
from kb.retrieval.writing import vector_text
from tests.conftest import Site
from tests.kb import library
from tests.kb.library import Blocks, index, paragraphs, publish


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that the embedder is given, in order; it embeds them all the same."""
    given: list[str] = []

    class Recording(Meter):
        def __call__(self, texts: Sequence[str], *, embedder: str) -> Vectors:
            given.extend(texts)
            return super().__call__(texts, embedder=embedder)

    monkeypatch.setattr(bulk, "Meter", Recording)
    monkeypatch.setattr(library, "index_article", partial(index_article, embed=Recording()))
    return given


def sections(*texts: str) -> Blocks:
    body: Blocks = []
    for number, text in enumerate(texts):
        body += [("heading", {"text": f"Part {number}", "level": "2", "anchor": ""}), *paragraphs(text)]
    return body


def change(page: ArticlePage, **fields: object) -> None:
    for name, value in fields.items():
        setattr(page, name, value)
    page.save_revision().publish()


def test_only_the_passages_that_changed_are_embedded_again(site: Site, embedded: list[str]) -> None:
    page = publish("The queue", body=sections("It is full.", "Empty it.", "Restart it."))
    index(site, page)
    assert len(embedded) == 3
    embedded.clear()
    change(page, body=sections("It is full.", "Empty it twice.", "Restart it."))
    assert index(site, page) == [IndexOutcome.INDEXED]
    assert len(embedded) == 1
    assert "Empty it twice." in embedded[0]


@pytest.mark.parametrize(
    ("field", "value"), [("audience", "staff"), ("labels", ["queue"]), ("author", "Ines"), ("versions", ["6.2"])]
)
def test_a_change_beside_the_text_embeds_nothing(site: Site, embedded: list[str], field: str, value: object) -> None:
    page = publish("The queue", body=sections("It is full.", "Empty it."))
    index(site, page)
    embedded.clear()
    change(page, **{field: value})
    index(site, page)
    assert embedded == []


def test_sections_in_another_order_or_one_less_embed_nothing(site: Site, embedded: list[str]) -> None:
    first, second, third = (sections("a", "b", "c")[at : at + 2] for at in (0, 2, 4))
    page = publish("The queue", body=[*first, *second, *third])
    index(site, page)
    embedded.clear()
    for body in ([*third, *first, *second], [*first, *second]):
        change(page, body=body)
        assert index(site, page) == [IndexOutcome.INDEXED]
    assert embedded == []
    assert PassageVector.objects.count() == 2


def test_a_run_that_was_stopped_goes_on_where_it_was(
    site: Site, embedded: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(5):
        publish(f"Article {number}", f"Text {number}.")

    def stop_after_two(ids: Sequence[int], *, into: Generation | None, embed: Embed) -> dict[int, IndexOutcome]:
        if IndexedArticle.objects.count() == 2:
            raise KeyboardInterrupt
        return index_articles(ids, into=into, embed=embed)

    with site.as_role("worker"):
        with monkeypatch.context() as pressed:
            pressed.setattr(bulk, "index_articles", stop_after_two)
            with pytest.raises(CommandError, match="2 of 5 articles, 2 passages embedded") as stopped:
                call_command("reindex_articles", "--jobs", "1")
        assert stopped.value.returncode == reindex_articles.INTERRUPTED
        call_command("reindex_articles", "--json")  # with more threads than one
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["indexed"], told["embedded"]) == (3, 3)
    assert told["rate"] > 0
    assert len(embedded) == len(set(embedded)) == 5


def test_threads_index_as_one_would(site: Site) -> None:
    pages = [publish(f"Article {number}", f"The same words, and number {number}.") for number in range(6)]
    with site.as_role("worker"):
        call_command("reindex_articles", "--jobs", "3")
        assert not statistics_drifted()
        kept = dict(TermStatistic.objects.exclude(passages_0=0, titles=0).values_list("key", "passages_0"))
        recount_statistics()
        assert dict(TermStatistic.objects.values_list("key", "passages_0")) == kept
    assert PassageVector.objects.count() == len(pages)


Row = tuple[object, ...]


def rows() -> list[list[Row]]:
    """All that the index holds, by content."""
    passages = Passage.objects.order_by("article_id", "position").values_list(
        *("article_id", "side", "position", "start", "end", "digest", "heading_path", "anchor", "audience", "terms"),
        *("weights", "signatures", "source_text__text", "vector__is_public", "vector__vector"),
    )
    manifests = IndexedArticle.objects.order_by("pk").values_list(
        "pk", "fingerprint", "source_text__digest", "title_terms", "audience", "published_at"
    )
    entries = GenerationEntry.objects.order_by("pk").values_list("article_id", "fingerprint", "embedder", "passages")
    counted = TermStatistic.objects.exclude(passages_0=0, titles=0)
    statistics = counted.order_by("key", "audience").values_list("key", "audience", "passages_0", "titles")
    return [[tuple(map(str, row)) for row in table] for table in (passages, manifests, entries, statistics)]


def test_many_at_once_leave_the_rows_that_each_alone_leaves(site: Site) -> None:
    body = sections("It is full.", "ORA-00942 came, and <b>SQLSTATE[42S02]</b>.", "Restart it.")
    pages = [
        publish("The queue", body=body),
        publish("The other queue", body=body, audience="staff"),
        publish("Bestellungen", "Der Export bleibt stehen.", language="de"),
        publish("Opening hours", body=[]),
        publish("Gone", "It is full."),
    ]
    ids = [page.pk for page in pages]
    with site.as_role("worker"):
        index_articles(ids)
    pages[4].unpublish()
    change(pages[0], body=body[2:])
    change(pages[1], audience="public")
    with site.as_role("worker"):
        assert index_articles([*ids, 0]) == dict(
            zip(
                [*ids, 0],
                [*["indexed"] * 2, *["unchanged"] * 2, "removed", "absent"],
                strict=True,
            )
        )
        together = rows()
        assert not statistics_drifted()
        for table in (PassageVector, Passage, GenerationEntry, IndexedArticle):
            table.objects.all().delete()
        recount_statistics()
        for article_id in ids:
            index_article(article_id)
    assert rows() == together


def test_no_transaction_stands_open_while_the_embedder_works(site: Site) -> None:
    page = publish("The queue", "It is full.")
    stood_open = []

    def embed(texts: Sequence[str], *, embedder: str) -> Vectors:
        stood_open.append(connection.in_atomic_block)
        return embed_texts(texts, embedder=embedder)

    with site.as_role("worker"):
        index_articles([page.pk], embed=embed)
    assert stood_open == [False]


def test_a_vector_is_stored_as_it_was_made() -> None:
    chance = np.random.default_rng(7)
    for scale in (1.0, 1e-3, 1e-7):
        vector = (chance.normal(size=DIMENSIONS) * scale).astype(np.float32)
        read = HalfVector.from_text(vector_text(vector)).to_numpy()
        assert np.array_equal(read, vector.astype(np.float16))
