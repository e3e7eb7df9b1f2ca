"""The review as editors meet it in Wagtail's own pages: kind words instead of errors, and nothing typed is lost."""

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import TaskState
from wagtail.test.utils.form_data import inline_formset, nested_form_data, rich_text, streamfield

from kb.models import ArticlePage
from kb.tree import ensure_home
from portal.models import Organisation, User
from tests.kb.library import draft, editor_named, publish, reloaded, reviewed, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def edda() -> User:
    return editor_named("Edda")


@pytest.fixture
def lena() -> User:
    return editor_named("Lena")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def form_of(title: str = "The queue", text: str = "It is full.", **more: object) -> dict[str, object]:
    fields: dict[str, object] = {
        "title": title,
        "slug": "the-queue",
        "summary": "",
        "body": streamfield([("text", rich_text(f"<p>{text}</p>"))]),
        "labels": "",
        "product": "",
        "audience": "public",
        "language": "en",
        "author": "",
        "review_by": "",
        "seo_title": "",
        "search_description": "",
        "go_live_at": "",
        "expire_at": "",
        "comments": inline_formset([]),
    }
    data: dict[str, object] = nested_form_data({**fields, **more})
    return data


def add_address() -> str:
    return reverse("wagtailadmin_pages:add", args=["kb", "articlepage", ensure_home().pk])


def edit(page: ArticlePage) -> str:
    return reverse("wagtailadmin_pages:edit", args=[page.pk])


def same_form(page: ArticlePage, **more: object) -> dict[str, object]:
    """What a browser sends back when nothing was changed."""
    block = page.body[0]
    body = streamfield([("text", rich_text(block.value.source))])
    body["0"]["id"] = block.id
    day = page.review_by.isoformat() if page.review_by else ""
    return {**form_of(page.title, slug=page.slug, body=body, review_by=day, owner=page.owner_id or ""), **more}


def test_publishing_a_new_article_saves_it_as_a_draft_and_says_so(edda: User) -> None:
    response = signed_in(edda).post(add_address(), form_of(**{"action-publish": "1"}), follow=True)
    page = ArticlePage.objects.get()
    assert response.status_code == 200
    assert (page.live, page.latest_revision.user) == (False, edda)
    assert "Saved as a draft. Submit it for review" in response.content.decode()


def test_handing_in_a_new_article_asks_for_a_review(edda: User) -> None:
    signed_in(edda).post(add_address(), form_of(**{"action-submit": "1"}))
    page = ArticlePage.objects.get()
    assert (page.live, page.current_workflow_task.name) == (False, "A second person reads it")


def test_nobody_is_offered_to_publish(edda: User) -> None:
    client = signed_in(edda)
    page = draft(edda)
    page.save_revision(user=edda)
    for address in (add_address(), edit(page)):
        html = client.get(address).content.decode()
        assert 'name="action-publish"' not in html
        assert "Submit to Review" in html


def test_publishing_a_change_keeps_the_live_text_and_the_change(edda: User, lena: User) -> None:
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    response = signed_in(lena).post(edit(page), form_of(text="Other words.", **{"action-publish": "1"}), follow=True)
    page = reloaded(page)
    assert "Saved as a draft" in response.content.decode()
    assert "Other words" in str(page.get_latest_revision_as_object().body)
    assert "Other words" not in str(page.body)


def approval_of(page: ArticlePage, **more: object) -> dict[str, object]:
    asked = {"action-workflow-action": "true", "workflow-action-name": "approve"}
    return same_form(page, loaded_revision_id=page.latest_revision_id, **asked, **more)


def test_a_second_editor_approves_in_the_editor(edda: User, lena: User) -> None:
    page = draft(edda)
    submit(page, author=edda)
    page = reloaded(page)
    html = signed_in(lena).get(edit(page)).content.decode()
    assert 'data-workflow-action-name="approve"' in html
    signed_in(lena).post(edit(page), approval_of(page))
    assert (reloaded(page).live, reloaded(page).reviewed_by) == (True, lena)


def test_the_author_finds_neither_approval_nor_a_way_to_send_one(edda: User) -> None:
    page = draft(edda)
    state = submit(page, author=edda)
    client = signed_in(edda)
    assert 'data-workflow-action-name="approve"' not in client.get(edit(page)).content.decode()
    client.post(edit(page), approval_of(reloaded(page)))
    client.post(reverse("wagtailadmin_pages:workflow_action", args=[page.pk, "approve", state.pk]))
    assert not reloaded(page).live
    assert TaskState.objects.get(pk=state.pk).status == TaskState.STATUS_IN_PROGRESS


def test_an_approval_with_changes_of_ones_own_saves_them_and_leaves_it_to_another(edda: User, lena: User) -> None:
    page = draft(edda)
    submit(page, author=edda)
    page = reloaded(page)
    posted = {**approval_of(page), **form_of(text="My own words.", slug=page.slug)}
    response = signed_in(lena).post(edit(page), posted, follow=True)
    page = reloaded(page)
    assert "somebody else approves" in response.content.decode()
    assert not page.live
    assert "My own words" in str(page.get_latest_revision_as_object().body)


def test_an_approval_of_an_older_text_is_asked_again(edda: User, lena: User) -> None:
    page = draft(edda)
    submit(page, author=edda)
    seen = approval_of(reloaded(page))
    reloaded(page).save_revision(user=editor_named("Tomas"))
    response = signed_in(lena).post(edit(page), seen, follow=True)
    assert "The text has changed since you opened it" in response.content.decode()
    assert not reloaded(page).live


def test_publishing_many_at_once_is_refused_in_words(edda: User, lena: User) -> None:
    page = draft(edda)
    page.save_revision(user=edda)
    address = reverse("wagtail_bulk_action", args=["wagtailcore", "page", "publish"])
    response = signed_in(lena).post(f"{address}?id={page.pk}", {"include_descendants": "on"}, follow=True)
    assert "Articles are reviewed one by one" in response.content.decode()
    assert not reloaded(page).live


def test_copies_are_drafts_whatever_was_ticked(edda: User) -> None:
    page = publish("The queue", "It is full.")
    new = {"new_title": "Two", "new_slug": "two", "new_parent_page": page.get_parent().pk, "publish_copies": "on"}
    response = signed_in(edda).post(reverse("wagtailadmin_pages:copy", args=[page.pk]), new, follow=True)
    assert "The copies are drafts" in response.content.decode()
    assert not ArticlePage.objects.get(slug="two").live


def test_a_live_alias_is_taken_down_before_it_becomes_an_article(edda: User) -> None:
    alias = publish("The queue").create_alias(update_slug="elsewhere", user=edda)
    response = signed_in(edda).post(reverse("wagtailadmin_pages:convert_alias", args=[alias.pk]), follow=True)
    assert "Unpublish this alias first" in response.content.decode()
    assert reloaded(alias).alias_of_id is not None


def test_a_section_is_published_by_one_person(edda: User) -> None:
    address = reverse("wagtailadmin_pages:add", args=["kb", "articleindexpage", ensure_home().pk])
    assert 'name="action-publish"' in signed_in(edda).get(address).content.decode()


def test_audiences_are_offered_in_words_and_an_unknown_one_is_kept(edda: User) -> None:
    company = Organisation.objects.create(name="Corner Print & Copy", kind="standard")
    page = draft(edda)
    page.audience = "org:4711"
    page.save_revision(user=edda)
    html = signed_in(edda).get(edit(page)).content.decode()
    for words in (
        "Everybody",
        "Only people who work here",
        f'value="org:{company.pk}"',
        "Only Corner Print &amp; Copy",
        "As before (org:4711)",
    ):
        assert words in html


def test_an_audience_that_nobody_offered_is_refused(edda: User) -> None:
    html = signed_in(edda).post(add_address(), form_of(audience="org:1")).content.decode()
    assert "Select a valid choice" in html
    assert not ArticlePage.objects.exists()


def test_the_owner_is_chosen_among_people_who_write_and_counts_at_once(edda: User, lena: User) -> None:
    customer = User.objects.create_user("customer@example.org", "a-password", display_name="Cora")
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    client = signed_in(edda)
    assert "Cora" not in client.get(edit(page)).content.decode()
    client.post(edit(page), {**same_form(page), "owner": customer.pk})
    assert reloaded(page).owner == edda
    client.post(edit(page), {**same_form(page), "owner": lena.pk})
    assert (reloaded(page).owner, reloaded(page).live) == (lena, True)


def test_looking_at_an_article_and_saving_it_changes_nothing(edda: User) -> None:
    page = publish("The queue", "It is full.", review_by=None)
    form_class = page.get_edit_handler().get_form_class()
    form = form_class(same_form(page), instance=page, parent_page=page.get_parent(), for_user=edda)
    assert form.is_valid(), form.errors
    assert form.changed_data == []
