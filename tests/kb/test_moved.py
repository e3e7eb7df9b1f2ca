"""An old address leads to the new one and tells nobody of what they may not read; pictures that are gone are listed."""

from typing import Any

import pytest
from django.core.files.images import ImageFile
from django.db import connection
from django.test import Client, TestCase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from kb.missing import find_missing_pictures
from kb.models import ArticleIndexPage, ArticlePage
from kb.tree import ensure_home
from portal.models import Membership, Organisation, User
from tests.factories import make_rep
from tests.kb.library import Blocks, editor_named, publish, reloaded

pytestmark = pytest.mark.django_db


def section(title: str) -> ArticleIndexPage:
    made: ArticleIndexPage = ensure_home().add_child(instance=ArticleIndexPage(title=title))
    return made


def rename(page: ArticlePage, slug: str) -> ArticlePage:
    page.slug = slug
    with TestCase.captureOnCommitCallbacks(execute=True):  # Wagtail notes the old address after the commit
        page.save_revision().publish()
    return reloaded(page)


def picture_named(name: str) -> Any:
    file = ImageFile(get_test_image_file(f"{name}.png").file, f"{name}.png")
    return get_image_model().objects.create(title=name, file=file)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def leads(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code in {301, 404}
    return response.headers.get("Location", "")


def test_a_renamed_and_a_moved_article_are_found_at_their_old_addresses() -> None:
    first = publish("The queue", "It is full.")
    one = first.url
    second = rename(first, "the-line")
    two = second.url
    second.move(section("Guides"), pos="last-child")
    three = reloaded(first).url
    assert len({one, two, three}) == 3
    assert leads(Client(), one) == three
    assert leads(Client(), f"{two}?page=2") == f"{three}?page=2"
    assert Client().get(one, follow=True).status_code == 200


def test_everything_below_a_moved_section_is_found_and_so_is_the_section() -> None:
    old, new = section("Guides"), section("Manuals")
    article = old.add_child(instance=ArticlePage(title="The queue"))
    before, before_section = article.url, old.url
    ArticleIndexPage.objects.get(pk=old.pk).move(ArticleIndexPage.objects.get(pk=new.pk), pos="last-child")
    assert leads(Client(), before) == reloaded(article).url
    assert leads(Client(), before_section) == ArticleIndexPage.objects.get(pk=old.pk).url


@pytest.mark.parametrize("audience", ["staff", "org"])
def test_nobody_learns_of_a_restricted_article_by_its_old_address(audience: str) -> None:
    company = Organisation.objects.create(name="Acme", kind="standard")
    key = "staff" if audience == "staff" else f"org:{company.pk}"
    article = publish("Secret merger plan", "Known to few.", audience=key)
    old = article.url
    article = rename(article, "quite-another-name")
    member = User.objects.create_user("m@example.org", "a-password")
    Membership.objects.create(user=member, organisation=company)
    stranger = Client().get(old)
    assert stranger.status_code == 404
    assert "quite-another-name" not in stranger.content.decode() + str(stranger.headers)
    assert leads(client_of(make_rep() if audience == "staff" else member), old) == article.url
    assert leads(client_of(User.objects.create_user("x@example.org", "a-password")), old) == ""
    article.unpublish()
    assert leads(client_of(make_rep() if audience == "staff" else member), old) == ""


def test_a_section_with_nothing_for_a_reader_is_not_named_to_them() -> None:
    closed, new = section("Merger plans"), section("Elsewhere")
    closed.add_child(instance=ArticlePage(title="Plan", audience="staff"))
    old = closed.url
    ArticleIndexPage.objects.get(pk=closed.pk).move(ArticleIndexPage.objects.get(pk=new.pk), pos="last-child")
    assert leads(Client(), old) == ""
    assert leads(client_of(make_rep()), old) == ArticleIndexPage.objects.get(pk=closed.pk).url


def test_a_page_that_is_there_is_not_looked_up_among_old_addresses() -> None:
    article = publish("The queue", "It is full.")
    with CaptureQueriesContext(connection) as queries:
        assert Client().get(article.url).status_code == 200
    assert not [query for query in queries if "wagtailredirects" in query["sql"]]


def test_pictures_that_readers_do_not_see_are_listed_with_the_reason() -> None:
    there, lost, deleted = images = [picture_named(name) for name in ("there", "lost", "deleted")]
    shown = {f"The {image.title} one": image for image in images} | {"No choice": None}
    body: Blocks = [("picture", {"image": image, "alt": alt, "caption": ""}) for alt, image in shown.items()]
    publish("Pictures", body=body)
    lost.file.storage.delete(lost.file.name)
    deleted.delete()
    found = {picture.alt: picture.reason for picture in find_missing_pictures(ArticlePage.objects.live())}
    assert found == {
        "The lost one": "its file is gone from the disk",
        "The deleted one": "it was deleted",
        "No choice": "no picture was chosen",
    }
    html = client_of(editor_named("Edda")).get(reverse("article_missing_pictures")).content.decode()
    assert "The lost one" in html
    assert client_of(make_rep()).get(reverse("article_missing_pictures")).status_code in {302, 403}
    assert there.file.storage.exists(there.file.name)
    there.file.storage.delete(there.file.name)
