"""What a rep does with a draft: sends it as it is, or rejects it and writes; and a customer who is faster than that.

That editing it is recorded as editing, the whole journey shows (test_journeys).
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage
from tests.journeys.steps import CERTIFICATE, FULL, PASSPHRASE, REP, Question, answers, ask_and_be_drafted, reload_until
from tests.running import RunningSite, wait_until

pytestmark = pytest.mark.journey


@pytest.fixture
def customer(new_page: NewPage) -> Page:
    return new_page("customer")


@pytest.fixture
def number(customer: Page, running_site: RunningSite, request: pytest.FixtureRequest) -> int:
    """A request of the customer's that triage has drafted a reply to."""
    question: Question = request.node.get_closest_marker("question").args[0]
    return ask_and_be_drafted(customer, running_site, question)


@pytest.fixture
def rep(new_page: NewPage, running_site: RunningSite, number: int) -> Page:
    page = new_page("rep")
    page.goto(f"{running_site.address}/console/tickets/{number}/")
    return page


def editor(rep: Page) -> str:
    return rep.get_by_role("textbox", name=re.compile("Your reply to")).input_value()


def write(rep: Page, words: str) -> None:
    rep.get_by_role("textbox", name=re.compile("Your reply to")).fill(words)


def send(rep: Page) -> None:
    rep.get_by_role("button", name="Send").click()
    expect(rep.get_by_text("Your reply goes out.").or_(rep.get_by_text(f"Sent by {REP}")).first).to_be_visible()


def reviews(site: RunningSite, number: int) -> list[tuple[object, ...]]:
    return site.rows(
        "SELECT r.verdict, r.reason, r.comment FROM agents_review r JOIN triage_draft d ON d.id = r.draft_id"
        " WHERE d.ticket_id = %s ORDER BY r.id",
        number,
    )


@pytest.mark.question(FULL)
def test_a_draft_is_sent_as_it_is(customer: Page, rep: Page, running_site: RunningSite, number: int) -> None:
    rep.get_by_role("button", name="Use this draft").click()
    expect(rep.get_by_role("textbox", name=re.compile("Your reply to"))).not_to_have_value("")
    words = editor(rep)
    send(rep)
    assert reviews(running_site, number) == [("as_is", "", "")]
    rep_address = running_site.logins["rep"][0]
    wait_until(lambda: [row[:3] for row in answers(running_site, number)] == [(rep_address, rep_address, True)])
    customer.get_by_role("link", name="Open your request").click()
    answer = reload_until(customer, customer.get_by_role("article", name=f"Sent by {REP}"))
    expect(answer).to_contain_text(words.splitlines()[0])


@pytest.mark.question(PASSPHRASE)
def test_a_draft_is_rejected_with_a_reason_and_the_rep_writes(
    customer: Page, rep: Page, running_site: RunningSite, number: int
) -> None:
    rep.get_by_text("Reject it").click()
    rep.get_by_label("It leaves out what matters").check()
    rep.get_by_label("In your words (optional)").fill("The box needs its firmware first.")
    rep.get_by_role("button", name="Reject the draft").click()
    expect(rep.get_by_text(f"Rejected by {REP}")).to_be_visible()
    expect(rep.get_by_role("button", name="Use this draft")).to_have_count(0)
    assert reviews(running_site, number) == [("rejected", "incomplete", "The box needs its firmware first.")]
    write(rep, f"Hello Cora,\n\nfirst update the box, then release the lock.\n\n{REP}")
    send(rep)
    wait_until(lambda: [row[2] for row in answers(running_site, number)] == [False], describe="sent, from no draft")
    customer.get_by_role("link", name="Open your request").click()
    answer = reload_until(customer, customer.get_by_role("article", name=f"Sent by {REP}"))
    expect(answer).to_contain_text("first update the box")


@pytest.mark.question(CERTIFICATE)
def test_a_customer_who_writes_while_the_rep_approves_is_read_first(
    customer: Page, rep: Page, running_site: RunningSite, number: int
) -> None:
    rep.get_by_role("button", name="Use this draft").click()
    write(rep, "Please release the stale lock as the article says.")
    rep.get_by_role("button", name="Preview the mail").click()
    expect(rep.get_by_role("article", name="Mail")).to_be_visible()

    customer.get_by_role("link", name="Open your request").click()
    customer.get_by_role("textbox").last.fill("It runs again. We had only pulled the plug.")
    customer.get_by_role("button", name=re.compile("^Send")).click()
    expect(customer.get_by_role("article").filter(has_text="It runs again.")).to_be_visible()

    rep.get_by_role("button", name="Send").click()
    refusal = rep.get_by_role("alert").filter(has_text="What the customer wrote")
    expect(refusal).to_contain_text("It runs again. We had only pulled the plug.")
    expect(refusal).to_contain_text("Please release the stale lock")
    assert editor(rep) == "Please release the stale lock as the article says."
    assert answers(running_site, number) == []

    write(rep, f"Glad that it runs again.\n\n{REP}")
    rep.get_by_label("I read my text against what changed.").check()  # the draft answered the earlier message
    send(rep)
    wait_until(lambda: len(answers(running_site, number)) == 1, describe="the second attempt went out")
