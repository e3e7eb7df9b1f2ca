"""The demo's articles: whole, loaded by the importer, and worth reading."""

import pytest

from kb import demo
from kb.documents import Heading, KnownError, Steps
from kb.importing import Outcome
from kb.markdown import parse_article
from kb.models import ArticlePage
from kb.sources import list_paths

PATHS = list_paths(demo.ARTICLES)


@pytest.mark.parametrize("path", PATHS)
def test_each_article_reads_without_a_finding(path: str) -> None:
    text = (demo.ARTICLES / path).read_text(encoding="utf-8")
    document = parse_article(text, path=path, known_paths=frozenset(PATHS))
    assert document.findings == ()
    assert document.summary
    assert document.author
    assert any(isinstance(block, Heading | Steps) for block in document.blocks)


def test_error_codes_are_known_errors() -> None:
    path = "backups/hf-2104-vault-locked.md"
    document = parse_article(
        (demo.ARTICLES / path).read_text(encoding="utf-8"), path=path, known_paths=frozenset(PATHS)
    )
    assert KnownError("HF-2104: vault is locked by another session") in document.blocks


@pytest.mark.django_db
def test_loading_twice_changes_nothing(django_user_model: type) -> None:
    editor = django_user_model.objects.create_user("e@example.org", "x", display_name="Edda")  # type: ignore[attr-defined]
    editor.groups.add(demo.ensure_editors())
    first, second = demo.load(actor=editor), demo.load(actor=editor)
    assert first.count(Outcome.CREATED) == len(PATHS)
    assert second.count(Outcome.UNCHANGED) == len(PATHS)
    assert ArticlePage.objects.filter(live=True, audience="public").count() >= 12
    assert ArticlePage.objects.filter(audience="staff").exists()


@pytest.mark.django_db
def test_editors_may_publish_articles_and_nothing_at_the_root(django_user_model: type) -> None:
    editor = django_user_model.objects.create_user("e@example.org", "x")  # type: ignore[attr-defined]
    editor.groups.add(demo.ensure_editors())
    demo.ensure_editors()
    demo.load(actor=None)
    article = ArticlePage.objects.first()
    assert article is not None
    tester = article.permissions_for_user(editor)
    assert tester.can_edit()
    assert tester.can_publish()
    root = article.get_root().permissions_for_user(editor)
    assert not root.can_add_subpage()
