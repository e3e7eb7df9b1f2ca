"""What is not for a reader never reaches them, on any surface: each is named here, and a new one fails until it is.

An article for each reason to be closed holds words that nobody asks for. Whoever may not read it asks every surface for
the words beside them, while the index still believes it public and again when it knows.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker
from wagtail.contrib.redirects.models import Redirect
from wagtail.models import PageViewRestriction
from wagtail.models import Site as WagtailSite

from kb.models import ArticleIndexPage, ArticlePage, Passage, Pin, Synonym
from kb.tree import ensure_home
from portal.models import Organisation, Ticket
from tests.conftest import Site, cloned_site
from tests.factories import make_organisation, make_rep, make_ticket, make_user, sign_in
from tests.kb.library import index, index_differences, publish
from tests.triage.asking import triage_first
from triage.models import DraftSentence, NextStep, Run

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Response

CLOSED = ("staff", "ours", "password", "moved", "unpublished", "scheduled")
ASKED = {name: f"quagfinch{letter * 3}" for name, letter in zip(("open", *CLOSED), "abcdefg", strict=True)}
"""Words to ask with; each stands in one article alone."""
Probe = Callable[["Shelf", Client], "Iterator[Response]"]


def secret(name: str) -> str:
    """A word that stands in one article alone and is never asked for: wherever it is seen, it came from there."""
    return f"kestrel{name}"


@dataclass(frozen=True)
class Shelf:
    articles: dict[str, ArticlePage]
    readers: dict[str, Client]
    tickets: dict[str, Ticket]
    closed_section: ArticleIndexPage

    def may_read(self, reader: str) -> set[str]:
        return {"open", *{"ours": ["ours"], "rep": ["staff"]}.get(reader, [])}

    def questions(self) -> list[str]:
        """What finds the articles by words, by a slip, by an error code, by meaning, by a pin and by a synonym."""
        words = [f"the {word} gateway stops: 0x8007{number:04d}" for number, word in enumerate(ASKED.values())]
        slips = [f"{word[:4]}x{word[4:]} gateway" for word in ASKED.values()]
        return [*words, slips[1], *self.all_at_once()]

    def all_at_once(self) -> list[str]:
        return ["which gateway bridge must be restarted at night", " ".join(ASKED.values()), "lantern", "sunflower"]


def _article(name: str, number: int) -> ArticlePage:
    hidden = secret(name)
    return publish(
        f"Gateway {ASKED[name]} {hidden}",
        slug=hidden,
        summary=f"What to do when the {ASKED[name]} gateway stops: {hidden}.",
        body=[
            ("text", f"<p>When gateway {ASKED[name]} stops at night, restart the bridge {hidden}.</p>"),
            ("heading", {"text": f"Cause {hidden}", "level": "2", "anchor": ""}),
            ("text", f"<p>The {ASKED[name]} log says 0x8007{number:04d} and {hidden}.</p>"),
        ],
        labels=[hidden],
        product=hidden,
        versions=[hidden],
        author=f"Writer {hidden}",
    )


def _close(shelf: dict[str, ArticlePage], section: ArticleIndexPage, ours: Organisation) -> None:
    """After everything was public and indexed so."""
    PageViewRestriction.objects.create(page=section, restriction_type=PageViewRestriction.GROUPS)
    ArticlePage.objects.filter(pk=shelf["staff"].pk).update(audience="staff")
    ArticlePage.objects.filter(pk=shelf["ours"].pk).update(audience=f"org:{ours.pk}")
    PageViewRestriction.objects.create(
        page=shelf["password"], restriction_type=PageViewRestriction.PASSWORD, password="a long one"
    )
    shelf["moved"].move(section, pos="last-child")
    shelf["unpublished"].unpublish()
    shelf["scheduled"].unpublish()
    later = ArticlePage.objects.get(pk=shelf["scheduled"].pk)
    later.go_live_at = timezone.now() + timedelta(days=1)
    later.save_revision().publish()
    draft = ArticlePage.objects.get(pk=shelf["open"].pk)
    links = "".join(f'<a linktype="page" id="{article.pk}">there</a> ' for article in shelf.values())
    draft.body = [*draft.body.raw_data, {"type": "text", "value": f"<p>See {links}</p>"}]
    draft.save_revision().publish()
    draft.body = [("text", f"<p>{secret('draft')}</p>")]
    draft.save_revision()


def _fill(site: Site) -> Shelf:
    make_organisation()  # so that the numbers of organisations and articles differ
    ours, theirs = make_organisation(), make_organisation()
    articles = {name: _article(name, number) for number, name in enumerate(ASKED)}
    section = ensure_home().add_child(instance=ArticleIndexPage(title=secret("section"), slug=secret("section")))
    for article in articles.values():
        old = Redirect.normalise_path(f"/articles/old-{article.pk}/")
        Redirect.objects.create(old_path=old, redirect_page=article, site=WagtailSite.objects.get())
        Pin.objects.create(phrase="lantern", article=article)
        Synonym.objects.create(phrase="sunflower", meaning=article.title[:80])
    people = {"ours": make_user("Olga", organisation=ours), "theirs": make_user("Theo", organisation=theirs)}
    readers = {name: sign_in(person) for name, person in people.items()}
    text = f"Our gateway stops at night, the log says 0x80070001. {' '.join(ASKED.values())}"
    tickets = {name: make_ticket(person, subject="Gateway stops", text=text) for name, person in people.items()}
    index(site, *articles.values())
    _close(articles, section, ours)
    # Whoever may read most asks first: what a process or a cache keeps of it would be seen by those who follow.
    return Shelf(articles, {"rep": sign_in(make_rep()), **readers, "public": Client()}, tickets, section)


@pytest.fixture(scope="module")
def filled(template: None, django_db_blocker: DjangoDbBlocker) -> Iterator[tuple[Site, Shelf]]:
    with cloned_site(django_db_blocker) as site:
        shelf = _fill(site)
        index(site, shelf.articles["open"])
        for ticket in shelf.tickets.values():
            triage_first(site, ticket)
        yield site, shelf


@pytest.fixture(scope="module", params=["the index is behind", "the index knows"])
def shelf(request: pytest.FixtureRequest, filled: tuple[Site, Shelf]) -> Shelf:
    site, shelf = filled
    if request.param == "the index knows":
        index_differences(site)
    return shelf


def ask_search(shelf: Shelf, client: Client) -> "Iterator[Response]":
    for question in shelf.questions():
        yield client.get(reverse("kb:search"), {"q": question})
    yield client.get(reverse("kb:search"))


def ask_suggestions(shelf: Shelf, client: Client) -> "Iterator[Response]":
    for question in shelf.questions():
        yield client.post(reverse("portal:suggestions"), {"subject": question})


def ask_form(shelf: Shelf, client: Client) -> "Iterator[Response]":
    for question in shelf.all_at_once():
        yield client.post(reverse("portal:file_ticket"), {"subject": question, "action": "suggest"})
    for article in shelf.articles.values():
        yield client.get(reverse("portal:file_ticket"), {"article": article.pk})


def ask_pages(shelf: Shelf, client: Client) -> "Iterator[Response]":
    """By the address that they have, by the one that they had, and in the lists of their sections."""
    for article in shelf.articles.values():
        fresh = ArticlePage.objects.get(pk=article.pk)
        for address in {fresh.url, article.url, f"/articles/old-{article.pk}/"}:
            yield client.get(address)
    yield client.get(ensure_home().url)
    yield client.get(shelf.closed_section.url)


def ask_each(shelf: Shelf, client: Client, *, name: str) -> "Iterator[Response]":
    for article in shelf.articles.values():
        yield client.get(reverse(name, args=[article.pk]))
        yield client.post(reverse(name, args=[article.pk]), {"solved": "no", "reason": "outdated"})


def ask_section_feeds(shelf: Shelf, client: Client) -> "Iterator[Response]":
    for place in (secret("section"), secret("open")):
        yield client.get(reverse("kb:section_feed", args=[place]))


def ask_one(shelf: Shelf, client: Client, *, name: str, args: tuple[object, ...] = ()) -> "Iterator[Response]":
    yield client.get(reverse(name, args=args))


def ask_own_request(shelf: Shelf, client: Client, *, name: str) -> "Iterator[Response]":
    for ticket in shelf.tickets.values():
        yield client.get(reverse(name, args=[ticket.reference]))


def ask_ticket(shelf: Shelf, client: Client, *, name: str) -> "Iterator[Response]":
    yield client.get(reverse(name, args=[shelf.tickets["theirs"].pk]))


def ask_passages(shelf: Shelf, client: Client) -> "Iterator[Response]":
    """For the other organisation's request: what a rep may show its customer is less than what they may read."""
    for question in shelf.all_at_once():
        yield client.get(reverse("agents:passages", args=[shelf.tickets["theirs"].pk]), {"find": question})


def ask_citations(shelf: Shelf, client: Client) -> "Iterator[Response]":
    ticket = shelf.tickets["theirs"]
    closed = [shelf.articles[name].pk for name in CLOSED]
    passages = Passage.objects.filter(article__in=closed).order_by("article_id", "pk").distinct("article_id")
    for passage in passages.values_list("pk", flat=True):
        # The page that answers may show reps what they may read; into the reply nothing of it comes.
        fields = {"version": ticket.version, "place": "cursor"}
        yield client.post(reverse("agents:cite", args=[ticket.pk, passage]), fields)


def one(name: str, *args: object) -> Probe:
    return partial(ask_one, name=name, args=args)


SURFACES: dict[str, Probe | str] = {
    "kb:search": ask_search,
    "kb:feed": one("kb:feed"),
    "kb:section_feed": ask_section_feeds,
    "wagtail_serve": ask_pages,
    "sitemap": one("sitemap"),
    "sitemap_part": one("sitemap_part", 1),
    "robots": one("robots"),
    "portal:home": one("portal:home"),
    "portal:suggestions": ask_suggestions,
    "portal:file_ticket": ask_form,
    "portal:tickets": one("portal:tickets"),
    "portal:ticket": partial(ask_own_request, name="portal:ticket"),
    "portal:receipt": partial(ask_own_request, name="portal:receipt"),
    "portal:judge_article": partial(ask_each, name="portal:judge_article"),
    "portal:flag_article": partial(ask_each, name="portal:flag_article"),
    "portal:profile": one("portal:profile"),
    "demo_mailbox": one("demo_mailbox"),
    "agents:queue": one("agents:queue"),
    "agents:ticket": partial(ask_ticket, name="agents:ticket"),
    "agents:passages": ask_passages,
    "agents:triage_pane": partial(ask_ticket, name="agents:triage_pane"),
    "agents:news": partial(ask_ticket, name="agents:news"),
    "agents:cite": ask_citations,
    "agents:report": one("agents:report"),
    "agents:report_requests": one("agents:report_requests"),
    "agents:report_table": one("agents:report_table"),
    "media": "test_pictures_of_restricted_articles_are_for_their_readers_alone",
    "wagtaildocs_serve": "test_a_document_is_for_the_readers_of_the_articles_that_link_it",
}
NO_ARTICLES = {
    *("healthz", "portal:follow", "portal:reply", "portal:close_ticket", "portal:reopen_ticket", "portal:judge_reply"),
    *("portal:attachment", "portal:mail_aside", "portal:decide_on_mail", "portal:erase_person"),
    *("wagtailcore_authenticate_with_password", "wagtailcore_login", "wagtaildocs_authenticate_with_password"),
    *(
        "agents:arrivals",
        "agents:single_keys",
        "agents:drafting",
        "agents:ladder",
        "agents:rung",
        "agents:search_health",
        "agents:weights",
        "agents:screening",
        "agents:macros",
        "agents:new_macro",
    ),
    *("agents:edit_macro", "agents:macro_active", "agents:take", "agents:leave", "agents:look_up", "agents:use_macro"),
    *("agents:keep", "agents:preview", "agents:send", "agents:note", "agents:withdraw", "agents:take_back"),
    *("agents:use_draft", "agents:reject_draft", "agents:use_step", "agents:read_again", "agents:category"),
    *("agents:priority", "agents:assignee", "agents:solve", "agents:reopen"),
}
"""They show no article, or only act and lead back to a page above."""
EDITORS_OWN = ("cms/", "^cms/", "admin/", "accounts/")
"""Behind a sign-in for those who write the articles, and the pages of accounts."""


def surfaces(resolver: URLResolver, place: str = "", spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        below = f"{place}{pattern.pattern}"
        if isinstance(pattern, URLPattern):
            yield below, ":".join((*spaces, pattern.name or below))
        else:
            yield from surfaces(pattern, below, (*spaces, *([pattern.namespace] if pattern.namespace else [])))


def test_every_surface_is_named() -> None:
    found = {name for place, name in surfaces(get_resolver()) if not place.startswith(EDITORS_OWN)}
    named = {*SURFACES, *NO_ARTICLES}
    assert found - named == set(), "say how it is asked for what is closed, or that it shows no article"
    assert named - found <= {"demo_mailbox"}


def told(response: "Response") -> str:
    """Everything that arrives, but for the address that was asked for itself."""
    headers = " ".join(f"{name}: {value}" for name, value in response.items())
    body = response.getvalue() if response.streaming else response.content
    asked = response.request["PATH_INFO"]
    return f"{headers}\n{body.decode()}".replace(asked, "").replace(asked.replace("/", "%2F"), "").casefold()


@pytest.mark.parametrize("surface", [name for name, probe in SURFACES.items() if callable(probe)])
def test_what_is_closed_to_a_reader_never_reaches_them(shelf: Shelf, surface: str) -> None:
    probe = SURFACES[surface]
    assert callable(probe)
    for reader, client in shelf.readers.items():
        may_read = shelf.may_read(reader)
        forbidden = {secret(name) for name in (*CLOSED, "draft", "section") if name not in may_read}
        for response in probe(shelf, client):
            text = told(response)
            seen = sorted(word for word in forbidden if word in text)
            assert not seen, (reader, response.request["PATH_INFO"], response.request["QUERY_STRING"])
            if any(secret(name) in text for name in may_read - {"open"}):
                assert "no-store" in response["Cache-Control"], (reader, response.request["PATH_INFO"])
                assert "private" in response["Cache-Control"] or surface == "portal:suggestions"
                assert not response.has_header("ETag")


@pytest.mark.parametrize(("reader", "name"), [("public", "open"), ("ours", "ours"), ("rep", "staff")])
@pytest.mark.parametrize("surface", ["kb:search", "portal:suggestions", "portal:file_ticket", "wagtail_serve"])
def test_what_is_for_a_reader_reaches_them(shelf: Shelf, surface: str, reader: str, name: str) -> None:
    probe = SURFACES[surface]
    assert callable(probe)
    assert any(secret(name) in told(response) for response in probe(shelf, shelf.readers[reader]))


def test_drafts_and_what_triage_keeps_hold_only_what_their_customer_may_read(shelf: Shelf) -> None:
    for reader, ticket in shelf.tickets.items():
        forbidden = {secret(name) for name in (*CLOSED, "draft", "section") if name not in shelf.may_read(reader)}
        sentences = DraftSentence.objects.filter(draft__ticket=ticket)
        kept: list[object] = [*sentences.values("text", "quote", "heading", "source_text__text", "source_text__title")]
        kept += [*NextStep.objects.filter(run__ticket=ticket).values("text", "url", "reason")]
        kept += [*Run.objects.filter(ticket=ticket).values("outputs", "inputs", "failure_detail")]
        text = json.dumps(kept, default=str).casefold()
        assert sorted(word for word in forbidden if word in text) == []
        assert secret("open") in text, "or nothing was drafted, and this proves nothing"


def test_the_sitemap_and_the_feeds_are_the_same_for_everybody(shelf: Shelf) -> None:
    for name, args in (("sitemap_part", (1,)), ("sitemap_part", (0,)), ("kb:feed", ())):
        answers = [client.get(reverse(name, args=args)).content for client in shelf.readers.values()]
        assert len(set(answers)) == 1
