"""What engines and readers of feeds are told: facts of the record, of public articles alone, on the public address."""

import json
import re
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries, Settings
from wagtail.models import Page, PageViewRestriction

from kb import publishing
from kb.models import ArticleIndexPage, ArticlePage
from kb.tree import ensure_home
from portal.models import User
from tests.factories import make_rep
from tests.kb.library import editor_named, reviewed
from tests.kb.test_pages import make_article

pytestmark = pytest.mark.django_db

PUBLIC_URL = "https://help.example.org"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
ATOM = "{http://www.w3.org/2005/Atom}"
DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


@pytest.fixture(autouse=True)
def _public_address(settings: Settings) -> None:
    settings.HANDRAIL_PUBLIC_URL = PUBLIC_URL
    settings.HANDRAIL_NAME = "Holdfast"


def section_named(title: str, below: ArticleIndexPage | None = None) -> ArticleIndexPage:
    made: ArticleIndexPage = (below or ensure_home()).add_child(instance=ArticleIndexPage(title=title))
    return made


def article_in(section: ArticleIndexPage, title: str, owner: User | None = None, **fields: object) -> ArticlePage:
    page = section.add_child(instance=ArticlePage(title=title, **fields))
    page.save_revision().publish()
    if owner:
        Page.objects.filter(pk=page.pk).update(owner=owner)
    made: ArticlePage = ArticlePage.objects.get(pk=page.pk)
    return made


def person(name: str) -> User:
    return User.objects.create_user(f"{name.lower()}@example.org", "a-password", display_name=name)


def html_of(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def data_of(html: str) -> list[dict[str, Any]]:
    (found,) = DATA.findall(html)
    data: list[dict[str, Any]] = json.loads(found)
    return data


def locations(client: Client, address: str) -> list[str]:
    root = ElementTree.fromstring(client.get(address).content)
    return [found.text or "" for found in root.iter(f"{SITEMAP}loc")]


def all_locations(client: Client) -> set[str]:
    parts = locations(client, "/sitemap.xml")
    return {found for part in parts for found in locations(client, part.removeprefix(PUBLIC_URL))}


class TestStructuredData:
    def test_says_what_the_record_says(self, client: Client) -> None:
        author, reviewer = editor_named("Edda"), editor_named("Rhea")
        section = section_named("Backups")
        page = section.add_child(
            instance=ArticlePage(
                title="The vault",
                summary="It is locked.",
                owner=author,
                product="Holdfast",
                versions=["6.2", "6.3"],
                live=False,
            )
        )
        page = reviewed(page, author=author, reviewer=reviewer)
        article, way = data_of(html_of(client, page.url))
        address = f"{PUBLIC_URL}/articles/backups/the-vault/"
        assert article["@type"] == "TechArticle"
        assert (article["headline"], article["description"]) == ("The vault", "It is locked.")
        assert article["author"] == [{"@type": "Person", "name": "Edda"}]
        assert article["url"] == article["mainEntityOfPage"]["@id"] == address
        assert article["mainEntityOfPage"]["reviewedBy"] == {"@type": "Person", "name": "Rhea"}
        assert article["mainEntityOfPage"]["lastReviewed"] == str(page.reviewed_on)
        assert article["dateModified"] == page.last_published_at.isoformat()
        assert [thing["name"] for thing in article["about"]] == ["Holdfast 6.2", "Holdfast 6.3"]
        assert [step["item"] for step in way["itemListElement"]] == [
            f"{PUBLIC_URL}/articles/",
            f"{PUBLIC_URL}/articles/backups/",
            address,
        ]

    def test_claims_no_review_and_no_person_that_nobody_recorded(self, client: Client) -> None:
        article, _ = data_of(html_of(client, make_article(author="The handbook").url))
        assert article["author"] == [{"name": "The handbook"}]
        assert article["mainEntityOfPage"].keys() == {"@type", "@id"}
        assert "about" not in article

    def test_names_the_writers_that_readers_see(self, client: Client) -> None:
        page = make_article("Mine", source_name="Handbook", source_path="a.md", source_revision=1)
        page = reviewed(page, author=editor_named("Edda"), reviewer=editor_named("Rhea"))
        article, _ = data_of(html_of(client, page.url))
        assert page.written_by == "Handbook, edited by Edda"
        assert article["author"] == [{"name": "Handbook"}, {"@type": "Person", "name": "Edda"}]

    def test_cannot_end_the_element_that_holds_it(self, client: Client) -> None:
        evil = '</script><script>alert(1)</script><!--\u2028 & "quoted" \\'
        html = html_of(client, make_article(evil, summary=evil, author=evil[:100], labels=[evil[:60]]).url)
        article, way = data_of(html)
        assert article["headline"] == article["description"] == evil
        assert way["itemListElement"][-1]["name"] == evil
        assert "<script>alert" not in html
        assert "<!--\u2028" not in html

    def test_stands_in_a_page_whose_policy_allows_no_inline_script(self, client: Client) -> None:
        response = client.get(make_article().url)
        policy = response["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe-inline" not in policy
        assert data_of(response.content.decode())

    def test_of_a_section_is_the_way_to_it(self, client: Client) -> None:
        inner = section_named("Inner", section_named("Outer"))
        article_in(inner, "One")
        (way,) = data_of(html_of(client, inner.url))
        assert [step["name"] for step in way["itemListElement"]] == ["Articles", "Outer", "Inner"]


class TestAddresses:
    def test_the_canonical_one_is_absolute_and_without_a_question(self, client: Client) -> None:
        page = make_article("An article", summary="It <is> full.")
        html = html_of(client, f"{page.url}?from=mail&page=2")
        assert f'<link rel="canonical" href="{PUBLIC_URL}{page.url}">' in html
        assert f'<meta property="og:url" content="{PUBLIC_URL}{page.url}">' in html
        assert '<meta property="og:title" content="An article">' in html
        assert f'<meta property="og:description" content="{escape("It <is> full.")}">' in html
        assert '<meta property="og:site_name" content="Holdfast">' in html

    def test_an_alias_leads_to_its_original(self, client: Client) -> None:
        page = make_article("The original")
        alias = page.create_alias(parent=section_named("Elsewhere"))
        assert f'<link rel="canonical" href="{PUBLIC_URL}{page.url}">' in html_of(client, alias.url)
        page.unpublish()
        assert client.get(alias.url).status_code == 404

    def test_nothing_is_said_of_an_article_for_some(self, client: Client) -> None:
        page = make_article("Inside", audience="staff", summary="A secret.")
        assert client.get(page.url).status_code == 404
        client.force_login(make_rep())
        response = client.get(page.url)
        html = response.content.decode()
        assert "A secret." in html
        assert not any(sign in html for sign in ("og:", "ld+json", "canonical", "feed.xml"))
        assert response["X-Robots-Tag"] == "noindex"


class TestSitemap:
    def test_lists_public_live_articles_and_their_sections_with_the_day_of_the_change(self, client: Client) -> None:
        inner = section_named("Inner", section_named("Outer"))
        page = article_in(inner, "One")
        section_named("Empty")
        assert all_locations(client) == {
            f"{PUBLIC_URL}/articles/{place}" for place in ("", "outer/", "outer/inner/", "outer/inner/one/")
        }
        part = ElementTree.fromstring(client.get("/sitemap-1.xml").content)
        assert [found.text for found in part.iter(f"{SITEMAP}lastmod")] == [page.last_published_at.isoformat()]

    def test_never_lists_what_some_may_not_read(self, client: Client) -> None:
        staff, org, closed = (section_named(title) for title in ("Staff", "Clinic", "Closed"))
        article_in(staff, "Runbook", audience="staff")
        article_in(org, "Vaults", audience="org:7")
        article_in(closed, "Behind a sign-in")
        PageViewRestriction.objects.create(page=closed, restriction_type=PageViewRestriction.LOGIN)
        article_in(ensure_home(), "A draft").unpublish()
        original = article_in(ensure_home(), "Open")
        original.create_alias(update_slug="twice")
        assert all_locations(client) == {f"{PUBLIC_URL}/articles/", f"{PUBLIC_URL}/articles/open/"}

    def test_comes_in_parts(
        self,
        client: Client,
        monkeypatch: pytest.MonkeyPatch,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        monkeypatch.setattr(publishing, "PART", 2)
        for number in range(5):
            article_in(ensure_home(), f"Article {number}")
        assert len(locations(client, "/sitemap.xml")) == 4
        assert len(all_locations(client)) == 6
        with django_assert_max_num_queries(4):
            assert len(locations(client, "/sitemap-2.xml")) == 2
        assert client.get("/sitemap-9.xml").status_code == 404

    def test_stands_in_robots_txt(self, client: Client) -> None:
        text = client.get("/robots.txt").content.decode()
        assert f"Sitemap: {PUBLIC_URL}/sitemap.xml\n" in text
        assert "Disallow: /articles/search/?\n" in text
        assert "Disallow: /\n" not in text

    def test_of_a_site_without_articles_is_empty(self, client: Client) -> None:
        assert all_locations(client) == set()


class TestFeeds:
    def test_tell_of_public_articles_newest_first_with_writer_and_review(self, client: Client) -> None:
        section = section_named("Backups")
        old = article_in(section, "Older", author="Ines", summary="A & <b>", reviewed_on=date(2026, 3, 1))
        new = article_in(section, "Newer & better", owner=person("Edda"))
        article_in(section, "Inside", audience="staff")
        article_in(section_named("Accounts"), "Elsewhere")
        response = client.get("/articles/backups/feed.xml")
        assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
        feed = ElementTree.fromstring(response.content)
        entries = feed.findall(f"{ATOM}entry")
        assert [entry.findtext(f"{ATOM}title") for entry in entries] == ["Newer & better", "Older"]
        assert [entry.find(f"{ATOM}link").get("href") for entry in entries] == [  # type: ignore[union-attr]
            f"{PUBLIC_URL}{page.url}" for page in (new, old)
        ]
        assert [entry.findtext(f"{ATOM}author/{ATOM}name") for entry in entries] == ["Edda", "Ines"]
        told = entries[1].findtext(f"{ATOM}summary") or ""
        for words in ("A &amp; &lt;b&gt;", ">Article<", "Written by Ines", "Last reviewed March 1, 2026"):
            assert words in told
        everything = ElementTree.fromstring(client.get("/articles/feed.xml").content)
        assert len(everything.findall(f"{ATOM}entry")) == 3

    def test_an_entry_keeps_its_name_when_its_article_moves(self, client: Client) -> None:
        page = article_in(section_named("Old"), "One")

        def names() -> list[str | None]:
            feed = ElementTree.fromstring(client.get("/articles/feed.xml").content)
            return [found.text for found in feed.findall(f"{ATOM}entry/{ATOM}id")]

        before = names()
        page.move(section_named("New"), pos="last-child")
        assert names() == before == [f"tag:help.example.org,2026:article/{page.pk}"]

    def test_of_no_section_or_a_closed_one_is_not_found(self, client: Client) -> None:
        closed = section_named("Closed")
        PageViewRestriction.objects.create(page=closed, restriction_type=PageViewRestriction.LOGIN)
        for place in ("closed/", "nothing/", "closed/more/"):
            assert client.get(f"/articles/{place}feed.xml").status_code == 404

    def test_asks_a_fixed_number_of_questions(
        self, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(4):
            article_in(ensure_home(), f"Article {number}", owner=person(f"Edda{number}"))
        client.get("/articles/feed.xml")
        with django_assert_max_num_queries(4):
            client.get("/articles/feed.xml")

    def test_are_named_where_they_belong(self, client: Client) -> None:
        page = article_in(section_named("Backups"), "One")
        for address in (page.url, "/articles/backups/"):
            html = html_of(client, address)
            for feed in ("/articles/feed.xml", "/articles/backups/feed.xml"):
                assert f'href="{PUBLIC_URL}{feed}">' in html


class TestEngines:
    @pytest.mark.parametrize("address", ["/", "/articles/search/", "/articles/", "/requests/new/"])
    def test_may_list_what_everybody_may_read(self, client: Client, address: str) -> None:
        make_article()
        response = client.get(address)
        assert response.status_code == 200
        assert "X-Robots-Tag" not in response

    @pytest.mark.parametrize(
        "address", ["/articles/search/?q=vault", "/accounts/login/", "/console/", "/cms/", "/requests/", "/sitemap.xml"]
    )
    def test_list_nothing_else(self, client: Client, address: str) -> None:
        make_article()
        assert client.get(address)["X-Robots-Tag"] == "noindex"


def test_versions_are_said_where_the_article_is_and_listed(client: Client) -> None:
    section = section_named("Backups")
    page = article_in(section, "One", product="Holdfast", versions=["6.2", "6.3 and later"])
    for address in (page.url, section.url):
        assert "Applies to Holdfast 6.2, 6.3 and later" in html_of(client, address)
    page.versions = []
    page.save_revision().publish()
    assert "Applies to" not in html_of(client, page.url)
