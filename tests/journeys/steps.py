"""What people do in many journeys: ask, wait for a page to change, look what the record says."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.running import RunningSite, wait_until

REP = "Ravi Sandoval"
LABEL = re.compile(r"Article\s*·\s*written by .+\s*·\s*(last reviewed on \w+|not reviewed yet)")


@dataclass(frozen=True)
class Question:
    """What a customer has on their heart, and the article that settles it."""

    subject: str
    text: str
    article: str
    log: str
    log_line: int


DEMO = Question(
    subject="Backup of the till stops",
    text=(
        "Since the storm on Sunday the nightly backup of our till stops at once. The window says "
        "HF-2104: vault is locked by another session. How do we get it going again?"
    ),
    article="HF-2104: the backup stops because the vault is locked",
    log=(
        "2026-11-16T20:00:01Z INFO  holdfastd[812]: job nightly for TILL started\n"
        "2026-11-16T20:00:01Z INFO  holdfastd[812]: vault /vaults/corner opened, 412 GB free\n"
        "2026-11-16T20:00:03Z ERROR holdfastd[812]: HF-2104: vault is locked by another session\n"
    ),
    log_line=3,
)


def of_code(code: str, subject: str, text: str, article: str) -> Question:
    """A question about one of the demo's error codes, with a log that names it."""
    line = f"2026-11-18T20:00:03Z ERROR holdfastd[812]: {code}\n"
    return Question(subject=subject, text=text, article=article, log=line, log_line=1)


FULL = of_code(
    "HF-2208",
    "No room left for the night",
    "The report of this morning says HF-2208: not enough space in the vault. What may we delete without regret?",
    "HF-2208: not enough space in the vault",
)
PASSPHRASE = of_code(
    "HF-4001",
    "The new laptop is refused",
    "It asks for the passphrase of our vault and answers HF-4001: wrong passphrase, though we copied it by letter.",
    "HF-4001: wrong passphrase for the vault",
)
CERTIFICATE = of_code(
    "HF-5103",
    "Nothing connects since we moved",
    "Every computer says HF-5103: certificate has expired or is not yet valid, since the box stands in the new shop.",
    "HF-5103: certificate has expired or is not yet valid",
)
WATCH = of_code(
    "HF-3012",
    "Sync gave up on the workstation",
    "Our Linux workstation stopped syncing the share of drawings: HF-3012 cannot watch folder. It has 200,000 files.",
    "HF-3012: sync stops on Linux",
)


def suggestions(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Articles that may help").get_by_role("listitem")


def ask(
    page: Page,
    question: Question,
    *,
    suggested: Locator,
    before: Callable[[Page], None] = lambda page: None,
    contact: tuple[str, str] | None = None,
) -> int:
    """Write the request, see the article beside it, file all the same; returns the request's number."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Write to us").click()
    page.get_by_label("In a few words").fill(question.subject)
    page.get_by_label("What happened").fill(question.text)
    before(page)
    expect(suggested.filter(has_text=question.article).first).to_contain_text(LABEL)
    expect(page.get_by_label("What happened")).to_have_value(question.text)
    log: Any = {"name": "box.log", "mimeType": "text/plain", "buffer": question.log.encode()}
    page.get_by_label("Files").set_input_files([log])
    if contact is not None:
        page.get_by_label("Your e-mail address").fill(contact[0])
        page.get_by_label("Your name").fill(contact[1])
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("heading", name="Your request has arrived.")).to_be_visible()
    number = re.search(r"Request #(\d+)", page.get_by_role("main").inner_text(), re.IGNORECASE)
    assert number is not None
    return int(number.group(1))


def ask_and_be_drafted(customer: Page, site: RunningSite, question: Question) -> int:
    """File the question; returns its number once triage has drafted. The same question twice is a duplicate."""
    customer.goto(site.address)
    number = ask(customer, question, suggested=suggestions(customer))
    drafted = "SELECT count(*) FROM triage_draft WHERE ticket_id = %s"
    wait_until(lambda: site.value(drafted, number), seconds=60, describe="a draft")
    return number


def reload_until(page: Page, wanted: Locator) -> Locator:
    def is_there() -> bool:
        page.reload()
        return wanted.count() > 0

    wait_until(is_there, describe=f"{wanted} after a reload")
    return wanted


def answers(site: RunningSite, number: int) -> list[tuple[object, ...]]:
    return site.rows(
        "SELECT p.email, r.email, a.draft_id IS NOT NULL, o.state, o.attempts FROM portal_message m"
        " JOIN agents_approval a ON a.payload_id = m.payload_id JOIN portal_user p ON p.id = a.person_id"
        " JOIN portal_user r ON r.id = m.released_by_id LEFT JOIN portal_outboxentry o ON o.message_id = m.id"
        " WHERE m.ticket_id = %s AND m.direction = 'outbound'",
        number,
    )
