"""What readers see of articles, and what they are refused."""

import json
from datetime import date

import pytest
from django.http import Http404, HttpRequest
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings
from wagtail.models import PageViewRestriction, Site

from kb.audiences import PUBLIC_ONLY, audiences_of
from kb.models import ArticleIndexPage, ArticlePage
from kb.retrieval.chunking import SectionKind
from kb.search import readable_articles
from kb.tree import ensure_home
from tests.kb.library import editor_named, reviewed

pytestmark = pytest.mark.django_db

BODY = [
    {"type": "text", "value": "<p>First words.</p><ul><li>a</li><li>b</li></ul>"},
    {"type": "heading", "value": {"text": "Set it up", "level": "2", "anchor": ""}},
    {
        "type": "steps",
        "value": {
            "start": 1,
            "steps": [
                {
                    "type": "item",
                    "id": "1",
                    "value": [
                        {"type": "text", "value": "<p>Run:</p>"},
                        {"type": "code", "value": {"language": "bash", "code": "vaultctl <start>"}},
                    ],
                }
            ],
        },
    },
    {"type": "heading", "value": {"text": "Detail", "level": "3", "anchor": "kept"}},
    {"type": "callout", "value": {"kind": "warning", "text": "<p>Careful.</p>"}},
    {"type": "known_error", "value": {"message": "HF-1: <b>no</b>", "meaning": "<p>It is full.</p>"}},
    {"type": "heading", "value": {"text": "Set it up", "level": "2", "anchor": ""}},
    {
        "type": "table",
        "value": {
            "columns": [{"type": "text", "heading": "K"}, {"type": "text", "heading": "V"}],
            "rows": [{"values": ["<p>x</p>", "<p>y</p>"]}],
            "caption": "",
        },
    },
    {"type": "picture", "value": {"image": None, "alt": "The light", "caption": ""}},
]


def make_article(title: str = "An article", **fields: object) -> ArticlePage:
    page = ArticlePage(title=title, body=json.dumps(fields.pop("body", BODY)), **fields)
    ensure_home().add_child(instance=page)
    page.save_revision().publish()
    made: ArticlePage = ArticlePage.objects.get(pk=page.pk)
    return made


def request_of(*audiences: str) -> HttpRequest:
    request = RequestFactory().get("/")
    request.audiences = frozenset(audiences)  # type: ignore[attr-defined]
    return request


def test_the_page_shows_label_writer_review_contents_body_and_a_person(client: Client) -> None:
    page = make_article(author="Ines Halvorsen", reviewed_on=date(2026, 3, 1))
    html = client.get(page.url).content.decode()
    for words in (
        "<h1>An article</h1>",
        "Article</span>",
        "Written by Ines Halvorsen",
        "Last reviewed",
        'href="#set-it-up"',
        '<h2 id="set-it-up">',
        '<h3 id="kept">',
        '<h2 id="set-it-up-2">',
        "vaultctl &lt;start&gt;",
        "HF-1: &lt;b&gt;no&lt;/b&gt;",
        "A picture is missing here: The light",
        "Did this solve it?",
        'href="/requests/new/"',
    ):
        assert words in html
    assert html.count("<h1") == 1
    assert "<img" not in html.partition("<main")[2].partition("</main>")[0]


def test_an_article_that_nobody_reviewed_says_so(client: Client) -> None:
    assert "Not reviewed yet" in client.get(make_article().url).content.decode()


@pytest.mark.parametrize("audience", ["staff", "org:7"])
def test_a_reader_without_the_audience_gets_not_found(client: Client, audience: str) -> None:
    page = make_article(audience=audience)
    assert client.get(page.url).status_code == 404
    with pytest.raises(Http404):
        page.serve(request_of("public", "org:70"))


@pytest.mark.parametrize("audience", ["staff", "org:7"])
def test_a_reader_with_the_audience_gets_it_uncached(audience: str) -> None:
    page = make_article(audience=audience)
    response = page.serve(request_of("public", audience))
    assert response.status_code == 200
    assert response["Cache-Control"] == "private, no-store"


def test_without_word_from_the_site_a_reader_is_the_public() -> None:
    assert audiences_of(RequestFactory().get("/")) == PUBLIC_ONLY
    assert audiences_of(request_of()) == frozenset()


def test_the_listing_the_page_and_search_agree_on_who_may_read() -> None:
    articles = [make_article(f"A{n}", audience=a) for n, a in enumerate(["public", "staff", "org:1"])]
    articles.append(make_article("Offline"))
    articles[-1].unpublish()
    hidden = make_article("Behind a password")
    PageViewRestriction.objects.create(page=hidden, restriction_type="password", password="x")
    closed = ensure_home().add_child(instance=ArticleIndexPage(title="Closed section"))
    closed.add_child(instance=ArticlePage(title="In a closed section"))
    PageViewRestriction.objects.create(page=closed, restriction_type="login")
    everything = list(ArticlePage.objects.values_list("pk", flat=True))
    for audiences in (
        frozenset({"public"}),
        frozenset({"public", "org:1"}),
        frozenset({"public", "staff"}),
        frozenset[str](),
    ):
        listed = set(ArticlePage.objects.for_audiences(audiences).values_list("pk", flat=True))
        assert listed == {p.pk for p in ArticlePage.objects.all() if p.may_be_read_by(audiences)}
        assert listed == set(readable_articles(everything, audiences))
    assert hidden.pk not in listed


def test_sections_count_and_list_only_what_this_reader_may_see(client: Client) -> None:
    home = ensure_home()
    section = home.add_child(instance=ArticleIndexPage(title="Guides"))
    secret = home.add_child(instance=ArticleIndexPage(title="Inside"))
    section.add_child(instance=ArticlePage(title="Open to all"))
    section.add_child(instance=ArticlePage(title="For staff", audience="staff"))
    secret.add_child(instance=ArticlePage(title="Runbook", audience="staff"))
    (shown,) = home.sections_for(PUBLIC_ONLY)
    assert (shown.title, shown.article_count) == ("Guides", 1)
    html = client.get(section.url).content.decode()
    assert "Open to all" in html
    assert "For staff" not in html
    assert [s.title for s in home.sections_for(frozenset({"public", "staff"}))] == ["Guides", "Inside"]


def test_a_section_that_stands_alone_is_opened() -> None:
    home = ensure_home()
    only = home.add_child(instance=ArticleIndexPage(title="Product"))
    for title in ("Backups", "Sync"):
        only.add_child(instance=ArticleIndexPage(title=title)).add_child(instance=ArticlePage(title=f"About {title}"))
    assert [section.title for section in home.front_sections(PUBLIC_ONLY)] == ["Backups", "Sync"]
    only.add_child(instance=ArticlePage(title="Beside them"))
    assert [section.title for section in home.front_sections(PUBLIC_ONLY)] == ["Product"]


def test_the_site_has_a_name_and_keeps_one_that_was_given(settings: Settings) -> None:
    settings.HANDRAIL_NAME = "Holdfast help"
    Site.objects.filter(is_default_site=True).update(site_name="")
    ensure_home()
    assert Site.objects.get().site_name == "Holdfast help"
    Site.objects.update(site_name="Help of ours")
    ensure_home()
    assert Site.objects.get().site_name == "Help of ours"


def test_long_sections_have_pages(client: Client, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    section = ensure_home().add_child(instance=ArticleIndexPage(title="Guides"))
    for number in range(27):
        section.add_child(instance=ArticlePage(title=f"Guide {number:02}"))
    with django_assert_max_num_queries(30):  # for both pages, however many articles they list
        first, second = (client.get(section.url, {"page": page}).content.decode() for page in (1, 2))
    assert "Guide 00" in first
    assert "Guide 26" not in first
    assert "Guide 26" in second


def test_headings_keep_their_anchor_when_their_words_change() -> None:
    page = make_article()
    raw = [dict(block) for block in page.body.raw_data]
    assert raw[1]["value"]["anchor"] == "set-it-up"
    raw[1]["value"]["text"] = "Install it"
    page.body = json.dumps(raw)
    page.save_revision().publish()
    page = ArticlePage.objects.get(pk=page.pk)
    assert page.anchor_for(("Install it",)) == "set-it-up"
    assert page.anchor_for(("Install it", "Detail")) == "kept"
    assert page.anchor_for(("Nowhere",)) == ""


def test_plain_sections_are_what_a_reader_sees_in_order() -> None:
    sections = list(make_article().plain_sections())
    assert [(s.heading_path, s.text, s.kind) for s in sections] == [
        ((), "First words.\n- a\n- b", SectionKind.PROSE),
        (("Set it up",), "1. Run:\nvaultctl <start>", SectionKind.PROSE),
        (("Set it up", "Detail"), "Careful.", SectionKind.CALLOUT),
        (("Set it up", "Detail"), "HF-1: <b>no</b>\nIt is full.", SectionKind.KNOWN_ERROR),
        (("Set it up",), "K | V\nx | y", SectionKind.TABLE),
    ]


def test_written_by_is_true() -> None:
    writer, editor, reviewer = (editor_named(name) for name in ("Wanda", "Emil", "Rita"))
    own = make_article("Own", owner=writer, live=False)
    assert own.written_by == "Wanda"
    imported = make_article("Imported", source_name="Old handbook", source_path="a.md")
    ArticlePage.objects.filter(pk=imported.pk).update(source_revision=imported.live_revision_id)
    imported = ArticlePage.objects.get(pk=imported.pk)
    assert imported.written_by == "Old handbook"
    imported = reviewed(imported, author=editor, reviewer=reviewer)
    assert imported.written_by == "Old handbook, edited by Emil"


def test_search_without_a_question_shows_the_sections(client: Client) -> None:
    section = ensure_home().add_child(instance=ArticleIndexPage(title="Guides"))
    section.add_child(instance=ArticlePage(title="x"))
    html = client.get("/articles/search/").content.decode()
    assert "Guides" in html
    assert 'href="/requests/new/"' in html


def test_a_question_without_an_answer_leads_to_a_person(client: Client) -> None:
    response = client.get("/articles/search/", {"q": "zebra\x00 <script>alert(1)</script> " + "x" * 900})
    html = response.content.decode()
    assert response.status_code == 200
    assert "No article fits" in html
    assert 'href="/requests/new/"' in html
    assert "<script>alert" not in html
