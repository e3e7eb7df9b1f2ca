"""The whole job, by people in a real browser, on a real site: ask, be shown the article, file, be answered by a person.

Once with scripts and an account, once with neither; each with the demo's articles and, where they are on this machine,
with a real vendor's.
"""

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import NewPage, sign_in
from tests.journeys.steps import DEMO, REP, Question, answers, ask, reload_until, suggestions
from tests.running import RunningSite, wait_until

pytestmark = pytest.mark.journey

COMMERCE = Question(
    subject="Elasticsearch keeps crashing since we use ElasticSuite",
    text=(
        "Our Elasticsearch service crashes with out of memory errors. The health command shows hundreds of "
        "unassigned_shards, and there are very many tracking indices of ElasticSuite. How do we get rid of them?"
    ),
    article="ElasticSuite tracking indices causes problems with Elasticsearch",
    log=(
        "[2026-11-17T03:12:09,101][INFO ][o.e.n.Node] [es-1] started\n"
        "[2026-11-17T03:14:40,775][ERROR][o.e.b.ElasticsearchUncaughtExceptionHandler] [es-1] fatal error\n"
        "java.lang.OutOfMemoryError: Java heap space\n"
        "\tat org.apache.lucene.util.fst.BytesStore.<init>(BytesStore.java:88)\n"
    ),
    log_line=2,
)
COMMERCE_FOLDERS = ["troubleshooting/elasticsearch", "troubleshooting/deployment"]


@pytest.fixture(scope="module")
def commerce(running_site: RunningSite, shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Question:
    """Some folders of a real knowledge base, imported by the command and indexed by the site's own worker."""
    folder = tmp_path_factory.mktemp("kb") / "commerce"
    for name in COMMERCE_FOLDERS:
        shutil.copytree(shared_data / "kb" / "commerce" / name, folder / name)
    running_site.manage("import_articles", str(folder), "--section", "Commerce")
    waiting = (
        "SELECT count(*) FROM kb_articlepage a JOIN wagtailcore_page p ON p.id = a.page_ptr_id"
        " LEFT JOIN kb_indexedarticle i ON i.article_id = p.id WHERE p.live AND i.article_id IS NULL"
    )
    wait_until(lambda: running_site.value(waiting) == 0, seconds=180, describe="every article is indexed")
    return COMMERCE


@pytest.fixture(params=["demo", "commerce"])
def question(request: pytest.FixtureRequest) -> Question:
    """The demo's known error, or a real vendor's."""
    return DEMO if request.param == "demo" else request.getfixturevalue("commerce")


def test_a_customer_asks_and_a_person_answers(running_site: RunningSite, new_page: NewPage, question: Question) -> None:
    customer, rep = new_page(), new_page()
    sign_in(customer, running_site.address, running_site.logins["customer"])
    number = ask(customer, question, suggested=suggestions(customer))
    expect(customer.get_by_role("main")).not_to_contain_text("Sent by")

    sign_in(rep, running_site.address, running_site.logins["rep"], then="/console/")
    rep.get_by_role("row").filter(has=rep.get_by_role("cell", name=str(number), exact=True)).get_by_role("link").click()
    _read_draft_and_sources(rep, question)
    rep.get_by_role("button", name="Use this draft").click()
    editor = rep.get_by_role("textbox", name=re.compile("Your reply to"))
    expect(editor).not_to_have_value("")
    reply = f"Hello Cora,\n\n{editor.input_value().strip()}\n\nWrite back if it stays locked.\n{REP}"
    editor.fill(reply)
    rep.get_by_role("button", name="Preview the mail").click()
    expect(rep.get_by_role("article", name="Mail")).to_contain_text("Write back if it stays locked.")
    assert answers(running_site, number) == []
    rep.get_by_role("button", name="Send").click()
    expect(rep.get_by_text("Your reply goes out.").or_(rep.get_by_text(f"Sent by {REP}")).first).to_be_visible()

    customer.get_by_role("link", name="Open your request").click()
    answer = reload_until(customer, customer.get_by_role("article", name=f"Sent by {REP}"))
    expect(answer).to_contain_text("Write back if it stays locked.")
    expect(customer.get_by_text("Answered, waits for you")).to_be_visible()
    _assert_sent_once_by_the_rep(running_site, number, to=running_site.logins["customer"][0], from_draft=True)


def test_without_scripts_and_without_an_account(
    running_site: RunningSite, new_page: NewPage, question: Question
) -> None:
    customer, rep = new_page(scripts=False), new_page(scripts=False)
    address = f"nora.{'demo' if question is DEMO else 'commerce'}@example.org"

    def show(page: Page) -> None:
        page.get_by_role("button", name="Show matching articles").click()

    customer.goto(running_site.address)
    who = (address, "Nora Quist")
    number = ask(customer, question, suggested=suggestions(customer), before=show, contact=who)
    receipt = wait_until(lambda: running_site.mails(to=address, request=number), describe="the receipt")[0]
    link = re.search(r"http\S+/requests/follow/\S+", receipt.get_content())
    assert link is not None
    customer = new_page(scripts=False)  # another browser, on another day
    customer.goto(link.group())
    expect(customer.get_by_role("heading", level=1)).to_have_text(question.subject)

    sign_in(rep, running_site.address, running_site.logins["rep"], then="/console/")
    rep.goto(f"{running_site.address}/console/tickets/{number}/")
    reload_until(rep, rep.get_by_text("No draft", exact=True))
    expect(rep.get_by_text("The account is unknown")).to_be_visible()
    expect(rep.get_by_role("button", name="Use this draft")).to_have_count(0)
    rep.get_by_role("textbox", name=re.compile("Your reply to")).fill(f"Please see “{question.article}”.\n\n{REP}")
    rep.get_by_role("button", name="Preview the mail").click()
    expect(rep.get_by_role("article", name="Mail")).to_contain_text(question.article)
    rep.get_by_role("button", name="Send").click()

    answer = reload_until(customer, customer.get_by_role("article", name=f"Sent by {REP}"))
    expect(answer).to_contain_text(question.article)
    _assert_sent_once_by_the_rep(running_site, number, to=address, from_draft=False)


def _read_draft_and_sources(rep: Page, question: Question) -> None:
    """The draft beside its sources, and what the log says with its line; it appears by itself."""
    pane = rep.get_by_role("region", name="Draft and sources")
    expect(pane.get_by_role("button", name="Use this draft")).to_be_visible()
    expect(pane.get_by_role("link", name=question.article).first).to_be_visible()
    findings = pane.get_by_role("region", name=re.compile(r"things? found in the message"))
    expect(findings.get_by_text(re.compile(rf"line {question.log_line}\b")).first).to_be_visible()


def _assert_sent_once_by_the_rep(site: RunningSite, number: int, *, to: str, from_draft: bool) -> None:
    """In the mailbox: a receipt and one answer of one thread. In the database: the rep's approval and nobody else's."""
    rep = site.logins["rep"][0]
    wait_until(lambda: answers(site, number) == [(rep, rep, from_draft, "sent", 1)], describe="one answer, sent once")
    receipt, answer = site.mails(to=to, request=number)
    assert answer["From"].addresses[0].display_name.startswith(REP)
    assert f"[#{number}]" in answer["Subject"]
    assert receipt["References"] == answer["References"] == answer["In-Reply-To"]
