"""What an article's text points at, and what its page asks the database: a fixed number of questions, however long."""

import pytest
from django.core.files.images import ImageFile
from django.test import Client
from django.utils.crypto import get_random_string
from pytest_django import DjangoAssertNumQueries
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from kb.models import ArticleIndexPage, ArticlePage
from kb.tree import ensure_home
from tests.kb.test_pages import make_article

pytestmark = pytest.mark.django_db


def link(page_id: int, words: str = "here") -> str:
    return f'<p>Look <a linktype="page" id="{page_id}">{words}</a>.</p>'


def texts(*values: str) -> list[dict[str, object]]:
    return [{"type": "text", "value": value} for value in values]


def every_place(target: int, image: int) -> list[dict[str, object]]:
    """A link in each kind of block that holds rich text, and a picture."""
    steps = [{"type": "item", "id": get_random_string(8), "value": texts(link(target, "in a step"))}]
    columns = [{"type": "text", "heading": "K"}]
    return [
        *texts(link(target, "in text")),
        {"type": "steps", "value": {"start": 1, "steps": steps}},
        {"type": "callout", "value": {"kind": "tip", "text": link(target, "in a call-out")}},
        {"type": "known_error", "value": {"message": "HF-1", "meaning": link(target, "in a meaning")}},
        {
            "type": "table",
            "value": {"columns": columns, "rows": [{"values": [link(target, "in a cell")]}], "caption": ""},
        },
        {"type": "picture", "value": {"image": image, "alt": "The light", "caption": ""}},
    ]


def an_image(name: str) -> int:
    file: ImageFile = get_test_image_file(filename=f"{name}.png")
    return int(get_image_model().objects.create(title=name, file=file).pk)


def test_links_lead_somewhere_in_every_kind_of_block(client: Client) -> None:
    target = make_article("The target")
    html = client.get(make_article(body=every_place(target.pk, an_image("one"))).url).content.decode()
    for place in ("text", "a step", "a call-out", "a meaning", "a cell"):
        assert f'<a href="{target.url}">in {place}</a>' in html
    assert 'alt="The light"' in html


def test_links_to_what_is_gone_or_elsewhere_keep_their_words(client: Client) -> None:
    body = texts(
        link(999_999, "gone"),
        '<p><a href="https://example.org/?a=1&amp;b=2">outside</a> <a href="#kept">below</a> '
        '<a linktype="page" id="&quot;&gt;&lt;script&gt;">odd</a></p>',
    )
    html = client.get(make_article(body=body).url).content.decode()
    for words in (
        "<a>gone</a>",
        '<a href="https://example.org/?a=1&amp;b=2">outside</a>',
        '<a href="#kept">below</a>',
        "<a>odd</a>",
    ):
        assert words in html


def test_a_link_leads_to_an_article_that_its_reader_may_not_see_and_no_further(client: Client) -> None:
    secret = make_article("Inside", audience="staff")
    html = client.get(make_article(body=texts(link(secret.pk))).url).content.decode()
    assert "Inside" not in html
    assert client.get(secret.url).status_code == 404


def test_a_long_article_asks_no_more_than_a_short_one(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    targets = [make_article(f"Target {number}").pk for number in range(4)]
    places = [block for target in targets for block in every_place(target, an_image(f"image-{target}"))]
    page = make_article(body=places)
    client.get(page.url)  # its pictures are made in the size it shows when somebody first looks
    with django_assert_max_num_queries(16):
        client.get(page.url)


def test_the_start_page_asks_a_fixed_number_of_questions(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    product = ensure_home().add_child(instance=ArticleIndexPage(title="Product"))
    for number in range(4):
        section = product.add_child(instance=ArticleIndexPage(title=f"Section {number}"))
        section.add_child(instance=ArticlePage(title=f"Article {number}"))
    client.get("/")  # Wagtail keeps the addresses of its sites from the first look on
    with django_assert_max_num_queries(7):
        assert "Section 3" in client.get("/").content.decode()


class TestAddresses:
    """An address is found in one step, and leads where every step of it leads."""

    def test_of_an_article_and_of_the_sections_above_it(self, client: Client) -> None:
        outer = ensure_home().add_child(instance=ArticleIndexPage(title="Outer"))
        inner = outer.add_child(instance=ArticleIndexPage(title="Inner"))
        article = inner.add_child(instance=ArticlePage(title="Article"))
        for page in (outer, inner, article):
            assert f"<h1>{page.title}</h1>" in client.get(page.url).content.decode()

    def test_of_two_articles_with_one_name(self, client: Client) -> None:
        for title in ("One", "Two"):
            section = ensure_home().add_child(instance=ArticleIndexPage(title=title))
            page = section.add_child(instance=ArticlePage(title=f"Start with {title}", slug="start"))
            assert f"<h1>Start with {title}</h1>" in client.get(page.url).content.decode()

    def test_that_moved_along_with_its_section(self, client: Client) -> None:
        home = ensure_home()
        old = home.add_child(instance=ArticleIndexPage(title="Old"))
        article = old.add_child(instance=ArticlePage(title="Article"))
        before = article.url
        old.slug = "new"
        old.save()
        assert client.get(before).status_code == 404
        assert client.get(ArticlePage.objects.get(pk=article.pk).url).status_code == 200

    def test_of_nothing_of_a_draft_or_cut_short(self, client: Client) -> None:
        section = ensure_home().add_child(instance=ArticleIndexPage(title="Section"))
        draft = section.add_child(instance=ArticlePage(title="Draft", live=False))
        section.add_child(instance=ArticlePage(title="Article"))
        for address in (draft.url, f"{section.url}nothing/", f"{section.url}article/more/", "/articles/article/"):
            assert client.get(address).status_code == 404, address


def test_the_picture_is_the_one_of_its_place(client: Client) -> None:
    body = [
        {"type": "picture", "value": {"image": an_image(name), "alt": name, "caption": ""}}
        for name in ("first", "second")
    ]
    page = make_article(body=body)
    for _ in range(2):
        html = client.get(page.url).content.decode()
        first, second = (part.partition(">")[0] for part in html.split("<img ")[1:])
        assert 'alt="first"' in first
        assert "first" in first.partition('src="')[2].partition('"')[0]
        assert "second" in second.partition('src="')[2].partition('"')[0]
