"""Importing folders: idempotent, honest about what it could not carry over, and never over local work."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from PIL import Image
from wagtail.admin.rich_text.converters.contentstate import ContentstateConverter
from wagtail.images import get_image_model
from wagtail.models import Revision

from kb.blocks import CELL_FEATURES, NOTE_FEATURES, TEXT_FEATURES
from kb.documents import Block, Callout, FindingKind, RichText, Steps, Table
from kb.importing import ImportReport, Outcome, import_directory
from kb.markdown import parse_article
from kb.models import ArticleIndexPage, ArticlePage
from kb.rich_text import html_text
from kb.sources import list_paths, read_source

pytestmark = pytest.mark.django_db


def png() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2), "green").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "handbook"
    (root / "sync-and-share").mkdir(parents=True)
    (root / "one.md").write_text("---\ntitle: One\nlabels: a, b\n---\nSee [two](sync-and-share/two.md#part) now.\n")
    (root / "sync-and-share" / "two.md").write_text("---\ntitle: Two\n---\n## Part\n\n1. Back to [one](../one.md).\n")
    return root


def run(folder: Path) -> ImportReport:
    return import_directory(folder, actor=None)


def outcomes(report: ImportReport) -> dict[str, Outcome]:
    return {file.path: file.outcome for file in report.files}


def edit_here(page: ArticlePage, title: str = "Edited here") -> None:
    page.title = title
    page.save_revision().publish()


def test_directories_become_sections_and_files_published_articles(folder: Path) -> None:
    report = run(folder)
    assert set(outcomes(report).values()) == {Outcome.CREATED}
    two = ArticlePage.objects.get(source_path="sync-and-share/two.md")
    assert two.live
    assert [page.title for page in two.get_ancestors()[1:]] == ["Articles", "Handbook", "Sync and share"]
    assert two.url_path.endswith("/handbook/sync-and-share/two/")
    assert two.latest_revision_id == two.source_revision == two.live_revision_id
    assert ArticlePage.objects.get(title="One").labels == ["a", "b"]


def test_links_between_files_become_page_links_in_both_directions(folder: Path) -> None:
    run(folder)
    one, two = ArticlePage.objects.get(title="One"), ArticlePage.objects.get(title="Two")
    assert f'<a linktype="page" id="{two.pk}">two</a>' in json.dumps(list(one.body.raw_data)).replace('\\"', '"')
    assert f'<a linktype="page" id="{one.pk}">one</a>' in json.dumps(list(two.body.raw_data)).replace('\\"', '"')


def test_a_second_run_changes_nothing_and_says_so(folder: Path) -> None:
    run(folder)
    before = Revision.objects.count()
    report = run(folder)
    assert set(outcomes(report).values()) == {Outcome.UNCHANGED}
    assert Revision.objects.count() == before


def test_a_changed_file_makes_a_new_revision_and_is_published(folder: Path) -> None:
    run(folder)
    (folder / "one.md").write_text("---\ntitle: One, revised\n---\nNew words.")
    report = run(folder)
    assert outcomes(report) == {"one.md": Outcome.UPDATED, "sync-and-share/two.md": Outcome.UNCHANGED}
    page = ArticlePage.objects.get(source_path="one.md")
    assert (page.title, page.revisions.count()) == ("One, revised", 2)


def test_an_article_edited_here_is_a_conflict_and_stays(folder: Path) -> None:
    run(folder)
    edit_here(ArticlePage.objects.get(title="One"))
    (folder / "one.md").write_text("---\ntitle: From the folder\n---\nWords.")
    report = run(folder)
    assert outcomes(report)["one.md"] is Outcome.CONFLICT
    assert "changed in the folder too" in report.files[0].reason
    assert ArticlePage.objects.get(source_path="one.md").title == "Edited here"


def test_an_unpublished_draft_of_an_editor_is_local_work_too(folder: Path) -> None:
    run(folder)
    page = ArticlePage.objects.get(title="One")
    page.title = "Half-written"
    page.save_revision()
    (folder / "one.md").write_text("---\ntitle: From the folder\n---\nWords.")
    assert outcomes(run(folder))["one.md"] is Outcome.CONFLICT
    latest = ArticlePage.objects.get(source_path="one.md").get_latest_revision_as_object()
    assert latest.title == "Half-written"


def test_an_edited_article_is_reported_even_when_the_file_is_the_same(folder: Path) -> None:
    run(folder)
    edit_here(ArticlePage.objects.get(title="One"))
    report = run(folder)
    assert outcomes(report)["one.md"] is Outcome.CONFLICT
    assert "not changed in the folder" in report.files[0].reason


def test_a_person_may_let_the_file_win_and_the_local_text_stays_in_the_history(folder: Path) -> None:
    run(folder)
    edit_here(ArticlePage.objects.get(title="One"))
    report = import_directory(folder, actor=None, replace=frozenset({"one.md"}))
    assert outcomes(report)["one.md"] is Outcome.UPDATED
    page = ArticlePage.objects.get(source_path="one.md")
    assert (page.title, page.edited_since_import) == ("One", False)
    assert "Edited here" in {revision.as_object().title for revision in page.revisions.all()}
    assert set(outcomes(run(folder)).values()) == {Outcome.UNCHANGED}


def test_the_record_of_the_import_does_not_travel_with_revisions(folder: Path) -> None:
    run(folder)
    page = ArticlePage.objects.get(title="One")
    digest, revision = page.source_digest, page.source_revision
    edit_here(ArticlePage.objects.get(title="One"))
    page = ArticlePage.objects.get(source_path="one.md")
    assert (page.source_digest, page.source_revision) == (digest, revision)
    assert page.edited_since_import


def test_an_article_taken_offline_is_not_published_again(folder: Path) -> None:
    run(folder)
    ArticlePage.objects.get(title="One").unpublish()
    (folder / "one.md").write_text("---\ntitle: New\n---\nWords.")
    report = run(folder)
    assert outcomes(report)["one.md"] is Outcome.UPDATED
    assert "unpublished" in report.files[0].reason
    assert not ArticlePage.objects.get(source_path="one.md").live


def test_a_file_that_is_gone_is_reported_and_its_article_stays(folder: Path) -> None:
    run(folder)
    (folder / "sync-and-share" / "two.md").unlink()
    report = run(folder)
    assert outcomes(report)["sync-and-share/two.md"] is Outcome.GONE
    assert ArticlePage.objects.filter(title="Two", live=True).exists()


def test_files_that_cannot_be_articles_are_skipped_with_a_reason(folder: Path) -> None:
    (folder / "empty.md").write_text("---\ntitle: Nothing\n---\n")
    (folder / "latin.md").write_bytes(b"---\ntitle: Gr\xfc\xdfe\n---\nText")
    (folder / "secret.md").write_text("---\ntitle: T\naudience: friends\n---\nText")
    (folder / "outside.md").symlink_to("/etc/hostname")
    report = run(folder)
    reasons = {file.path: file.reason for file in report.files if file.outcome is Outcome.SKIPPED}
    assert set(reasons) == {"empty.md", "latin.md", "secret.md", "outside.md"}
    assert all(reasons.values())
    assert not ArticlePage.objects.filter(source_path__in=reasons).exists()


def test_hidden_folders_are_left_out(folder: Path) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "x.md").write_text("x")
    assert list_paths(folder) == ["one.md", "sync-and-share/two.md"]


def test_pictures_are_stored_once_and_absent_ones_reported(folder: Path) -> None:
    (folder / "light.png").write_bytes(png())
    (folder / "one.md").write_text(
        "---\ntitle: One\n---\n![The light](light.png)\n\n![Gone](gone.png)\n\n"
        "![Broken](broken.png)\n\n![Far](../../../etc/passwd)"
    )
    (folder / "broken.png").write_bytes(b"not a picture")
    report = run(folder)
    absent = [f.detail for f in report.files[0].findings if f.kind is FindingKind.IMAGE_ABSENT]
    assert len(absent) == 3
    pictures = [block.value for block in ArticlePage.objects.get(title="One").body if block.block_type == "picture"]
    assert [(p["alt"], p["image"] is not None) for p in pictures] == [
        ("The light", True),
        ("Gone", False),
        ("Broken", False),
        ("Far", False),
    ]
    run(folder)
    assert get_image_model().objects.count() == 1


def test_two_folders_with_the_same_paths_stay_apart(folder: Path, tmp_path: Path) -> None:
    run(folder)
    report = import_directory(folder, actor=None, section="Second")
    assert report.count(Outcome.CREATED) == 2
    assert ArticlePage.objects.filter(source_path="one.md").count() == 2
    assert ArticleIndexPage.objects.filter(title="Second").count() == 1


def test_a_stopped_import_is_taken_up_again(folder: Path) -> None:
    run(folder)
    page = ArticlePage.objects.get(title="One")
    # As a stop between placing the pages and writing them leaves it.
    ArticlePage.objects.filter(pk=page.pk).update(
        live=False, live_revision=None, latest_revision=None, source_revision=None, source_digest=""
    )
    assert outcomes(run(folder))["one.md"] is Outcome.CREATED
    assert ArticlePage.objects.get(pk=page.pk).live


def html_of(blocks: tuple[Block, ...]) -> Iterator[tuple[list[str], str]]:
    for block in blocks:
        if isinstance(block, RichText):
            yield TEXT_FEATURES, block.html
        elif isinstance(block, Callout):
            yield NOTE_FEATURES, block.html
        elif isinstance(block, Table):
            yield from ((CELL_FEATURES, cell) for row in block.rows for cell in row)
        elif isinstance(block, Steps):
            for item in block.items:
                yield from html_of(item)


def words_after_editing(features: list[str], html: str) -> list[str]:
    """What the editor makes of stored rich text when an article is opened and saved again."""
    converter = ContentstateConverter(features)
    return html_text(converter.to_database_format(converter.from_database_format(html))).split()


@pytest.mark.parametrize(
    "body",
    [
        "one  \ntwo\n\n---\n\nthree",
        "- a\n\n  more\n  - inner\n    - deepest\n- b",
        "> quoted\n>\n> more",
        "x^2^ **b** *i* `c` [l](https://e.org) <sup>1</sup>",
        "| a | b |\n|---|---|\n| 1<br>2 | <ul><li>x</li></ul> |",
    ],
)
def test_the_editor_opens_what_was_imported_and_loses_no_words(body: str) -> None:
    for features, html in html_of(parse_article(f"---\ntitle: T\n---\n{body}").blocks):
        assert words_after_editing(features, html) == html_text(html).split()


def test_the_editor_opens_a_real_knowledge_base_and_loses_no_words(shared_data: Path) -> None:
    root = shared_data / "kb" / "commerce"
    for path in list_paths(root)[::5]:
        document = read_source(root, path, frozenset()).document
        assert document is not None
        for features, html in html_of(document.blocks):
            assert words_after_editing(features, html) == html_text(html).split(), path


def test_the_command_prints_a_table_and_one_object(folder: Path) -> None:
    out = io.StringIO()
    call_command("import_articles", str(folder), "--json", "--section", "Guides", stdout=out)
    text, _, last = out.getvalue().strip().rpartition("\n")
    assert "created" in text
    result = json.loads(last)
    assert (result["section"], result["files"], result["created"]) == ("Guides", 2, 2)
    out = io.StringIO()
    call_command("import_articles", str(folder), "--section", "Guides", stdout=out)
    assert "Nothing changed." in out.getvalue()
