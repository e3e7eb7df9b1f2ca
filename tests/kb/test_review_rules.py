"""The record of reviews can only grow, and only the owner of the tables says whether reviews are asked for."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction

from kb.models import ArticleApproval
from tests.conftest import Site
from tests.kb.library import draft, editor_named, paragraphs, reloaded, reviewed


def test_approvals_are_only_added(site: Site) -> None:
    page = reviewed(draft(edda := editor_named("Edda")), author=edda, reviewer=editor_named("Lena"))
    for change in (
        lambda: ArticleApproval.objects.update(approved_by=edda),
        lambda: ArticleApproval.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    with pytest.raises(IntegrityError, match="nobody approves"), transaction.atomic():
        ArticleApproval.objects.create(
            article_id=page.pk, revision_id=page.live_revision_id, basis="review", approved_by=edda
        )
    with pytest.raises(IntegrityError, match="not imported"), transaction.atomic():
        ArticleApproval.objects.create(article_id=page.pk, revision_id=page.live_revision_id, basis="import")
    with pytest.raises(IntegrityError, match="not one of this"), transaction.atomic():
        ArticleApproval.objects.create(article_id=page.pk + 1, revision_id=page.live_revision_id, basis="import")


def test_one_person_alone_publishes_where_the_owner_says_so_and_no_review_is_claimed(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    edda = editor_named("Edda")
    page = draft(edda)
    page.save_revision(user=edda)
    with pytest.raises(CommandError):
        call_command("article_review", "off")
    with site.as_role("owner"):
        call_command("article_review", "off")
    page.get_latest_revision().publish(user=edda)
    assert (reloaded(page).live, reloaded(page).reviewed_by, reloaded(page).reviewed_on) == (True, None, None)
    with site.as_role("owner"):
        call_command("article_review", "on")
    assert "one person publishes alone" in capsys.readouterr().out
    page.body = paragraphs("New words.")
    with pytest.raises(IntegrityError), transaction.atomic():
        page.save_revision(user=edda).publish(user=edda)


def test_the_last_review_is_not_claimed_for_words_that_nobody_else_read(site: Site) -> None:
    edda, lena = editor_named("Edda"), editor_named("Lena")
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    with site.as_role("owner"):
        call_command("article_review", "off")
    page.body = paragraphs("New words.")
    page.save_revision(user=edda).publish(user=edda)
    assert (reloaded(page).reviewed_by, reloaded(page).reviewed_on) == (None, None)
