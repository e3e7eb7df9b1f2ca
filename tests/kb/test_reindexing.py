"""Indexing does no work twice: what stands is not embedded again, and a run that was stopped goes on where it was."""

import json
from collections.abc import Sequence
from functools import partial

import pytest
from django.core.management import CommandError, call_command

from kb.management.commands import reindex_articles
from kb.models import ArticlePage, Generation, IndexedArticle, PassageVector, TermStatistic
from kb.retrieval import bulk
from kb.retrieval.bulk import Meter
from kb.retrieval.embedder import Vectors
from kb.retrieval.indexing import Embed, IndexOutcome, index_article
from kb.retrieval.reconcile import recount_statistics, statistics_drifted
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

    def stop_after_two(article_id: int, *, into: Generation | None, embed: Embed) -> IndexOutcome:
        if IndexedArticle.objects.count() == 2:
            raise KeyboardInterrupt
        return index_article(article_id, into=into, embed=embed)

    with site.as_role("worker"):
        with monkeypatch.context() as pressed:
            pressed.setattr(bulk, "index_article", stop_after_two)
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
