"""Which of the console's addresses there are, and that each is for reps alone and changes nothing when it is read."""

import re

from django.test import Client
from django.urls import reverse

from agents.urls import urlpatterns
from portal.models import Ticket
from tests.agents.conftest import Desk
from tests.factories import sign_in

NEEDED = {"number": 1, "message": 1, "draft": 1, "step": 1, "macro": 1, "passage": 1, "category": 1}
READING = {
    "queue",
    "ticket",
    "triage_pane",
    "news",
    "preview",
    "arrivals",
    "passages",
    "macros",
    "new_macro",
    "drafting",
    "ladder",
    "weights",
}
# Read by leads alone; a rep is told that they are not there.
OF_LEADS = {"report", "report_table", "report_requests", "search_health"}
# Pages that are filled in: they answer both methods.
FORMS = {"preview", "new_macro", "edit_macro", "drafting", "ladder", "weights"}


def _addresses(number: int) -> dict[str, str]:
    """Every page and button of the console, by name."""
    arguments = {**NEEDED, "number": number}
    return {
        str(pattern.name): reverse(
            f"agents:{pattern.name}", kwargs={name: arguments[name] for name in pattern.pattern.converters}
        )
        for pattern in urlpatterns
    }


def test_every_address_refuses_everybody_but_reps_and_changes_nothing(desk: Desk, customer: Client) -> None:
    before = Ticket.objects.values().get()
    for name, address in _addresses(desk.ticket.pk).items():
        for method in ("get", "post"):
            assert getattr(customer, method)(address).status_code == 404, name
            stranger = getattr(Client(), method)(address)
            assert stranger.status_code == (302 if method == "get" else 403), name
    assert Ticket.objects.values().get() == before


def test_the_same_addresses_answer_a_rep(desk: Desk) -> None:
    for name in READING:
        assert desk.client.get(_addresses(desk.ticket.pk)[name]).status_code == 200, name


def test_what_changes_something_is_refused_by_get_and_without_its_token(desk: Desk) -> None:
    strict = sign_in(desk.rep, Client())
    strict.handler.enforce_csrf_checks = True
    for name, address in _addresses(desk.ticket.pk).items():
        if name not in READING | FORMS | OF_LEADS:
            assert desk.client.get(address).status_code == 405, name
        if name not in READING | OF_LEADS or name in FORMS:
            assert strict.post(address).status_code == 403, name


def test_there_is_no_page_for_a_request_that_is_not(desk: Desk) -> None:
    assert desk.client.get(reverse("agents:ticket", args=[desk.ticket.pk + 1])).status_code == 404


def test_no_page_has_inline_script_or_style(stocked_desk: Desk) -> None:
    stocked_desk.triage()
    pages = [stocked_desk.open(), stocked_desk.client.get(reverse("agents:queue"))]
    pages.append(stocked_desk.client.get(stocked_desk.url("preview")))
    for page in pages:
        body = page.content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", body)
        assert not re.search(r"<script(?![^>]*\ssrc=)", body)
        assert "default-src 'self'" in page["Content-Security-Policy"]
