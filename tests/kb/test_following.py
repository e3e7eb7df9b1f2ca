"""The index follows what Wagtail's own actions do with an article, by signal or by the sweep."""

from datetime import timedelta

from django.db import connection
from django.utils import timezone
from wagtail.models import PageViewRestriction

from kb.models import ArticlePage, IndexedArticle
from kb.schedule import is_due, publish_due
from kb.tree import ensure_home, ensure_section
from tests.conftest import Site
from tests.kb.library import draft, editor_named, index, index_differences, paragraphs, publish, reloaded, reviewed


def indexed() -> set[int]:
    return set(IndexedArticle.objects.values_list("pk", flat=True))


def test_a_scheduled_article_goes_out_on_its_day_and_is_found(site: Site) -> None:
    edda, lena = editor_named("Edda"), editor_named("Lena")
    page = draft(edda)
    page.go_live_at = timezone.now() + timedelta(seconds=1)
    page = reviewed(page, author=edda, reviewer=lena)
    assert not page.live
    index_differences(site)
    assert page.pk not in indexed()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1.2)")
    assert publish_due()
    assert (reloaded(page).live, reloaded(page).reviewed_by) == (True, lena)
    index_differences(site)
    assert page.pk in indexed()
    assert not is_due()
    assert not publish_due()


def test_an_article_is_taken_down_on_its_day(site: Site) -> None:
    page = publish("The queue", "It is full.")
    index(site, page)
    ArticlePage.objects.filter(pk=page.pk).update(expire_at=timezone.now() - timedelta(minutes=1))
    assert publish_due()
    assert not reloaded(page).live
    index_differences(site)
    assert indexed() == set()


def test_only_one_process_publishes_at_a_time(site: Site) -> None:
    ArticlePage.objects.filter(pk=publish("The queue").pk).update(expire_at=timezone.now() - timedelta(minutes=1))
    other = site.connect("web")
    other.execute("SELECT pg_advisory_lock(7204118002)")
    try:
        assert not publish_due()
    finally:
        other.close()
    assert publish_due()


def test_an_alias_is_not_found_twice_and_follows_its_original(site: Site) -> None:
    page = publish("The queue", "It is full.")
    alias = page.create_alias(update_slug="elsewhere")
    index(site, page)
    index_differences(site)
    assert indexed() == {page.pk}
    page.unpublish()
    index_differences(site)
    assert indexed() == set()
    assert not reloaded(alias).live


def test_a_copy_is_found_once_it_is_published(site: Site) -> None:
    edda, lena = editor_named("Edda"), editor_named("Lena")
    page = publish("The queue", "It is full.")
    copy = page.copy(update_attrs={"slug": "copied", "title": "Another queue"}, keep_live=False, user=edda)
    index(site, page)
    index_differences(site)
    assert indexed() == {page.pk}
    reviewed(reloaded(copy), author=edda, reviewer=lena)
    index_differences(site)
    assert indexed() == {page.pk, copy.pk}


def test_a_restriction_on_a_section_takes_its_articles_out_and_lifting_it_brings_them_back(site: Site) -> None:
    section = ensure_section(ensure_home(), title="Internal")
    page = publish("The queue", "It is full.")
    page.move(section, pos="last-child")
    index(site, page)
    rule = PageViewRestriction.objects.create(page=section, restriction_type=PageViewRestriction.LOGIN)
    index_differences(site)
    assert indexed() == set()
    rule.delete()
    index_differences(site)
    assert indexed() == {page.pk}


def test_moving_an_article_under_a_restriction_takes_it_out(site: Site) -> None:
    section = ensure_section(ensure_home(), title="Internal")
    PageViewRestriction.objects.create(page=section, restriction_type=PageViewRestriction.LOGIN)
    page = publish("The queue", "It is full.")
    index(site, page)
    page.move(section, pos="last-child")
    index_differences(site)
    assert indexed() == set()


def test_a_deleted_article_leaves_the_index(site: Site) -> None:
    page = publish("The queue", "It is full.")
    index(site, page)
    ArticlePage.objects.get(pk=page.pk).delete()
    index_differences(site)
    assert indexed() == set()


def test_an_approved_change_of_audience_reaches_the_index(site: Site) -> None:
    edda, lena = editor_named("Edda"), editor_named("Lena")
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    index(site, page)
    page.audience, page.body = "staff", paragraphs("It is full.")
    reviewed(page, author=edda, reviewer=lena)
    index_differences(site)
    assert IndexedArticle.objects.get().audience == "staff"
