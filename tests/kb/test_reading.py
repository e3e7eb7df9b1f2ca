"""What a reader gets beside the text: the section a hit leads to, related articles, who reviewed, what is due."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone, translation

from kb.models import ArticlePage
from kb.retrieval import embedder
from kb.search import search
from portal.models import Membership, Organisation, StaffRole, User
from tests.conftest import Site
from tests.kb.library import draft, editor_named, index, paragraphs, publish, reviewed

PUBLIC = frozenset({"public"})


def lock_articles(**audiences: str) -> dict[str, ArticlePage]:
    texts = {
        "first": "A backup that was cut off leaves its lock on the vault. Release the stale lock of the vault.",
        "second": "The vault is locked by another backup session. Wait, or release the lock of that session.",
        "third": "Two computers back up at once and one waits for the lock on the vault to be released.",
        "far": "Our invoices show the VAT number of your company from the next month on.",
    }
    return {
        name: publish(f"About {name}", text, audience=audiences.get(name, "public")) for name, text in texts.items()
    }


def person(*, organisation: Organisation | None = None, role: str = "") -> Client:
    user = User.objects.create_user(f"p{User.objects.count()}@example.org", "a-password")
    if organisation:
        Membership.objects.create(user=user, organisation=organisation)
    if role:
        StaffRole.objects.create(user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def test_a_hit_leads_to_the_section_that_answers(site: Site) -> None:
    body = [
        *paragraphs("An introduction to the appliance."),
        ("heading", {"text": "Größe & Gewicht", "level": "2", "anchor": ""}),
        *paragraphs("The appliance weighs two kilograms without its drives."),
    ]
    page = publish("The appliance", body=body)
    index(site, page)
    (hit,) = search("how much does the appliance weigh in kilograms", audiences=PUBLIC)
    assert hit.url == f"{page.url}#gr%C3%B6%C3%9Fe-gewicht"
    assert 'id="größe-gewicht"' in Client().get(page.url).content.decode()


def test_the_search_page_marks_words_and_escapes_everything(site: Site) -> None:
    index(site, publish("The <b>queue</b> is full", "Empty the queue with <code>rm &lt;queue&gt;</code> by hand."))
    html = Client().get("/articles/search/", {"q": "empty the queue <script>"}).content.decode()
    assert "<mark>" in html
    assert "&gt;queue" in html
    assert "<b>queue" not in html
    assert "<script>" not in html.partition("<main")[2].partition("</main>")[0]
    assert "Fits by" in html


def test_more_than_ten_articles_come_in_pages(site: Site) -> None:
    index(site, *[publish(f"Queue number {n}", f"The export queue number {n} is full.") for n in range(14)])
    first = Client().get("/articles/search/", {"q": "export queue is full"}).content.decode()
    second = Client().get("/articles/search/", {"q": "export queue is full", "page": "2"}).content.decode()
    assert "?q=export+queue+is+full&amp;page=2" in first
    assert first.count("article-hit__title") == 10
    assert second.count("article-hit__title") == 4
    assert 'start="11"' in second
    for page in ("0", "-1", "x", "9999", "²"):
        assert Client().get("/articles/search/", {"q": "export queue", "page": page}).status_code == 200


def test_words_that_found_nothing_are_carried_into_the_request(site: Site) -> None:
    html = Client().get("/articles/search/", {"q": "zebra & paint"}).content.decode()
    assert "/requests/new/?subject=zebra+%26+paint" in html
    assert 'value="zebra &amp; paint"' in Client().get("/requests/new/?subject=zebra+%26+paint").content.decode()
    long = "zebra paint " * 30
    html = Client().get("/articles/search/", {"q": long}).content.decode()
    assert "/requests/new/?message=zebra" in html
    assert ">zebra paint" in re.sub(r">\s+", ">", Client().get("/requests/new/", {"message": long}).content.decode())


def test_an_endless_question_is_cut_and_that_is_said(site: Site) -> None:
    html = Client().get("/articles/search/", {"q": "zebra " * 600}).content.decode()
    assert "we searched for its beginning" in html


def test_a_search_by_words_alone_says_so(site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    index(site, publish("The queue", "The export queue is full."))
    monkeypatch.setattr(embedder, "embedder_directory", lambda _graph: tmp_path)
    assert "Search by meaning is not available" in Client().get("/articles/search/?q=export+queue").content.decode()


def test_restricted_hits_say_whom_they_are_for(site: Site) -> None:
    company = Organisation.objects.create(name="Acme", kind="standard")
    index(site, publish("The queue", "The export queue is full.", audience=f"org:{company.pk}"))
    question = "/articles/search/?q=export+queue+full"
    assert "For your organisation" in person(organisation=company).get(question).content.decode()
    assert "The queue" not in Client().get(question).content.decode().partition("<main")[2]


def test_what_is_in_another_language_follows_and_says_so_and_for_which_versions(site: Site) -> None:
    german = publish(
        "Export queue full: die Warteschlange ist voll",
        "Die export queue ist full. Leeren Sie die Warteschlange.",
        language="de",
        product="Export",
        versions=["6.2", "6.3"],
    )
    index(site, german, publish("The queue", "The export queue is full."))
    page = Client().get("/articles/search/?q=export+queue+full").content.decode().partition("<main")[2]
    assert [hit.language for hit in search("export queue full", audiences=frozenset({"public"}))] == ["en", "de"]
    assert page.count("In German") == page.count("Found by its words alone") == 1
    assert 'lang="de"' in page
    assert "Applies to Export 6.2, 6.3" in page
    answer = Client().post("/requests/suggestions/", {"subject": "Warteschlange voll, leeren"}).content.decode()
    assert '<span lang="de">Export queue full' in answer
    assert "in German" in answer
    assert "for Export 6.2, 6.3" in answer
    with translation.override("de"):
        assert [hit.language for hit in search("export queue full", audiences=frozenset({"public"}))] == ["de", "en"]


def test_related_articles_are_close_in_meaning_and_labelled(site: Site) -> None:
    shelf = lock_articles()
    index(site, *shelf.values())
    html = Client().get(shelf["first"].url).content.decode().partition("Articles about the same thing")[2]
    assert "About second" in html
    assert "Written by" in html
    assert "Not reviewed yet" in html
    assert "About far" not in html


def test_related_articles_are_only_those_the_reader_may_see(site: Site) -> None:
    company = Organisation.objects.create(name="Acme", kind="standard")
    shelf = lock_articles(second="staff", third=f"org:{company.pk}")
    index(site, *shelf.values())
    for client, seen in (
        (Client(), set()),
        (person(organisation=company), {"third"}),
        (person(role="rep"), {"second"}),
    ):
        html = client.get(shelf["first"].url).content.decode()
        assert {name for name in ("second", "third") if f"About {name}" in html} == seen


def test_an_article_that_left_is_related_to_nothing_though_the_index_is_behind(site: Site) -> None:
    shelf = lock_articles()
    index(site, *shelf.values())
    ArticlePage.objects.filter(pk=shelf["second"].pk).update(audience="staff")
    shelf["third"].unpublish()
    assert shelf["first"].related(PUBLIC) == []


def test_without_vectors_nothing_is_related(site: Site) -> None:
    assert publish("Alone", "Nobody indexed this.").related(PUBLIC) == []


@pytest.mark.django_db
def test_the_reviewer_is_named_from_the_record() -> None:
    page = reviewed(draft(edda := editor_named("Edda")), author=edda, reviewer=editor_named("Lena"))
    html = Client().get(page.url).content.decode()
    assert "Written by Edda" in html
    assert "Reviewed by Lena on" in html


@pytest.mark.django_db
def test_staff_see_that_a_review_is_due_and_customers_do_not() -> None:
    page = publish("Old", "Words.", review_by=timezone.localdate() - timedelta(days=1))
    assert "review has been due" in person(role="rep").get(page.url).content.decode()
    assert "review has been due" not in Client().get(page.url).content.decode()
