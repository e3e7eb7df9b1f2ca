"""Filing a request: with and without an account, pressed twice, with errors, with everything beside it broken."""

import gzip
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from wagtail.models import Page

from kb.models import ArticleIndexPage, ArticlePage
from portal.actions.suggestions import sign_shown
from portal.models import Attachment, AuditEvent, DeflectionShown, OutboxEntry, Ticket
from portal.views import filing, suggestions
from tests.factories import PASSWORD, make_category, make_organisation, make_ticket, make_user

pytestmark = pytest.mark.django_db

URL = reverse("portal:file_ticket")
STRANGER = {"subject": "Backups stop", "message": "At 40 percent.", "email": "Mara@Example.org", "name": "Mara"}


@pytest.fixture
def article() -> ArticlePage:
    """A live article, as far as the ledger of what was shown needs one."""
    root = Page.objects.get(depth=1)
    section = root.add_child(instance=ArticleIndexPage(title="Help", slug="help-of-tests"))
    page: ArticlePage = section.add_child(instance=ArticlePage(title="Free some space", slug="free-some-space"))
    return page


def test_a_stranger_files_and_gets_a_receipt_with_a_link_that_opens_it(client: Client) -> None:
    response = client.post(URL, STRANGER, follow=True)
    ticket = Ticket.objects.get()
    assert ticket.requester.email == "mara@example.org"
    assert not ticket.identity_verified
    page = response.content.decode()
    assert f"#{ticket.number}" in page
    assert "Your request has arrived" in page
    link = re.search(r'href="(http://[^"]+/requests/follow/[^"]+)"', page)
    assert link is not None
    elsewhere = Client()
    opened = elsewhere.get(link.group(1), follow=True)
    assert "At 40 percent." in opened.content.decode()
    assert "follow" not in opened.request["PATH_INFO"]
    assert AuditEvent.objects.filter(verb="ticket.filed", target_id=ticket.pk).exists()
    assert OutboxEntry.objects.filter(ticket=ticket).count() == 1


def test_somebody_signed_in_files_under_their_organisation(client: Client) -> None:
    organisation = make_organisation()
    user = make_user("Mara", organisation=organisation)
    client.force_login(user)
    category = make_category()
    response = client.post(URL, {"subject": "A", "message": "B", "category": category.pk}, follow=True)
    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.organisation, ticket.category) == (user, organisation, category)
    assert ticket.identity_verified
    assert "requests/follow" not in response.content.decode()


def test_files_travel_with_the_request(client: Client) -> None:
    log = SimpleUploadedFile("prod.log", b"line", content_type="text/plain")
    client.post(URL, {**STRANGER, "attachments": [log, SimpleUploadedFile("b.txt", b"b")]})
    assert list(Attachment.objects.values_list("name", flat=True)) == ["prod.log", "b.txt"]


def test_packed_logs_are_taken_byte_for_byte(client: Client) -> None:
    packed = gzip.compress(b"2024-03-01 10:00:00 ERROR disk full\n")
    files = [
        SimpleUploadedFile("app.log.gz", packed, "application/gzip"),
        SimpleUploadedFile("all.zip", b"PK\x03\x04x"),
    ]
    client.post(URL, {**STRANGER, "attachments": files})
    kept = []
    for attachment in Attachment.objects.all():
        with attachment.open() as stored:
            kept.append((attachment.name, stored.read()))
    assert kept == [("app.log.gz", packed), ("all.zip", b"PK\x03\x04x")]


def test_the_same_page_sent_twice_is_one_request(client: Client) -> None:
    key = {"filing_key": str(uuid.uuid4())}
    first, second = client.post(URL, STRANGER | key), client.post(URL, STRANGER | key)
    assert first.url == second.url  # type: ignore[attr-defined]
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("change", [{"message": "At 50 percent."}, {"email": "other@example.org"}])
def test_going_back_to_correct_something_loses_nothing(client: Client, change: dict[str, str]) -> None:
    key = {"filing_key": str(uuid.uuid4())}
    client.post(URL, STRANGER | key)
    client.post(URL, STRANGER | key | change)
    assert Ticket.objects.count() == 2


def test_an_error_keeps_every_word_and_names_the_files_to_choose_again(client: Client) -> None:
    token = sign_shown([1])
    log = SimpleUploadedFile("prod.log", b"line")
    response = client.post(URL, {**STRANGER, "email": "nobody", "shown": token, "attachments": log})
    page = response.content.decode()
    assert response.status_code == 422
    assert not Ticket.objects.exists()
    for words in ("Backups stop", "At 40 percent.", "nobody", "prod.log", token):
        assert words in page
    assert "does not look like an e-mail address" in page


def test_the_key_of_a_page_survives_an_error(client: Client) -> None:
    key = str(uuid.uuid4())
    page = client.post(URL, {**STRANGER, "email": "", "filing_key": key}).content.decode()
    assert key in page


def test_search_down_does_not_matter(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(suggestions, "search", broken)
    assert client.get(URL).status_code == 200
    assert client.post(URL, STRANGER).status_code == 302
    assert Ticket.objects.count() == 1


def test_what_was_shown_and_opened_is_kept_with_the_request(client: Client, article: ArticlePage) -> None:
    client.post(URL, {**STRANGER, "shown": sign_shown([article.pk]), "opened": f"{article.pk},77"})
    shown = DeflectionShown.objects.get()
    assert (shown.article_id, shown.position, shown.opened) == (article.pk, 1, True)


def test_an_article_that_is_gone_or_a_forged_token_does_not_matter(client: Client) -> None:
    client.post(URL, {**STRANGER, "shown": sign_shown([987_654])})
    client.post(URL, {**STRANGER, "shown": "forged"})
    assert Ticket.objects.count() == 2
    assert not DeflectionShown.objects.exists()


def test_too_many_requests_are_refused_with_everything_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "PER_TEN_MINUTES", 1)
    client.post(URL, STRANGER)
    response = client.post(URL, {**STRANGER, "message": "Another thing."})
    assert response.status_code == 429
    assert "Another thing." in response.content.decode()
    assert Ticket.objects.count() == 1


def test_a_stranger_with_the_address_of_an_account_learns_nothing_of_it(client: Client) -> None:
    known = make_user("Ada Lovelace", email="ada@example.org", organisation=make_organisation())
    old = make_ticket(known, subject="An older secret")
    receipt = client.post(URL, {**STRANGER, "email": "ADA@example.org"}, follow=True).content.decode()
    ticket = Ticket.objects.exclude(pk=old.pk).get()
    assert ticket.requester == known
    conversation = client.get(reverse("portal:ticket", args=[ticket.reference])).content.decode()
    for page in (receipt, conversation):
        assert "Lovelace" not in page
        assert "Organisation" not in page
        assert "older secret" not in page
    assert client.get(reverse("portal:ticket", args=[old.reference])).status_code == 404


def test_a_receipt_is_for_its_writer_alone(client: Client) -> None:
    ticket = make_ticket()
    assert client.get(reverse("portal:receipt", args=[ticket.reference])).status_code == 404


def test_a_page_grown_old_says_that_nothing_was_sent_and_shows_the_words() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post(URL, STRANGER)
    page = response.content.decode()
    assert response.status_code == 403
    assert "Nothing was sent" in page
    assert "At 40 percent." in page
    assert not Ticket.objects.exists()


def test_a_session_that_ended_meanwhile_costs_only_the_question_who_they_are(client: Client) -> None:
    user = make_user()
    client.login(email=user.email, password=PASSWORD)
    client.logout()
    response = client.post(URL, {"subject": "Backups stop", "message": "At 40 percent."})
    assert response.status_code == 422
    assert "At 40 percent." in response.content.decode()


def test_the_form_page_is_never_cached(client: Client) -> None:
    assert "no-store" in client.get(URL)["Cache-Control"]
