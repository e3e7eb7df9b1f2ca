"""Presence tells who else is at a request, in words, and keeps nobody out."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from agents.actions.compositions import keep_words
from agents.models import Presence
from agents.presence import PRESENT_FOR, Doing, note_presence, others_at
from portal.actions.tickets import add_customer_message
from tests.agents.conftest import Desk
from tests.factories import make_rep, sign_in


def _news(desk: Desk, known: str = "", client: Client | None = None) -> tuple[int, str]:
    desk.ticket.refresh_from_db()
    asked: dict[str, str | int] = {"version": desk.ticket.version, "known": known}
    answer = (client or desk.client).get(desk.url("news"), asked)
    return answer.status_code, answer.content.decode()


def test_two_at_one_request_are_named_to_each_other(desk: Desk) -> None:
    olga = make_rep("Olga")
    hers = sign_in(olga, Client())
    assert "Olga" not in desk.open().content.decode().replace("Olga</option>", "")
    page = hers.get(desk.url()).content.decode()
    assert "Rita has this request open." in page
    assert "Olga has this request open." in _news(desk)[1]
    queue = desk.client.get(reverse("agents:queue")).content.decode()
    assert "Olga has it open" in queue


def test_who_is_writing_is_warned_of_by_name_and_both_can_go_on(desk: Desk) -> None:
    olga = make_rep("Olga")
    hers = sign_in(olga, Client())
    values = {"version": desk.ticket.version, "seen": desk.last_message_id(), "was": "", "text": "I look into"}
    assert hers.post(desk.url("keep"), values, headers={"HX-Request": "true"}).status_code == 200
    assert others_at(desk.ticket, desk.rep)[0].doing == Doing.WRITING
    assert "<strong>Olga</strong> is writing here right now." in _news(desk)[1]
    assert 'id="others-brief" hx-swap-oob="true">Olga is writing.' in _news(desk)[1], "beside Send, too"
    assert "Olga is writing" in desk.client.get(reverse("agents:queue")).content.decode()
    assert desk.post("send", text="Mine was first.").status_code == 302, "a warning, never a lock"


def test_a_reply_begun_hours_ago_is_still_told_of(desk: Desk) -> None:
    keep_words(actor=make_rep("Olga"), ticket=desk.ticket, version=1, text="Begun")
    assert others_at(desk.ticket, desk.rep)[0].doing == Doing.BEGAN
    assert "Olga began a reply" in desk.client.get(reverse("agents:queue")).content.decode()


def test_presence_ends_by_itself_and_when_the_page_is_closed(desk: Desk) -> None:
    olga = make_rep("Olga")
    hers = sign_in(olga, Client())
    hers.get(desk.url())
    Presence.objects.filter(person=olga).update(seen_at=timezone.now() - PRESENT_FOR - timedelta(seconds=1))
    assert others_at(desk.ticket, desk.rep) == ()
    _news(desk, client=hers)
    assert len(others_at(desk.ticket, desk.rep)) == 1, "the page's next question says it again"
    assert hers.post(desk.url("leave")).status_code == 204
    assert others_at(desk.ticket, desk.rep) == ()


def test_one_person_is_one_row_however_many_pages(desk: Desk) -> None:
    for _page in range(3):
        note_presence(person=desk.rep, ticket=desk.ticket, is_writing=True)
        desk.open()
    presence = Presence.objects.get()
    assert presence.wrote_at is not None, "opening another page does not forget that they write"


def test_where_nothing_changed_the_page_is_left_alone(desk: Desk) -> None:
    known = desk.open().context["known_news"]
    assert _news(desk, known)[0] == 204
    sign_in(make_rep("Olga"), Client()).get(desk.url())
    status, part = _news(desk, known)
    assert status == 200
    assert "Olga" in part
    version = desk.ticket.version
    add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text="And another thing.")
    moved = desk.client.get(desk.url("news"), {"version": version, "known": known}).content.decode()
    assert "moved on" in moved


def test_customers_are_no_part_of_it(desk: Desk, customer: Client) -> None:
    assert customer.get(desk.url("news")).status_code == 404
    assert customer.post(desk.url("leave")).status_code == 404
    customer.get(reverse("portal:ticket", args=[desk.ticket.reference]))
    assert not Presence.objects.exists()


def test_a_part_of_an_open_page_is_not_replaced_by_the_sign_in_page(desk: Desk) -> None:
    answer = Client().get(desk.url("news"), headers={"HX-Request": "true"})
    assert (answer.status_code, answer.content) == (403, b"")
