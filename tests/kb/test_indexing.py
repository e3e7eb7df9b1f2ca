"""The index follows the articles through publishing, change, restriction, deletion, repeats, races, lost signals."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from wagtail.models import PageViewRestriction

from kb.models import ArticlePage, IndexedArticle, Passage, PassageVector, SourceText, TermStatistic
from kb.retrieval import embedder
from kb.retrieval.eligibility import eligible_articles, is_eligible
from kb.retrieval.indexing import IndexOutcome, index_article
from kb.retrieval.reconcile import Finding, differences, recount_statistics, statistics_drifted
from kb.tasks import reconcile_index
from kb.tree import ensure_home
from tests.conftest import Site
from tests.kb.library import index, index_differences, paragraphs, publish, rewrite


def test_a_published_article_is_indexed_once_however_often_the_task_runs(site: Site) -> None:
    page = publish("Reset a password", "Press Reset.", "A mail comes.")
    assert index(site, page, page) == [IndexOutcome.INDEXED, IndexOutcome.UNCHANGED]
    entry = IndexedArticle.objects.get(pk=page.pk)
    (passage,) = Passage.objects.filter(article_id=page.pk)
    assert entry.revision_id == page.live_revision_id
    assert entry.source_text.text[passage.start : passage.end] == "Press Reset.\n\nA mail comes."
    assert PassageVector.objects.filter(passage=passage, side=0, is_public=True).count() == 1


def test_an_article_without_a_text_of_its_own_is_found_by_title(site: Site) -> None:
    page = publish("Opening hours", body=[])
    assert index(site, page) == [IndexOutcome.INDEXED]


def test_unchanged_passages_keep_their_rows_and_vectors(site: Site) -> None:
    body = [
        ("heading", {"text": "Why", "level": "2", "anchor": ""}),
        *paragraphs("It is full."),
        ("heading", {"text": "What to do", "level": "2", "anchor": ""}),
        *paragraphs("Empty it."),
    ]
    page = publish("The queue", body=body)
    index(site, page)
    before = dict(Passage.objects.filter(article_id=page.pk).values_list("digest", "pk"))
    vectors = set(PassageVector.objects.values_list("pk", flat=True))
    page.body = [*body[:3], *paragraphs("Empty it, then restart.")]
    page.save_revision().publish()
    assert index(site, page) == [IndexOutcome.INDEXED]
    after = dict(Passage.objects.filter(article_id=page.pk).values_list("digest", "pk"))
    kept = set(before) & set(after)
    assert len(kept) == 1
    assert all(before[digest] == after[digest] for digest in kept)
    assert len(vectors & set(PassageVector.objects.values_list("pk", flat=True))) == 1


def test_source_texts_of_older_revisions_stay_for_citations(site: Site) -> None:
    page = publish("The queue", "It is full.")
    index(site, page)
    rewrite(page, "It is empty.")
    index(site, page)
    assert [source.text for source in SourceText.objects.filter(article_id=page.pk).order_by("pk")] == [
        "It is full.",
        "It is empty.",
    ]


@pytest.mark.parametrize("role", ["worker", "web", "owner"])
def test_nobody_changes_a_source_text(site: Site, role: str) -> None:
    index(site, publish("The queue", "It is full."))
    with site.as_role(role), pytest.raises((IntegrityError, DatabaseError)), transaction.atomic():
        SourceText.objects.update(text="something else")
    assert SourceText.objects.get().text == "It is full."


def test_the_web_role_cannot_write_the_index(site: Site) -> None:
    index(site, publish("The queue", "It is full."))
    with pytest.raises(DatabaseError), transaction.atomic():
        Passage.objects.all().delete()
    assert Passage.objects.exists()


def test_an_unpublished_article_leaves_the_index_and_its_texts_stay(site: Site) -> None:
    page = publish("The queue", "It is full.")
    index(site, page)
    page.unpublish()
    assert index(site, page, page) == [IndexOutcome.REMOVED, IndexOutcome.ABSENT]
    assert not Passage.objects.exists()
    assert SourceText.objects.count() == 1


def test_an_editor_may_delete_an_indexed_article(site: Site) -> None:
    page = publish("The queue", "It is full.")
    index(site, page)
    page.delete()
    with site.as_role("worker"):
        assert [d.finding for d in differences()] == [Finding.EXTRA]
        assert index_article(page.pk) == IndexOutcome.REMOVED
        assert list(differences()) == []


def test_statistics_follow_every_change_and_can_be_counted_anew(site: Site) -> None:
    first, second = publish("One queue", "alpha beta"), publish("Two", "alpha gamma")
    index(site, first, second)
    rewrite(first, "alpha delta")
    index(site, first)
    second.unpublish()
    third = publish("Three", "alpha epsilon")
    index(site, second, third)
    ArticlePage.objects.filter(pk=third.pk).update(audience="staff")
    index(site, third)
    kept = set(TermStatistic.objects.exclude(passages_0=0, titles=0).values_list("key", "audience", "passages_0"))
    with site.as_role("worker"):
        assert not statistics_drifted()
        recount_statistics()
        assert set(TermStatistic.objects.values_list("key", "audience", "passages_0")) == kept
    assert {(TermStatistic.COLLECTION, "public", 1), (TermStatistic.COLLECTION, "staff", 1)} <= kept


def test_two_processes_indexing_one_article_leave_one_set_of_rows(site: Site) -> None:
    page = publish("The queue", "It is full.")
    outcomes: list[IndexOutcome] = []

    def work() -> None:
        try:
            outcomes.append(index_article(page.pk))
        finally:
            connection.close()

    with site.as_role("worker"):
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(outcomes) == ["indexed", "unchanged", "unchanged", "unchanged"]
    assert Passage.objects.filter(article_id=page.pk).count() == 1


def test_the_sweep_finds_what_signals_missed_in_both_directions(site: Site) -> None:
    stale, gone, moved, expired = (publish(f"Article {n}", f"Text {n}.") for n in range(4))
    index(site, stale, gone, moved, expired)
    missing = publish("Late", "Never indexed.")
    rewrite(stale, "Another text.")
    gone.unpublish()
    ArticlePage.objects.filter(pk=expired.pk).update(expire_at=timezone.now() - timedelta(minutes=1))
    restricted = ensure_home().add_child(instance=type(ensure_home())(title="Internal", slug="internal"))
    PageViewRestriction.objects.create(page=restricted, restriction_type=PageViewRestriction.LOGIN)
    moved.move(restricted, pos="last-child")
    with site.as_role("worker"):
        assert {d.article_id: d.finding for d in differences()} == {
            missing.pk: Finding.MISSING,
            stale.pk: Finding.STALE,
            gone.pk: Finding.EXTRA,
            expired.pk: Finding.EXTRA,
            moved.pk: Finding.EXTRA,
        }
        assert reconcile_index() == 5
    index_differences(site)
    with site.as_role("worker"):
        assert list(differences()) == []
    assert set(IndexedArticle.objects.values_list("pk", flat=True)) == {missing.pk, stale.pk}


def test_what_an_older_version_read_is_read_again_and_not_embedded(site: Site) -> None:
    page = publish("The queue", "It is full.")
    index(site, page)
    (vector,) = PassageVector.objects.values_list("pk", flat=True)
    with site.as_role("worker"):
        IndexedArticle.objects.update(fingerprint="0.0.abc")
        Passage.objects.update(terms=[])
        assert [d.finding for d in differences()] == [Finding.STALE]
    index_differences(site)
    with site.as_role("worker"):
        assert list(differences()) == []
    assert Passage.objects.get().terms
    assert list(PassageVector.objects.values_list("pk", flat=True)) == [vector]


def test_a_change_of_audience_moves_the_vectors_out_of_the_public_index(site: Site) -> None:
    page = publish("The queue", "It is full.")
    index(site, page)
    page.audience = "staff"
    page.save_revision().publish()
    index(site, page)
    assert set(Passage.objects.values_list("audience", flat=True)) == {"staff"}
    assert set(PassageVector.objects.values_list("is_public", flat=True)) == {False}


def test_predicate_and_queryset_agree_on_every_state(site: Site) -> None:
    now = timezone.now()
    live = publish("live", "t")
    draft = publish("draft", "t")
    draft.unpublish()
    soon = publish("expires tomorrow", "t", expire_at=now + timedelta(days=1))
    due = publish("expired an hour ago", "t")
    ArticlePage.objects.filter(pk=due.pk).update(expire_at=now - timedelta(hours=1))
    flagged = publish("flagged as expired", "t")
    ArticlePage.objects.filter(pk=flagged.pk).update(expired=True)
    staff = publish("for staff", "t", audience="staff")
    private = publish("behind a password", "t")
    PageViewRestriction.objects.create(page=private, restriction_type=PageViewRestriction.PASSWORD, password="x" * 8)
    grouped = publish("for a group", "t")
    rule = PageViewRestriction.objects.create(page=grouped, restriction_type=PageViewRestriction.GROUPS)
    rule.groups.add(Group.objects.create(name="Some"))
    by_predicate = {page.title for page in ArticlePage.objects.all() if is_eligible(page, now)}
    by_queryset = set(eligible_articles(now).values_list("title", flat=True))
    assert by_predicate == by_queryset == {page.title for page in (live, soon, staff)}


def test_without_the_embedder_articles_are_indexed_by_words_and_mended_later(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    page = publish("The queue", "It is full.")
    with monkeypatch.context() as missing:
        missing.setattr(embedder, "embedder_directory", lambda _graph: tmp_path)
        assert index(site, page) == [IndexOutcome.INDEXED]
        with site.as_role("worker"):
            assert list(differences()) == []
    assert not PassageVector.objects.exists()
    with site.as_role("worker"):
        assert [d.finding for d in differences()] == [Finding.WITHOUT_VECTORS]
    index_differences(site)
    assert PassageVector.objects.count() == 1


def test_articles_in_other_languages_have_words_but_no_vectors(site: Site) -> None:
    page = publish("Bestellungen ausführen", "Der Export der Bestellungen bleibt stehen.", language="de")
    index(site, page)
    assert not PassageVector.objects.exists()
    with site.as_role("worker"):
        assert list(differences()) == []


def test_secrets_in_an_article_do_not_become_signatures_or_vectors_of_it(site: Site) -> None:
    page = publish("Keys", "ORA-00942 came with password: hunter2hunter1")
    index(site, page)
    assert Passage.objects.get().signatures == ["code:ORA-00942"]


def test_the_command_indexes_what_differs(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    publish("The queue", "It is full.")
    with site.as_role("worker"):
        call_command("reindex_articles")
        assert "1 articles" in capsys.readouterr().out
        call_command("reindex_articles")
        assert "0 articles" in capsys.readouterr().out
        call_command("reindex_articles", "--all", "--json")
    assert '"unchanged": 1' in capsys.readouterr().out
