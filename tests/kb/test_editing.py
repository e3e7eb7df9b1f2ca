"""What editors find in Wagtail: blocks with a worked preview, reports, the brand, and one way in."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.blocks import Block

from kb.blocks import ArticleBody
from kb.models import ArticlePage
from portal.models import User
from tests.kb.library import draft, editor_named, publish, reloaded, reviewed

pytestmark = pytest.mark.django_db
BLOCKS = list(ArticleBody().child_blocks.items())


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize(("name", "block"), BLOCKS, ids=[name for name, _ in BLOCKS])
def test_each_block_says_what_it_is_for_and_shows_itself(name: str, block: Block) -> None:
    assert block.meta.icon
    assert block.get_description()
    assert block.is_previewable
    address = reverse("wagtailadmin_block_preview")
    response = signed_in(editor_named("Edda")).get(address, {"id": block.definition_prefix})
    html = response.content.decode()
    assert response.status_code == 200
    assert "kb/articles.css" in html
    assert len(html.partition("<main")[2]) > 40


def test_articles_due_for_review_are_listed_and_confirmed_by_another() -> None:
    edda, lena = editor_named("Edda"), editor_named("Lena")
    page = reviewed(draft(edda, title="The overdue queue"), author=edda, reviewer=lena)
    publish("Fresh")
    ArticlePage.objects.filter(pk=page.pk).update(review_by=timezone.localdate() - timedelta(days=1), reviewed_on=None)
    listed = signed_in(lena).get(reverse("article_reviews_due")).content.decode()
    assert "The overdue queue" in listed
    assert "<h1" in listed
    assert "Fresh" not in listed
    confirm = reverse("article_still_right", args=[page.pk])
    refused = signed_in(edda).post(confirm, follow=True).content.decode()
    assert "You wrote part of this text" in refused
    assert reloaded(page).reviewed_on is None
    assert "that you reviewed it today" in signed_in(lena).post(confirm, follow=True).content.decode()
    assert (reloaded(page).reviewed_by, reloaded(page).is_review_due) == (lena, False)


@pytest.mark.parametrize("name", ["article_reviews_due", "article_dead_links"])
def test_reports_are_for_people_who_edit(name: str) -> None:
    customer = User.objects.create_user("c@example.org", "a-password")
    for client in (Client(), signed_in(customer)):
        response = client.get(reverse(name))
        assert response.status_code == 302
    page = publish("The queue", review_by=timezone.localdate())
    assert signed_in(customer).post(reverse("article_still_right", args=[page.pk])).status_code == 302
    assert reloaded(page).reviewed_by is None


def test_links_that_lead_nowhere_are_found() -> None:
    offline, staff, fine = publish("Offline"), publish("Inside", audience="staff"), publish("Fine")
    offline.unpublish()
    links = "".join(
        f'<a linktype="page" id="{pk}">{words}</a> '
        for pk, words in ((offline.pk, "one"), (staff.pk, "two"), (fine.pk, "good"), (987654, "three"))
    )
    steps = {"start": 1, "steps": [[("text", f'<p>{links}<a href="#nowhere">four</a></p>')]]}
    publish("With links", body=[("steps", steps)])
    html = signed_in(editor_named("Edda")).get(reverse("article_dead_links")).content.decode()
    for words in ("one", "two", "three", "four"):
        assert f">{words}</td>" in html
    assert ">good</td>" not in html
    assert "<h1" in html


def test_two_revisions_can_be_compared() -> None:
    edda = editor_named("Edda")
    page = publish("The queue", "It is full.", summary="Old words")
    page.summary = "New words"
    page.save_revision(user=edda)
    address = reverse("wagtailadmin_pages:revisions_compare", args=[page.pk, "earliest", "latest"])
    html = signed_in(edda).get(address).content.decode()
    assert '<span class="deletion">Old</span>' in html
    assert '<span class="addition">New</span>' in html


def test_the_editors_side_carries_the_brand_and_the_one_way_in() -> None:
    html = signed_in(editor_named("Edda")).get("/cms/").content.decode()
    assert "kb/cms.css" in html
    assert "portal/icon.svg" in html
    assert Client().get("/cms/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    assert Client().get("/cms/password_reset/").status_code in {302, 404}
    assert 'href="/cms/users/' not in html


@pytest.mark.parametrize(
    ("audience", "readers", "others"),
    [
        ("public", ("", "public", "staff", "org:9"), ()),
        ("staff", ("", "staff"), ("public",)),
        ("org:9", ("", "org:9"), ("public", "staff")),
    ],
)
def test_an_article_is_previewed_with_its_readers_eyes_and_with_others(
    audience: str, readers: tuple[str, ...], others: tuple[str, ...]
) -> None:
    editor = signed_in(editor_named("Edda"))
    page = publish("The queue", "It is full.", audience=audience)
    for modes, status in ((readers, 200), (others, 404)):
        for mode in modes:
            response = page.make_preview_request(editor.get("/cms/").wsgi_request, mode)
            assert (mode, response.status_code) == (mode, status)


def test_a_preview_as_a_customer_shows_nothing_that_is_for_staff() -> None:
    editor = signed_in(editor_named("Edda"))
    page = publish("The queue", "It is full.", review_by=timezone.localdate())
    seen = {mode: page.make_preview_request(editor.get("/cms/").wsgi_request, mode) for mode in ("public", "staff")}
    assert "Only staff see this line" not in seen["public"].content.decode()
    assert "Only staff see this line" in seen["staff"].content.decode()
