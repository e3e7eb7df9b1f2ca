"""Many articles get another owner at once: each permitted by itself, each in its history, no text touched."""

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import GroupPagePermission, Page, PageLogEntry, Revision

from kb.models import ArticleIndexPage, ArticlePage
from portal.models import User
from tests.kb.library import draft, editor_named, publish, reloaded, reviewed

pytestmark = pytest.mark.django_db


def address(*pages: Page) -> str:
    action = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "change_owner"])
    return action + "?" + "&".join(f"id={page.pk}" for page in pages)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_chosen_articles_get_an_owner_and_keep_their_text_and_review() -> None:
    edda, lena = editor_named("Edda"), editor_named("Lena")
    first, second = reviewed(draft(edda), author=edda, reviewer=lena), draft(edda, "Another")
    other = publish("Not chosen")
    revisions = Revision.objects.count()
    html = signed_in(lena).get(address(first, second)).content.decode()
    assert "Another" in html
    signed_in(lena).post(address(first, second), {"owner": lena.pk})
    assert {reloaded(page).owner for page in (first, second)} == {lena}
    assert reloaded(other).owner is None
    assert (reloaded(first).reviewed_by, Revision.objects.count()) == (lena, revisions)
    entries = PageLogEntry.objects.filter(action="kb.owner")
    assert {(entry.page_id, entry.user, entry.data["to"]) for entry in entries} == {
        (first.pk, lena, lena.pk),
        (second.pk, lena, lena.pk),
    }
    html = signed_in(lena).get(reverse("wagtailadmin_pages:history", args=[first.pk])).content.decode()
    assert "Another owner" in html


def test_what_one_may_not_change_keeps_its_owner() -> None:
    edda, lena = editor_named("Edda"), editor_named("Lena")
    closed = Page.objects.get(depth=1).add_child(instance=ArticleIndexPage(title="Closed"))
    beyond = closed.add_child(instance=ArticlePage(title="Beyond", live=False))
    within = draft(edda)
    response = signed_in(lena).post(address(beyond, within, closed), {"owner": lena.pk})
    assert response.status_code == 302
    assert (reloaded(beyond).owner, Page.objects.get(pk=closed.pk).owner) == (None, None)
    assert reloaded(within).owner == lena
    GroupPagePermission.objects.all().delete()
    signed_in(edda).post(address(within), {"owner": edda.pk})
    assert reloaded(within).owner == lena


def test_only_people_who_write_become_owners() -> None:
    edda, page = editor_named("Edda"), publish("The queue")
    customer = User.objects.create_user("customer@example.org", "a-password", display_name="Cora")
    client = signed_in(edda)
    assert "Cora" not in client.get(address(page)).content.decode()
    client.post(address(page), {"owner": customer.pk})
    assert reloaded(page).owner is None
    assert signed_in(customer).post(address(page), {"owner": edda.pk}).status_code in {302, 403}
    assert reloaded(page).owner is None


def test_the_list_of_articles_due_leads_there() -> None:
    edda, page = editor_named("Edda"), publish("The queue", review_by="2020-01-01")
    html = signed_in(edda).get(reverse("article_reviews_due")).content.decode()
    assert f'name="id" value="{page.pk}"' in html
    assert reverse("wagtail_bulk_action", args=["wagtailcore", "page", "change_owner"]) in html
