"""Nothing goes live in words that only their author has read, by whatever road; and the record says who approved."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone
from wagtail.actions.publish_page_revision import PublishPageRevisionAction
from wagtail.models import Page, Revision

from kb.errors import OwnWorkError
from kb.models import ArticleApproval, ArticleIndexPage, ArticlePage
from kb.review import confirm_still_right
from kb.tree import ensure_home
from portal.models import User
from tests.kb.library import approve, draft, editor_named, paragraphs, publish, reloaded, reviewed, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def edda() -> User:
    return editor_named("Edda")


@pytest.fixture
def lena() -> User:
    return editor_named("Lena")


def test_a_second_person_approves_and_the_article_says_so(edda: User, lena: User) -> None:
    page = draft(edda)
    assert not reloaded(page).live
    page = reviewed(page, author=edda, reviewer=lena)
    approval = ArticleApproval.objects.get()
    assert (page.live, page.reviewed_by, page.reviewed_on) == (True, lena, timezone.localdate())
    assert (approval.revision_id, approval.approved_by, approval.basis) == (page.live_revision_id, lena, "review")
    assert page.written_by == "Edda"


def test_the_author_cannot_approve(edda: User) -> None:
    page = draft(edda)
    with pytest.raises(OwnWorkError), transaction.atomic():
        approve(submit(page, author=edda), reviewer=edda)
    assert not reloaded(page).live
    assert not ArticleApproval.objects.exists()


def test_an_administrator_who_wrote_it_cannot_approve_either(lena: User) -> None:
    root = User.objects.create_superuser("root@example.org", "a-password")
    page = draft(root)
    state = submit(page, author=root)
    assert list(state.task.specific.get_actions(reloaded(page), root)) == []
    with pytest.raises(OwnWorkError), transaction.atomic():
        approve(state, reviewer=root)
    approve(state, reviewer=lena)
    assert reloaded(page).live


def test_whoever_wrote_a_part_since_the_last_approval_cannot_approve(edda: User, lena: User) -> None:
    third = editor_named("Tomas")
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    page.save_revision(user=lena)
    state = submit(reloaded(page), author=edda)
    with pytest.raises(OwnWorkError), transaction.atomic():
        approve(state, reviewer=lena)
    approve(state, reviewer=third)
    assert reloaded(page).reviewed_by == third


def test_who_wrote_an_older_approved_text_may_approve_the_next(edda: User, lena: User) -> None:
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    page.body = paragraphs("It is empty.")
    page = reviewed(page, author=lena, reviewer=edda)
    assert (page.live_revision.user, page.reviewed_by) == (lena, edda)


def test_nobody_changes_a_text_of_theirs_while_it_is_read(edda: User, lena: User) -> None:
    page = draft(edda)
    submit(page, author=edda)
    lock = reloaded(page).get_lock()
    assert lock.for_user(edda)
    assert not lock.for_user(lena)


def publish_action(page: ArticlePage, by: User) -> None:
    PublishPageRevisionAction(page.get_latest_revision(), user=by).execute(skip_permission_checks=True)


def publish_revision(page: ArticlePage, by: User) -> None:
    page.get_latest_revision().publish(user=by)


def publish_for_nobody(page: ArticlePage, by: User) -> None:
    page.get_latest_revision().publish()


def publish_bulk(page: ArticlePage, by: User) -> None:
    from wagtail.admin.views.pages.bulk_actions.publish import PublishBulkAction

    PublishBulkAction.execute_action([page], user=by)


def schedule(page: ArticlePage, by: User) -> None:
    page.go_live_at = timezone.now() + timedelta(days=1)
    page.save_revision(user=by).publish(user=by)


def scheduled_before(page: ArticlePage, by: User) -> None:
    page.save_revision(user=by, approved_go_live_at=timezone.now() - timedelta(minutes=1))


def live_at_once(page: ArticlePage, by: User) -> None:
    ensure_home().add_child(instance=ArticlePage(title="Another", owner=by))


def live_by_hand(page: ArticlePage, by: User) -> None:
    Page.objects.filter(pk=page.pk).update(live=True)


def copied_live(page: ArticlePage, by: User) -> None:
    source = publish("Approved of nobody's")
    source.copy(update_attrs={"title": page.title, "slug": "copied"}, keep_live=True, user=by)


ROADS: list[Callable[[ArticlePage, User], None]] = [
    publish_action,
    publish_revision,
    publish_for_nobody,
    publish_bulk,
    schedule,
    scheduled_before,
    live_at_once,
    live_by_hand,
    copied_live,
]


@pytest.mark.parametrize("road", ROADS, ids=lambda road: road.__name__)
@pytest.mark.parametrize("who", ["author", "another editor", "administrator"])
def test_no_road_goes_round_the_review(edda: User, lena: User, road: Callable[..., None], who: str) -> None:
    page = draft(edda)
    page.save_revision(user=edda)
    root = User.objects.create_superuser("root@example.org", "a-password")
    with pytest.raises(IntegrityError), transaction.atomic():
        road(reloaded(page), {"author": edda, "another editor": lena, "administrator": root}[who])
    assert not ArticlePage.objects.filter(live=True).exclude(title="Approved of nobody's").exists()


def test_a_new_revision_of_a_live_article_needs_its_own_review(edda: User, lena: User) -> None:
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    page.body = paragraphs("Something else.")
    revision = page.save_revision(user=edda)
    with pytest.raises(IntegrityError), transaction.atomic():
        revision.publish(user=edda)
    assert reloaded(page).live_revision_id != revision.pk


def test_words_slipped_into_an_approved_revision_do_not_go_live(edda: User, lena: User) -> None:
    page = draft(edda)
    page.go_live_at = timezone.now() + timedelta(hours=1)
    page = reviewed(page, author=edda, reviewer=lena)
    revision = page.get_latest_revision()
    content = {**revision.content, "title": "Slipped in", "go_live_at": None}
    Revision.objects.filter(pk=revision.pk).update(approved_go_live_at=None)
    Revision.objects.filter(pk=revision.pk).update(content=content)
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.get(pk=revision.pk).publish(user=edda)


def test_an_approved_article_goes_live_on_its_day_with_its_reviewer(edda: User, lena: User) -> None:
    page = draft(edda)
    page.go_live_at = timezone.now() + timedelta(hours=1)
    page = reviewed(page, author=edda, reviewer=lena)
    assert not page.live
    Revision.objects.filter(object_id=str(page.pk)).update(approved_go_live_at=timezone.now() - timedelta(minutes=1))
    content = page.get_latest_revision().content
    assert ArticleApproval.objects.get().revision_id == page.latest_revision_id
    assert content["go_live_at"] is not None
    ArticlePage.objects.filter(pk=page.pk).update(go_live_at=timezone.now() - timedelta(minutes=1))
    call_command("publish_scheduled")
    # Wagtail reads the day from the revision, which still lies ahead: it stays scheduled, and approved.
    assert Revision.objects.get(pk=page.latest_revision_id).approved_go_live_at is not None


def test_sections_need_no_review(edda: User) -> None:
    section = ensure_home().add_child(instance=ArticleIndexPage(title="Guides", owner=edda))
    section.save_revision(user=edda).publish(user=edda)
    assert Page.objects.get(pk=section.pk).live


def test_an_alias_shows_the_review_of_its_original(edda: User, lena: User) -> None:
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    alias = page.create_alias(update_slug="elsewhere", user=edda).specific
    assert (alias.live, alias.reviewed_by) == (True, lena)
    third = editor_named("Tomas")
    page.body = paragraphs("It is empty.")
    reviewed(page, author=edda, reviewer=third)
    assert reloaded(alias).reviewed_by == third
    assert "empty" in str(reloaded(alias).body)


def test_a_copy_starts_without_a_review(edda: User, lena: User) -> None:
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    copy = page.copy(update_attrs={"slug": "copied"}, keep_live=False, user=edda)
    assert (copy.live, copy.reviewed_by, copy.reviewed_on) == (False, None, None)


def test_a_date_written_into_the_form_is_not_a_review(edda: User, lena: User) -> None:
    page = draft(edda)
    page.reviewed_on = date(2020, 1, 1)
    page.reviewed_by = edda
    page = reviewed(page, author=edda, reviewer=lena)
    assert (page.reviewed_on, page.reviewed_by) == (timezone.localdate(), lena)


def test_an_overdue_article_that_is_approved_is_due_again_later(edda: User, lena: User) -> None:
    page = draft(edda)
    page.review_by = date(2020, 1, 1)
    page = reviewed(page, author=edda, reviewer=lena)
    assert page.review_by is not None
    assert page.review_by > timezone.localdate()


def test_somebody_else_confirms_that_a_live_article_is_still_right(edda: User, lena: User) -> None:
    page = publish("By a script", reviewed_on=date(2020, 1, 1), review_by=date(2020, 7, 1))
    assert page.is_review_due
    confirm_still_right(actor=lena, article=page)
    page = reloaded(page)
    assert (page.reviewed_by, page.reviewed_on, page.is_review_due) == (lena, timezone.localdate(), False)
    own = reviewed(draft(edda), author=edda, reviewer=lena)
    with pytest.raises(OwnWorkError):
        confirm_still_right(actor=edda, article=own)
    third = editor_named("Tomas")
    confirm_still_right(actor=third, article=own)
    assert reloaded(own).reviewed_by == third
