"""The articles of the demo: whole, loaded by the importer, true to their files, and worth reading."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from PIL import Image as PillowImage
from pytest_django import DjangoDbBlocker
from wagtail.models import Page

from kb import demo
from kb.documents import Document, Heading, Image, KnownError, Steps
from kb.importing import ImportReport, Outcome
from kb.markdown import parse_article
from kb.models import ArticlePage, Passage
from kb.search import search
from kb.sources import list_paths, read_pictures
from portal.models import Organisation, User
from tests.conftest import cloned_site
from tests.factories import make_organisation, make_rep, make_user, sign_in
from tests.kb.library import index

PATHS = list_paths(demo.ARTICLES)
LARGEST_PICTURE = 60_000
EVERYONE_MAY_READ = 35
CODE = re.compile(r"\bHF-\d{4}\b")


@dataclass(frozen=True)
class Shelf:
    """Whose one article is, the editor who loaded all of them, and what was said of that."""

    clinic: Organisation
    editor: User
    loaded: ImportReport

    def load(self) -> ImportReport:
        return load(self.clinic, self.editor)


def load(clinic: Organisation, editor: User) -> ImportReport:
    return demo.load(actor=editor, owners=[editor], organisation_audience=f"org:{clinic.pk}")


@pytest.fixture(scope="module")
def shelf(template: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Shelf]:
    """All of the demo's articles, loaded and indexed once for all tests that change nothing."""
    with cloned_site(django_db_blocker) as site:
        clinic = make_organisation(kind=Organisation.Kind.HIGH_TOUCH)
        editor = make_user("Edda Marsh")
        editor.groups.add(demo.ensure_editors())
        loaded = load(clinic, editor)
        index(site, *ArticlePage.objects.all())
        yield Shelf(clinic, editor, loaded)


def read(path: str) -> str:
    return (demo.ARTICLES / path).read_text(encoding="utf-8")


def parse(path: str) -> Document:
    return parse_article(read(path), path=path, known_paths=frozenset(PATHS))


def pictures_of(document: Document) -> list[Image]:
    blocks = [*document.blocks]
    for block in document.blocks:
        if isinstance(block, Steps):
            blocks += [part for item in block.items for part in item]
    return [block for block in blocks if isinstance(block, Image)]


@pytest.mark.parametrize("path", PATHS)
def test_each_article_reads_without_a_finding(path: str) -> None:
    document = parse(path)
    assert document.findings == ()
    assert document.summary
    assert document.author
    assert len(read(path)) < 1_500 or any(isinstance(block, Heading | Steps) for block in document.blocks)


def test_error_codes_are_known_errors() -> None:
    assert KnownError("HF-2104: vault is locked by another session") in parse("backups/hf-2104-vault-locked.md").blocks


@pytest.mark.parametrize("path", [path for path in PATHS if CODE.search(path.upper())])
def test_an_article_named_after_a_code_shows_its_message(path: str) -> None:
    code = path.rsplit("/", 1)[-1][:7].upper()
    errors = [block.message for block in parse(path).blocks if isinstance(block, KnownError)]
    assert any(code in message for message in errors), errors


def test_every_code_that_an_article_speaks_of_is_explained_in_one() -> None:
    spoken = {code for path in PATHS for code in CODE.findall(read(path))}
    shown = {
        code
        for path in PATHS
        for block in parse(path).blocks
        if isinstance(block, KnownError)
        for code in CODE.findall(block.message)
    }
    assert spoken - shown == set()


@pytest.mark.parametrize("path", PATHS)
def test_pictures_are_there_small_sharp_and_described(path: str) -> None:
    document = parse(path)
    for image in pictures_of(document):
        file = demo.ARTICLES / Path(path).parent / image.source
        assert len(image.alt) > 40, "what a reader who cannot see it needs to know"
        assert file.stat().st_size < LARGEST_PICTURE
        with PillowImage.open(file) as opened:
            assert opened.width >= 1_200
    assert all(picture.data for picture in read_pictures(demo.ARTICLES, path, document))


def test_some_reviews_are_due_and_some_articles_were_never_reviewed() -> None:
    documents = [parse(path) for path in PATHS]
    assert any(document.reviewed_on is None for document in documents)
    assert any(document.review_by and document.review_by < date(2026, 11, 23) for document in documents)
    for document in documents:
        if document.reviewed_on is None:
            assert document.review_by is None
        else:
            assert document.reviewed_on <= date(2026, 11, 23)
            assert document.review_by
            assert document.review_by > document.reviewed_on


def test_loading_twice_changes_nothing(shelf: Shelf) -> None:
    second = shelf.load()
    assert shelf.loaded.count(Outcome.CREATED) == len(PATHS)
    assert second.count(Outcome.UNCHANGED) == len(PATHS)
    assert ArticlePage.objects.filter(live=True, audience="public").count() >= EVERYONE_MAY_READ
    assert ArticlePage.objects.filter(audience="staff").count() == 2
    assert ArticlePage.objects.get(audience=f"org:{shelf.clinic.pk}").source_path == demo.FOR_ONE_ORGANISATION
    assert set(ArticlePage.objects.filter(owner=shelf.editor).values_list("author", flat=True)) == {"Edda Marsh"}
    assert not ArticlePage.objects.filter(author="Edda Marsh").exclude(owner=shelf.editor).exists()


def test_without_an_organisation_its_article_is_for_staff() -> None:
    assert parse(demo.FOR_ONE_ORGANISATION).audience == "staff"


@pytest.mark.usefixtures("shelf")
def test_each_page_shows_the_review_and_the_writer_of_its_file_and_its_links_lead_somewhere(client: Client) -> None:
    checked: dict[str, int] = {}
    for article in ArticlePage.objects.filter(audience="public"):
        response = client.get(article.url)
        assert response.status_code == 200
        page = BeautifulSoup(response.content, "html.parser")
        document = parse(article.source_path)
        assert (article.reviewed_on, article.written_by) == (document.reviewed_on, document.author)
        main = page.find("main")
        assert isinstance(main, Tag)
        assert document.author in main.get_text()
        if document.reviewed_on is None:
            assert not re.search(r"[Rr]eviewed (on )?\d", main.get_text())
        for picture in main.find_all("img"):
            assert picture.get("alt")
        anchors = {tag["id"] for tag in page.find_all(id=True)}
        for link in main.find_all("a", href=True):
            address = str(link["href"])
            if address.startswith("#"):
                assert address[1:] in anchors, (article.source_path, address)
            elif address.startswith("/"):
                address = address.partition("#")[0]
                checked.setdefault(address, client.get(address).status_code)
    assert {address: status for address, status in checked.items() if status >= 400} == {}


def test_nobody_but_staff_and_the_organisation_reads_what_is_not_public(shelf: Shelf) -> None:
    readers = {
        "staff": sign_in(make_rep()),
        "clinic": sign_in(make_user("Hugo", organisation=shelf.clinic)),
        "other": sign_in(make_user("Cora", organisation=make_organisation())),
        "nobody": Client(),
    }
    for article in ArticlePage.objects.exclude(audience="public"):
        may = {"staff"} if article.audience == "staff" else {"clinic"}
        for name, reader in readers.items():
            assert reader.get(article.url).status_code == (200 if name in may else 404), (article.title, name)


@pytest.mark.usefixtures("shelf")
def test_every_article_is_indexed() -> None:
    assert not ArticlePage.objects.exclude(pk__in=Passage.objects.values("source_text__article")).exists()


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ("all computers say HF-5103 since we moved", "network/hf-5103-certificate.md"),
        ("HF-2117: 3 files skipped, in use by another program", "backups/hf-2117-files-skipped.md"),
        ("my files are encrypted and somebody wants money", "security/ransomware-first-hour.md"),
        ("how do I install it on fifty computers at once", "for-organisations/rollout.md"),
        ("send a customer a link to a folder", "syncing/share-a-folder.md"),
    ],
)
@pytest.mark.usefixtures("shelf")
def test_what_people_ask_is_found(question: str, path: str) -> None:
    hits = search(question, audiences=frozenset({"public"}), limit=3)
    assert path in [ArticlePage.objects.get(pk=hit.article_id).source_path for hit in hits]


@pytest.mark.usefixtures("shelf")
def test_editors_may_publish_articles_and_nothing_at_the_root(django_user_model: type) -> None:
    editor = django_user_model.objects.create_user("e@example.org", "x")  # type: ignore[attr-defined]
    editor.groups.add(demo.ensure_editors())
    demo.ensure_editors()
    article = ArticlePage.objects.first()
    assert article is not None
    tester = article.permissions_for_user(editor)
    assert tester.can_edit()
    assert tester.can_publish()
    root = Page.get_first_root_node().permissions_for_user(editor)
    assert not root.can_add_subpage()
