"""What a rep reads beside a request: resolved ones that ask the same, and articles where no draft was made."""

import math

import pytest
from pytest_django import Settings

from agents.alike import similar_resolved
from agents.pack import nearest_articles
from kb.models import ArticlePage
from kb.retrieval.embedder import DEFAULT_EMBEDDER
from portal.actions.tickets import solve_ticket
from portal.models import Organisation, Ticket
from tests.agents.conftest import Desk
from tests.factories import make_organisation, make_ticket, make_user
from triage.alike import LEAST_ALIKE, MOST_SHOWN, resolved_alike
from triage.choices import RunState
from triage.models import Run

ASKED = "The job j-12 of anna@corp.example stops at 40 percent"


def _vector(cosine: float) -> list[float]:
    """Of unit length, at this cosine from the first axis."""
    return [cosine, math.sqrt(1 - cosine * cosine)] + [0.0] * 382


def _read(desk: Desk, ticket: Ticket, cosine: float, **fields: object) -> Run:
    first = ticket.messages.order_by("pk")[0]
    values = {"is_first": True, "embedding": _vector(cosine), "embedding_version": DEFAULT_EMBEDDER, **fields}
    with desk.site.as_role("worker"):
        return Run.objects.create(
            message=first, ticket=ticket, state=RunState.DONE, finished_at=first.visible_from, **values
        )


def _resolved(
    desk: Desk, cosine: float = 0.9, *, kind: str = Organisation.Kind.STANDARD, subject: str = ASKED
) -> Ticket:
    ticket = make_ticket(make_user(organisation=make_organisation(kind)), subject=subject)
    solve_ticket(actor=desk.rep, ticket=ticket)
    _read(desk, ticket, cosine)
    return ticket


def _found(desk: Desk) -> list[int]:
    return [alike.ticket.pk for alike in resolved_alike(desk.ticket, desk.rep)]


def test_the_nearest_resolved_requests_come_first_and_only_a_few(real_desk: Desk) -> None:
    _read(real_desk, real_desk.ticket, 1.0)
    tickets = [_resolved(real_desk, 0.95 - 0.02 * number) for number in range(MOST_SHOWN + 1)]
    far = _resolved(real_desk, LEAST_ALIKE - 0.05)
    assert _found(real_desk) == [ticket.pk for ticket in tickets[:MOST_SHOWN]]
    assert far.pk not in _found(real_desk)


def test_what_is_still_open_or_was_read_by_another_embedder_is_no_evidence(real_desk: Desk) -> None:
    _read(real_desk, real_desk.ticket, 1.0)
    waiting = make_ticket(make_user(organisation=make_organisation()))
    _read(real_desk, waiting, 0.95)
    other = _resolved(real_desk, 0.95)
    with real_desk.site.as_role("worker"):
        Run.objects.filter(ticket=other).update(embedding_version="another")
    assert _found(real_desk) == []


@pytest.mark.parametrize("kind", [Organisation.Kind.HIGH_TOUCH, Organisation.Kind.UNKNOWN])
def test_a_walled_account_is_never_shown_to_others_even_if_it_became_one_later(real_desk: Desk, kind: str) -> None:
    _read(real_desk, real_desk.ticket, 1.0)
    ticket = _resolved(real_desk)
    assert _found(real_desk) == [ticket.pk]
    Organisation.objects.filter(tickets=ticket).update(kind=kind)
    assert _found(real_desk) == []
    assert f"#{ticket.pk} " not in real_desk.open().content.decode()


def test_a_walled_account_is_shown_nobody_elses(real_desk: Desk) -> None:
    _read(real_desk, real_desk.ticket, 1.0)
    _resolved(real_desk)
    Organisation.objects.filter(tickets=real_desk.ticket).update(kind=Organisation.Kind.HIGH_TOUCH)
    real_desk.ticket = Ticket.objects.get(pk=real_desk.ticket.pk)
    assert _found(real_desk) == []


def test_who_may_not_see_a_request_is_not_shown_it(real_desk: Desk) -> None:
    _read(real_desk, real_desk.ticket, 1.0)
    _resolved(real_desk)
    assert resolved_alike(real_desk.ticket, real_desk.ticket.requester) == []
    assert similar_resolved(real_desk.ticket, real_desk.rep)


@pytest.mark.parametrize(("undo_seconds", "shown"), [(0, True), (600, False)])
def test_the_page_says_redacted_what_was_asked_and_what_the_customer_was_answered(
    real_desk: Desk, settings: Settings, undo_seconds: int, shown: bool
) -> None:
    settings.HANDRAIL_UNDO_SECONDS = undo_seconds
    asked, real_desk.ticket = real_desk.ticket, make_ticket(make_user(organisation=make_organisation()), subject=ASKED)
    answer = "Hello,\n\nPlease clear the queue; write to bert@corp.example if it stays."
    assert real_desk.post("send", text=answer).status_code == 302
    solve_ticket(actor=real_desk.rep, ticket=real_desk.ticket)
    _read(real_desk, real_desk.ticket, 0.9)
    _read(real_desk, asked, 1.0)
    number, real_desk.ticket = real_desk.ticket.pk, asked
    page = real_desk.open().content.decode()
    assert f"#{number} The job j-12 of" in page
    assert ("Please clear the queue" in page) is shown, "what is not with the customer yet is no resolution"
    assert "@corp.example" not in page


def test_where_no_draft_is_made_the_nearest_articles_are_shown_while_the_customer_may_read_them(
    stocked_desk: Desk,
) -> None:
    article = ArticlePage.objects.get(title="Nightly export stops after one hundred orders")
    entry = {"article": article.pk, "matched": ["title", "meaning"], "relevance": 0.7}
    far = {"article": article.pk, "matched": [], "relevance": 0.4}
    run = stocked_desk.triage(draft=False, outputs={"retrieve": {"articles": [entry]}})
    page = stocked_desk.open().content.decode()
    assert "The nearest articles" in page
    assert "Found by title, meaning." in page
    with stocked_desk.site.as_role("worker"):
        Run.objects.filter(pk=run.pk).update(outputs={"retrieve": {"articles": [far]}})
    assert nearest_articles(stocked_desk.ticket, run) == [], "less than a search page would show"
    with stocked_desk.site.as_role("worker"):
        Run.objects.filter(pk=run.pk).update(outputs={"retrieve": {"articles": [entry]}})
    ArticlePage.objects.filter(pk=article.pk).update(audience="staff")
    assert nearest_articles(stocked_desk.ticket, run) == [], "the customer may not read it"
