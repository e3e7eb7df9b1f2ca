"""A lead's report: numbers that name the requests behind them, absent where they would say nothing, for leads alone."""

import csv
import io
import time
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from agents.actions.reviews import reject_draft
from agents.models import Review
from agents.reportpage import duration, read_report, share
from agents.reports import FATES, FEWEST, Fate, Period, behind, read_drafts, read_said, read_volumes, shares_kept
from agents.reporttable import as_rows, without_formula
from portal.models import ArticleVerdict, DeflectionShown, ReplyVerdict, Ticket, User
from tests.agents.conftest import DRAFT_TEXT, Desk
from tests.factories import make_category, make_rep, make_ticket, make_user, sign_in

TODAY = timezone.now().date
URL = "/console/report/"


def _period(days: int = 7) -> Period:
    return Period(TODAY() - timedelta(days=days), TODAY())


def _ids(number: str, reader: User, period: Period | None = None) -> set[int]:
    found = behind(number, reader=reader, period=period or _period())
    assert found is not None
    return set(found.values_list("pk", flat=True))


@pytest.fixture
def lead(db: None) -> User:
    return make_rep("Lena", lead=True)


def test_requests_are_counted_by_category_channel_and_week(lead: User) -> None:
    billing = make_category()
    tickets = [make_ticket() for _ in range(2)]
    mailed = Ticket.objects.create(requester=make_user(), subject="By mail", category=billing, channel="mail")
    found = read_volumes(_period())
    assert (found.total.filed, found.total.waiting, found.total.answered) == (3, 3, 0)
    assert {key: volume.filed for key, volume in found.by_category.items()} == {billing.pk: 1, None: 2}
    assert {key: volume.filed for key, volume in found.by_channel.items()} == {"mail": 1, "web": 2}
    assert sum(volume.filed for volume in found.by_week.values()) == 3
    assert _ids(f"filed:{billing.pk}", lead) == _ids("filed:mail", lead) == {mailed.pk}
    assert _ids("filed:none", lead) == {ticket.pk for ticket in tickets}


def test_what_was_filed_on_other_days_is_in_no_number(lead: User) -> None:
    make_ticket()
    before = Period(TODAY() - timedelta(days=7), TODAY() - timedelta(days=1))
    assert read_report(before).is_empty
    assert read_volumes(before).total.filed == 0
    assert _ids("filed", lead, before) == set()


def test_a_first_answer_counts_from_when_the_customer_could_see_it(stocked_desk: Desk) -> None:
    stocked_desk.post("send", text="Please clear the queue.")
    assert read_volumes(_period()).total.answered == 0, "it can still be taken back"
    _wait_until_visible(stocked_desk)
    total = read_volumes(_period()).total
    assert (total.filed, total.answered, total.waiting, total.closed_unanswered) == (1, 1, 0, 0)
    assert total.median is None, "one case is no median"
    lead = make_rep("Lena", lead=True)
    assert _ids("answered", lead) == {stocked_desk.ticket.pk}
    assert _ids("unanswered", lead) == set()


def test_a_reply_that_was_taken_back_is_no_answer_and_no_use_of_a_draft(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    stocked_desk.post("send", text=DRAFT_TEXT, draft=draft.pk)
    (message,) = stocked_desk.outbound()
    stocked_desk.post("withdraw", message.pk)
    total = read_volumes(_period()).total
    assert (total.answered, total.waiting) == (0, 1)
    assert read_drafts(_period()).by_fate[Fate.WAITING] == 1


def _wait_until_visible(desk: Desk) -> None:
    time.sleep(1.1)
    assert desk.outbound()


def test_what_became_of_a_draft_is_counted_once(stocked_desk: Desk) -> None:
    lead = make_rep("Lena", lead=True)
    draft = stocked_desk.draft()
    assert read_drafts(_period()).by_fate == {**dict.fromkeys(FATES, 0), Fate.WAITING: 1}
    stocked_desk.post("send", text=f"{DRAFT_TEXT} And call us.", draft=draft.pk)
    found = read_drafts(_period())
    assert (found.total, found.by_fate[Fate.EDITED]) == (1, 1)
    assert found.of_category == {None: {**dict.fromkeys(FATES, 0), Fate.EDITED: 1}}
    assert _ids("edited", lead) == _ids("offered", lead) == _ids("edited:none", lead) == {stocked_desk.ticket.pk}
    assert _ids("as_is", lead) == _ids("unused", lead) == set()


def test_a_draft_beside_which_somebody_answered_was_not_used(stocked_desk: Desk) -> None:
    stocked_desk.draft()
    stocked_desk.post("send", text="In my own words.")
    assert read_drafts(_period()).by_fate[Fate.UNUSED] == 1


def test_a_rejection_names_its_reason_and_its_articles(stocked_desk: Desk) -> None:
    draft = stocked_desk.draft()
    reject_draft(actor=stocked_desk.rep, ticket=stocked_desk.ticket, draft=draft, reason=Review.Reason.OUTDATED)
    assert read_drafts(_period()).by_reason == {"outdated": 1}
    report = read_report(_period())
    (article,) = report.articles
    assert (article.outdated, article.count.n) == (1, 1)
    assert article.url
    lead = make_rep("Lena", lead=True)
    assert _ids("rejected:outdated", lead) == _ids(article.count.behind, lead) == {stocked_desk.ticket.pk}
    assert _ids("rejected:tone", lead) == set()
    page = sign_in(lead).get(URL).content.decode()
    assert "Articles whose drafts were rejected" in page
    assert "The article is out of date" in page


def test_articles_shown_are_counted_as_shown_and_never_as_success(lead: User) -> None:
    ticket = make_ticket()
    DeflectionShown.objects.create(ticket=ticket, article_id=None, position=0, opened=True)
    DeflectionShown.objects.create(ticket=ticket, article_id=None, position=1)
    shown = read_report(_period()).shown
    assert (shown.requests, shown.opened_on, shown.articles, shown.opened) == (1, 1, 2, 1)
    assert _ids("shown:opened", lead) == {ticket.pk}
    page = sign_in(lead).get(URL).content.decode()
    assert "silence is not success" in page
    assert "deflect" not in page.lower()


def test_only_what_people_said_counts_as_solved(stocked_desk: Desk) -> None:
    for solved in (True, True, False):
        ArticleVerdict.objects.create(article_id=None, solved=solved)
    stocked_desk.post("send", text="Please clear the queue.")
    assert read_said(_period()).of_replies.asked == 0, "a reply that nobody judged is no success"
    ReplyVerdict.objects.create(message=stocked_desk.outbound()[0], solved=False)
    said = read_said(_period())
    assert (said.of_articles.solved, said.of_articles.unsolved) == (2, 1)
    assert (said.of_replies.solved, said.of_replies.unsolved) == (0, 1)
    before = Period(TODAY() - timedelta(days=7), TODAY() - timedelta(days=1))
    assert read_said(before).of_articles.asked == read_said(before).of_replies.asked == 0


@pytest.mark.parametrize("number", ["", "filed:x", "nonsense", "article:x", "rejected:nonsense", "filed:9999999999"])
def test_a_name_that_is_no_number_of_the_report_leads_nowhere(lead: User, number: str) -> None:
    assert behind(number, reader=lead, period=_period()) is None
    assert sign_in(lead).get(f"{URL}requests/", {"of": number}).status_code == 404


@pytest.mark.parametrize("path", [URL, f"{URL}requests/?of=filed", f"{URL}table.csv"])
def test_the_report_is_for_leads_alone(db: None, path: str) -> None:
    assert Client().get(path).status_code == 302
    assert sign_in(make_user("Cora")).get(path).status_code == 404
    assert sign_in(make_rep("Rita")).get(path).status_code == 404
    assert sign_in(make_rep("Lena", lead=True)).get(path).status_code == 200


def test_only_leads_are_shown_the_way_to_the_report(db: None) -> None:
    assert URL in sign_in(make_rep("Lena", lead=True)).get("/console/").content.decode()
    assert URL not in sign_in(make_rep("Rita")).get("/console/").content.decode()


def test_an_empty_period_says_so_and_offers_others(lead: User) -> None:
    page = sign_in(lead).get(URL, {"from": "2020-01-01", "to": "2020-01-07"}).content.decode()
    assert "Nothing was filed in these days." in page
    assert "Last week" in page


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"from": "yesterday", "to": "2026-01-01"}, "Choose both days"),
        ({"from": "2026-01-01"}, "Choose both days"),
        ({"from": "2001-01-01", "to": "2026-01-01"}, "a year at most"),
        ({"from": "0001-01-01", "to": "0001-01-02"}, ""),
    ],
)
def test_a_period_that_cannot_be_is_said_and_the_usual_one_shown(lead: User, asked: dict[str, str], words: str) -> None:
    response = sign_in(lead).get(URL, asked)
    assert response.status_code == 200
    assert words in response.content.decode()


def test_days_the_wrong_way_round_are_turned(lead: User) -> None:
    page = sign_in(lead).get(URL, {"from": "2026-02-01", "to": "2026-01-01"}).content.decode()
    assert 'value="2026-01-01"' in page


def test_every_number_on_the_page_leads_to_as_many_requests(lead: User) -> None:
    billing = make_category()
    for number in range(4):
        ticket = make_ticket()
        Ticket.objects.filter(pk=ticket.pk).update(
            category=billing if number % 2 else None, status="solved" if number == 3 else "open"
        )
    report = read_report(_period())
    rows = [report.total, *report.categories, *report.channels]
    for row in rows:
        for count in (row.filed, row.answered, row.waiting, row.closed):
            assert len(_ids(count.behind, lead)) == count.n
    listed = sign_in(lead).get(f"{URL}requests/", {"of": "closed_unanswered"}).content.decode()
    assert "1 request behind this number" in listed


def test_a_cell_that_looks_like_a_formula_is_words(lead: User) -> None:
    for cell in ("=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "  =1"):
        assert without_formula(cell).startswith("'")
    for cell in ("Billing", "12", "3 h 5 min", ""):
        assert without_formula(cell) == cell
    ticket = make_ticket()
    Ticket.objects.filter(pk=ticket.pk).update(category=make_category('=HYPERLINK("http://evil")'))
    response = sign_in(lead).get(f"{URL}table.csv")
    assert response["Content-Disposition"].startswith('attachment; filename="report-')
    rows = list(csv.reader(io.StringIO(response.content.decode())))
    assert ["Category", '\'=HYPERLINK("http://evil")', "Filed", "1"] in rows
    assert all(len(row) == 4 for row in rows)
    assert rows == as_rows(read_report(Period(TODAY() - timedelta(days=27), TODAY())))


def test_few_cases_say_how_few_and_many_say_a_length_of_time() -> None:
    assert duration(None, 0) == "none answered"
    assert duration(None, 7) == "Not enough data (n=7)"
    assert duration(timedelta(minutes=1), 20) == "1 minute"
    assert duration(timedelta(minutes=135), 20) == "2 h 15 min"
    assert duration(timedelta(days=3, hours=4), 20) == "3 days 4 h"
    assert share(3, FEWEST - 1) == ""
    assert share(3, 12) == "25%"


WORDS = st.lists(st.sampled_from(["press", "the", "button", "twice", "and", "wait"]), max_size=12)


@given(WORDS, WORDS)
def test_the_share_kept_is_between_nothing_and_all(drafted: list[str], sent: list[str]) -> None:
    shares = shares_kept([(drafted, sent)])
    assert all(0 <= one <= 1 for one in shares)
    assert shares_kept([(drafted, drafted + sent)]) == ([1.0] if drafted else [])


def test_the_report_takes_few_queries(lead: User, django_assert_max_num_queries: object) -> None:
    client = sign_in(lead)
    for _ in range(12):
        make_ticket()
    with django_assert_max_num_queries(20):  # type: ignore[operator]
        client.get(URL)
