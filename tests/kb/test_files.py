"""Pictures and documents go to the readers of the articles that use them; an address alone opens nothing."""

import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import PageViewRestriction

from kb.models import ArticlePage
from portal.models import Membership, Organisation, StaffRole, User
from tests.kb.library import editor_named, publish

pytestmark = pytest.mark.django_db


def picture() -> object:
    return get_image_model().objects.create(title="The light", file=get_test_image_file())


def document() -> object:
    return get_document_model().objects.create(title="Form", file=ContentFile(b"a,b\n", name="form.csv"))


def showing(image: object, audience: str = "public") -> ArticlePage:
    block = ("picture", {"image": image, "alt": "The light", "caption": ""})
    return publish(f"With a picture for {audience}", body=[block], audience=audience)


def linking(file: object, audience: str = "public") -> ArticlePage:
    text = f'<p><a linktype="document" id="{file.pk}">Form</a></p>'  # type: ignore[attr-defined]
    return publish(f"With a document for {audience}", body=[("text", text)], audience=audience)


def addresses(image: object) -> list[str]:
    return [image.get_rendition("max-1344x1344").url, image.file.url]  # type: ignore[attr-defined]


def got(client: Client, address: str) -> int:
    response = client.get(address)
    b"".join(response.streaming_content) if response.streaming else None  # type: ignore[attr-defined]
    return response.status_code


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def customer_of(audience_holder: Organisation) -> User:
    user = User.objects.create_user("cora@example.org", "a-password")
    Membership.objects.create(user=user, organisation=audience_holder)
    return user


def test_pictures_of_public_articles_are_for_everybody_and_cached() -> None:
    image = picture()
    showing(image)
    for address in addresses(image):
        response = Client().get(address)
        assert (response.status_code, response["Cache-Control"]) == (200, "public, max-age=3600")


def test_pictures_of_restricted_articles_are_for_their_readers_alone() -> None:
    company = Organisation.objects.create(name="Acme", kind="standard")
    other = Organisation.objects.create(name="Other", kind="standard")
    image = picture()
    showing(image, f"org:{company.pk}")
    stranger = User.objects.create_user("s@example.org", "a-password")
    Membership.objects.create(user=stranger, organisation=other)
    reader = customer_of(company)
    for address in addresses(image):
        assert got(Client(), address) == 404
        assert got(signed_in(stranger), address) == 404
        response = signed_in(reader).get(address)
        assert (response.status_code, response["Cache-Control"]) == (200, "private, max-age=60")


def test_staff_pictures_are_for_staff() -> None:
    image = picture()
    showing(image, "staff")
    rep = User.objects.create_user("rep@example.org", "a-password")
    StaffRole.objects.create(user=rep, role="rep")
    (address, _original) = addresses(image)
    assert got(signed_in(rep), address) == 200
    assert got(Client(), address) == 404


def test_a_picture_in_a_public_and_a_restricted_article_is_public() -> None:
    image = picture()
    showing(image, "staff")
    showing(image)
    assert got(Client(), addresses(image)[0]) == 200


def test_a_picture_that_no_live_article_shows_is_for_editors_alone() -> None:
    image = picture()
    (address, _original) = addresses(image)
    assert got(Client(), address) == 404
    assert got(signed_in(editor_named("Edda")), address) == 200
    page = showing(image)
    assert got(Client(), address) == 200
    page.unpublish()
    assert got(Client(), address) == 404


def test_a_restriction_on_a_section_covers_its_pictures() -> None:
    image = picture()
    page = showing(image)
    PageViewRestriction.objects.create(page=page.get_parent(), restriction_type=PageViewRestriction.LOGIN)
    assert got(Client(), addresses(image)[0]) == 404


def test_a_file_that_is_no_image_of_ours_is_not_served() -> None:
    assert got(Client(), "/media/images/unknown.png") == 404
    assert got(Client(), "/media/documents/form.csv") == 404


def test_documents_follow_the_articles_that_link_them() -> None:
    company = Organisation.objects.create(name="Acme", kind="standard")
    file = document()
    address = reverse("wagtaildocs_serve", args=[file.pk, file.filename])  # type: ignore[attr-defined]
    assert got(Client(), address) == 404
    page = linking(file, f"org:{company.pk}")
    assert got(Client(), address) == 404
    response = signed_in(customer_of(company)).get(address)
    assert response.status_code == 200
    assert response["Content-Disposition"].startswith("attachment")
    page.audience = "public"
    page.save_revision().publish()
    assert got(Client(), address) == 200


def test_a_linked_document_is_a_link_on_the_page(client: Client) -> None:
    file = document()
    html = client.get(linking(file).url).content.decode()
    assert f'href="/documents/{file.pk}/{file.filename}"' in html  # type: ignore[attr-defined]
