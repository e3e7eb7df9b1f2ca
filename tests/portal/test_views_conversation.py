"""My requests and the conversation: who sees what, who may write, and that files are downloads for the right people."""

import re
import uuid

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from portal.actions.tickets import add_customer_message, add_note, reopen_ticket, solve_ticket
from portal.models import Attachment, AuditEvent, Message, Ticket, User
from portal.permissions import follow_token
from portal.views import conversation, thread
from tests.factories import make_rep, make_ticket, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mara() -> User:
    return make_user("Mara Lindqvist")


@pytest.fixture
def ticket(mara: User) -> Ticket:
    return make_ticket(mara, files=[SimpleUploadedFile("evil.html", b"<script>alert(1)</script>", "text/html")])


def _url(name: str, ticket: Ticket, *more: object) -> str:
    return reverse(f"portal:{name}", args=[ticket.reference, *more])


def test_the_list_shows_ones_own_requests_in_plain_words(client: Client, mara: User, ticket: Ticket) -> None:
    make_ticket(subject="Somebody else's trouble")
    client.force_login(mara)
    page = client.get(reverse("portal:tickets")).content.decode()
    assert "Backups stop" in page
    assert "With us" in page
    assert "else&#x27;s trouble" not in page


def test_a_rep_finds_only_their_own_among_my_requests(client: Client, ticket: Ticket) -> None:
    client.force_login(make_rep())
    assert "Backups stop" not in client.get(reverse("portal:tickets")).content.decode()


def test_the_list_asks_strangers_to_sign_in(client: Client) -> None:
    assert "login" in client.get(reverse("portal:tickets"))["Location"]


def test_the_list_is_filtered_and_paged(client: Client, mara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "PER_PAGE", 2)
    made = [make_ticket(mara, subject=f"Trouble {number}") for number in range(4)]
    solve_ticket(actor=mara, ticket=made[0])
    client.force_login(mara)
    first = client.get(reverse("portal:tickets")).content.decode()
    assert "Trouble 3" in first
    assert "Trouble 1" not in first
    assert "Trouble 1" in client.get(reverse("portal:tickets"), {"page": 2}).content.decode()
    solved = client.get(reverse("portal:tickets"), {"show": "solved"}).content.decode()
    assert "Trouble 0" in solved
    assert "Trouble 2" not in solved
    assert client.get(reverse("portal:tickets"), {"page": "x", "show": "<x>"}).status_code == 200


def test_a_list_of_many_costs_as_many_queries_as_one_of_few(
    client: Client, mara: User, django_assert_max_num_queries: object
) -> None:
    for number in range(12):
        make_ticket(mara, subject=f"Trouble {number}")
    client.force_login(mara)
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        client.get(reverse("portal:tickets"))


def test_the_requester_reads_the_conversation(client: Client, mara: User, ticket: Ticket) -> None:
    client.force_login(mara)
    page = client.get(_url("ticket", ticket)).content.decode()
    assert "stops at 40 percent" in page
    assert "evil.html" in page


@pytest.mark.parametrize("name", ["ticket", "receipt"])
def test_nobody_else_reads_it(client: Client, ticket: Ticket, name: str) -> None:
    assert client.get(_url(name, ticket)).status_code == 404
    client.force_login(make_user("Eve"))
    assert client.get(_url(name, ticket)).status_code == 404


@pytest.mark.parametrize("name", ["reply", "close_ticket", "reopen_ticket"])
def test_nobody_else_writes_to_it(client: Client, ticket: Ticket, name: str) -> None:
    for somebody in (None, make_user("Eve"), make_rep()):
        if somebody:
            client.force_login(somebody)
        assert client.post(_url(name, ticket), {"message": "Hello"}).status_code == 404
    assert ticket.messages.count() == 1
    ticket.refresh_from_db()
    assert ticket.status == Ticket.Status.OPEN


@pytest.mark.parametrize("name", ["reply", "close_ticket", "reopen_ticket"])
def test_changes_need_a_post(client: Client, mara: User, ticket: Ticket, name: str) -> None:
    client.force_login(mara)
    assert client.get(_url(name, ticket)).status_code == 405


def test_a_note_among_colleagues_is_never_shown(client: Client, mara: User, ticket: Ticket) -> None:
    add_note(actor=make_rep(), ticket=ticket, text="Between us only.")
    client.force_login(mara)
    assert "Between us" not in client.get(_url("ticket", ticket)).content.decode()


def test_a_reply_is_added_and_reopens_the_request(client: Client, mara: User, ticket: Ticket) -> None:
    solve_ticket(actor=mara, ticket=ticket)
    client.force_login(mara)
    response = client.post(
        _url("reply", ticket), {"message": "It is back.", "attachments": SimpleUploadedFile("a.log", b"a")}, follow=True
    )
    assert "It is back." in response.content.decode()
    ticket.refresh_from_db()
    assert ticket.status == Ticket.Status.OPEN
    assert Attachment.objects.filter(message__ticket=ticket, name="a.log").exists()


def test_a_double_press_stores_one_message(client: Client, mara: User, ticket: Ticket) -> None:
    client.force_login(mara)
    key = {"form_key": str(uuid.uuid4())}
    for _ in range(2):
        assert client.post(_url("reply", ticket), {"message": "It is back.", **key}).status_code == 302
    assert ticket.messages.count() == 2


def test_the_same_words_from_a_new_page_or_other_words_from_the_same_are_another_message(
    client: Client, mara: User, ticket: Ticket
) -> None:
    client.force_login(mara)
    key = str(uuid.uuid4())
    for words, form_key in [("Any news?", key), ("Any news?", str(uuid.uuid4())), ("Never mind.", key), ("Hm.", "x")]:
        assert client.post(_url("reply", ticket), {"message": words, "form_key": form_key}).status_code == 302
    assert ticket.messages.count() == 5


def test_every_reply_form_has_a_key_of_its_own_that_survives_an_error(
    client: Client, mara: User, ticket: Ticket
) -> None:
    client.force_login(mara)
    pages = [client.get(_url("ticket", ticket)).content.decode() for _ in range(2)]
    keys = {key for page in pages for key in re.findall(r'name="form_key" value="([^"]+)"', page)}
    assert len(keys) == 2
    key = keys.pop()
    assert key in client.post(_url("reply", ticket), {"message": "", "form_key": key}).content.decode()


def test_a_refused_reply_comes_back_with_its_words(client: Client, mara: User, ticket: Ticket) -> None:
    client.force_login(mara)
    empty = SimpleUploadedFile("empty.log", b"")
    response = client.post(_url("reply", ticket), {"message": "It is back.", "attachments": empty})
    assert response.status_code == 422
    page = response.content.decode()
    assert "It is back." in page
    assert "empty.log" in page
    assert ticket.messages.count() == 1


def test_a_flood_of_replies_is_refused_with_the_words_shown(
    client: Client, mara: User, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "REPLIES_PER_TEN_MINUTES", 1)
    client.force_login(mara)
    client.post(_url("reply", ticket), {"message": "One."})
    response = client.post(_url("reply", ticket), {"message": "Two."})
    assert response.status_code == 429
    assert "Two." in response.content.decode()


def test_closing_and_reopening_are_the_requesters_and_audited(client: Client, mara: User, ticket: Ticket) -> None:
    client.force_login(mara)
    client.post(_url("close_ticket", ticket))
    ticket.refresh_from_db()
    assert ticket.status == Ticket.Status.SOLVED
    client.post(_url("reopen_ticket", ticket))
    ticket.refresh_from_db()
    assert ticket.status == Ticket.Status.OPEN
    assert AuditEvent.objects.filter(verb="ticket.status_changed", actor=mara).count() == 2


def test_the_signed_link_lets_its_holder_read_and_answer_this_one_request(client: Client, ticket: Ticket) -> None:
    other = make_ticket(ticket.requester, subject="Another")
    client.get(reverse("portal:follow", args=[follow_token(ticket)]))
    assert client.get(_url("ticket", ticket)).status_code == 200
    assert client.post(_url("reply", ticket), {"message": "From the link."}).status_code == 302
    assert ticket.messages.count() == 2
    assert client.get(_url("ticket", other)).status_code == 404


@pytest.mark.parametrize("token", ["nonsense", "a:b:c"])
def test_a_link_that_was_tampered_with_opens_nothing(client: Client, token: str) -> None:
    assert client.get(reverse("portal:follow", args=[token])).status_code == 404


def test_a_number_leads_on_only_for_those_who_may_read(client: Client, mara: User, ticket: Ticket) -> None:
    by_number = reverse("portal:ticket", args=[ticket.pk])
    assert "login" in client.get(by_number)["Location"]
    client.force_login(make_user("Eve"))
    assert client.get(by_number).status_code == 404
    client.force_login(mara)
    assert str(ticket.reference) in client.get(by_number)["Location"]


class TestFiles:
    def _file(self, ticket: Ticket) -> str:
        return _url("attachment", ticket, Attachment.objects.get(message__ticket=ticket).public_id)

    def test_a_file_is_a_download_whatever_it_is(self, client: Client, mara: User, ticket: Ticket) -> None:
        client.force_login(mara)
        response = client.get(self._file(ticket))
        assert b"".join(response.streaming_content) == b"<script>alert(1)</script>"  # type: ignore[attr-defined]
        assert response["Content-Disposition"].startswith("attachment")
        assert response["Content-Type"] == "application/octet-stream"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in response["Content-Security-Policy"]
        assert "no-store" in response["Cache-Control"]

    def test_nobody_else_gets_it_not_even_through_their_own_request(self, client: Client, ticket: Ticket) -> None:
        assert client.get(self._file(ticket)).status_code == 404
        eve = make_user("Eve")
        client.force_login(eve)
        assert client.get(self._file(ticket)).status_code == 404
        file = Attachment.objects.get(message__ticket=ticket)
        own = make_ticket(eve)
        assert client.get(_url("attachment", own, file.public_id)).status_code == 404
        assert client.get(_url("attachment", own, uuid.uuid4())).status_code == 404

    def test_a_rep_gets_it(self, client: Client, ticket: Ticket) -> None:
        client.force_login(make_rep())
        assert client.get(self._file(ticket)).status_code == 200

    def test_missing_bytes_are_said_and_logged(
        self, client: Client, mara: User, ticket: Ticket, caplog: pytest.LogCaptureFixture
    ) -> None:
        file = Attachment.objects.get(message__ticket=ticket)
        storages["attachments"].delete(file.storage_name)
        client.force_login(mara)
        assert client.get(self._file(ticket)).status_code == 404
        assert "attachment_bytes_missing" in caplog.text


def test_a_conversation_costs_a_fixed_number_of_queries(
    client: Client, mara: User, ticket: Ticket, django_assert_max_num_queries: object
) -> None:
    client.force_login(mara)
    for number in range(8):
        client.post(_url("reply", ticket), {"message": f"Message {number}"})
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        client.get(_url("ticket", ticket))
    assert Message.objects.filter(ticket=ticket).count() == 9


def test_every_file_stands_with_its_message(client: Client, mara: User) -> None:
    ticket = make_ticket(mara, text="First words", files=[SimpleUploadedFile("one.log", b"1")])
    client.force_login(mara)
    file = SimpleUploadedFile("two.log", b"2")
    client.post(_url("reply", ticket), {"message": "More words", "attachments": [file]})
    page = client.get(_url("ticket", ticket)).content.decode().partition('<ol class="rail thread">')[2]
    places = [page.index(words) for words in ("First words", "one.log", "More words", "two.log")]
    assert places == sorted(places)


def test_reopening_is_an_action_of_the_requester(mara: User, ticket: Ticket) -> None:
    solve_ticket(actor=mara, ticket=ticket)
    assert reopen_ticket(actor=mara, ticket=ticket).status == Ticket.Status.OPEN


def test_words_in_any_direction_stand_apart_from_ours(client: Client, mara: User) -> None:
    hebrew = "הגיבוי נעצר"
    ticket = make_ticket(mara, subject=hebrew, text=hebrew, files=[SimpleUploadedFile("דוח.log", b"a")])
    client.force_login(mara)
    page = client.get(_url("ticket", ticket)).content.decode()
    assert f"<bdi>{hebrew}</bdi></h1>" in page
    assert f'message-text" dir="auto">{hebrew}' in page
    assert "<bdi>דוח.log</bdi>" in page
    assert f"<bdi>{hebrew}</bdi></a>" in client.get(reverse("portal:tickets")).content.decode()


def test_a_long_conversation_comes_in_parts_newest_first(
    client: Client, mara: User, ticket: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thread, "PER_PAGE", 2)
    for number in range(4):
        add_customer_message(actor=mara, ticket=ticket, text=f"Message {number}.")
    client.force_login(mara)
    newest = client.get(_url("ticket", ticket)).content.decode()
    assert "Message 3." in newest
    assert "Message 1." not in newest
    assert newest.index("Message 2.") < newest.index("Message 3.")
    assert "Earlier messages" in newest
    oldest = client.get(_url("ticket", ticket), {"page": "3"}).content.decode()
    assert "stops at 40 percent" in oldest
    assert "Later messages" in oldest
    assert client.get(_url("ticket", ticket), {"page": "x"}).status_code == 200
