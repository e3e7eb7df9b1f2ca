"""Markdown becomes typed, safe blocks: table-driven, without a database."""

from datetime import date
from pathlib import Path

import pytest

from kb.documents import (
    ArticleError,
    Block,
    Callout,
    CalloutKind,
    Code,
    Document,
    FindingKind,
    Heading,
    Image,
    KnownError,
    RichText,
    Steps,
    Table,
)
from kb.markdown import parse_article, split_front_matter


def parse(body: str, **options: object) -> Document:
    return parse_article(f"---\ntitle: T\n---\n{body}", **options)  # type: ignore[arg-type]


def blocks(body: str) -> tuple[Block, ...]:
    return parse(body).blocks


def kinds(document: Document) -> set[FindingKind]:
    return {finding.kind for finding in document.findings}


def all_html(items: tuple[Block, ...]) -> str:
    """Every piece of HTML that would be stored."""
    parts: list[str] = []
    for block in items:
        if isinstance(block, RichText | Callout):
            parts.append(block.html)
        elif isinstance(block, Table):
            parts += [cell for row in (block.header, *block.rows) for cell in row]
        elif isinstance(block, Steps):
            parts += [all_html(item) for item in block.items]
    return "\n".join(parts)


def test_front_matter_is_read() -> None:
    document = parse_article(
        "---\ntitle: Sync is stuck\nlabels: sync, LV-2104 ,sync\nproduct: Vault\naudience: org:7\n"
        "reviewed_on: 2026-03-01\nreview_by: '2027-03-01'\nauthor: Ines\nsummary: Short.\n---\nText."
    )
    assert document.title == "Sync is stuck"
    assert document.labels == ("sync", "LV-2104")
    assert (document.product, document.audience, document.author) == ("Vault", "org:7", "Ines")
    assert (document.reviewed_on, document.review_by) == (date(2026, 3, 1), date(2027, 3, 1))
    assert document.summary == "Short."


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("---\n title: Indented keys\n labels: a\n---\nText", "Indented keys"),
        ("---\ntitle: Error: a colon that YAML refuses\nlabels: a\n---\nText", "Error: a colon that YAML refuses"),
        ("\ufeff---\r\ntitle: Windows\r\n---\r\nText", "Windows"),
        ("# From the heading\n\nText", "From the heading"),
        ("Text alone", "Set up two vaults"),
        ("---\ntitle: 404\n---\nText", "404"),
    ],
)
def test_odd_front_matter_still_gives_a_title(text: str, title: str) -> None:
    assert parse_article(text, path="x/set-up-two-vaults.md").title == title


def test_the_title_heading_is_not_repeated_in_the_body() -> None:
    document = parse_article("# Title\n\nText\n\n## Part")
    assert [b for b in document.blocks if isinstance(b, Heading)] == [Heading(2, "Part", "part")]


@pytest.mark.parametrize("audience", ["everyone", "org:", "org:0", "public, staff"])
def test_an_audience_nobody_has_is_refused_not_made_public(audience: str) -> None:
    with pytest.raises(ArticleError, match="audience"):
        parse_article(f"---\ntitle: T\naudience: '{audience}'\n---\nText")


def test_a_file_without_text_is_refused() -> None:
    with pytest.raises(ArticleError, match="no text"):
        parse_article("---\ntitle: T\n---\n\n")


def test_front_matter_cannot_hold_the_rest_of_the_file_hostage() -> None:
    fields, body, _ = split_front_matter("---\ntitle: T\nno end of it\n\nText --- here")
    assert (fields, body.startswith("---")) == ({}, True)


def test_headings_nest_below_the_title_without_gaps() -> None:
    levels = [(b.level, b.text) for b in blocks("# A\n\n#### B\n\n##### C\n\n## D\n\n# E") if isinstance(b, Heading)]
    assert levels == [(2, "A"), (3, "B"), (4, "C"), (3, "D"), (2, "E")]


def test_anchors_are_unique_and_follow_given_ids() -> None:
    found = blocks('## Solution\n\nx\n\n## Solution\n\nx\n\n<h2 id="scen2">Second way</h2>\n\nx')
    assert [b.anchor for b in found if isinstance(b, Heading)] == ["solution", "solution-2", "scen2"]


def test_ordered_lists_become_steps_with_their_commands_and_call_outs() -> None:
    body = "3. Stop it.\n4. Run:\n\n   ```sh\n   vaultctl stop\n   ```\n\n   >![warning]\n   >\n   >Wait first.\n"
    assert blocks(body) == (
        Steps(
            (
                (RichText("<p>Stop it.</p>"),),
                (
                    RichText("<p>Run:</p>"),
                    Code("bash", "vaultctl stop"),
                    Callout(CalloutKind.WARNING, "<p>Wait first.</p>"),
                ),
            ),
            start=3,
        ),
    )


def test_steps_inside_steps_stay_in_order() -> None:
    (steps,) = blocks("1. One\n   1. Inner\n\n      ```\n      code\n      ```\n2. Two")
    assert isinstance(steps, Steps)
    assert steps.items[0][1] == Steps(((RichText("<p>Inner</p>"), Code("text", "code")),))


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (">![info]\n>\n>Note: the patch helps.", CalloutKind.INFO, "<p>The patch helps.</p>"),
        (" >![WARNING]\n >\n >**Warning:** back up.", CalloutKind.WARNING, "<p><b></b>Back up.</p>"),
        ("> [!NOTE]\n> From elsewhere.", CalloutKind.INFO, "<p>From elsewhere.</p>"),
        (">![tip]\n>Quick.", CalloutKind.TIP, "<p>Quick.</p>"),
        ('<div class="info">Inside a box.</div>', CalloutKind.INFO, "<p>Inside a box.</p>"),
    ],
)
def test_call_outs(body: str, kind: CalloutKind, words: str) -> None:
    (block,) = blocks(body)
    assert isinstance(block, Callout)
    assert block.kind is kind
    assert block.html.replace("<b></b>", "") == words.replace("<b></b>", "")


def test_what_a_call_out_cannot_hold_follows_it() -> None:
    assert blocks(">![tip]\n>\n>Run this:\n>\n>```bash\n>ls\n>```\n") == (
        Callout(CalloutKind.TIP, "<p>Run this:</p>"),
        Code("bash", "ls"),
    )


def test_an_ordinary_quotation_stays_one() -> None:
    assert blocks("> Somebody said this.") == (RichText("<blockquote>Somebody said this.</blockquote>"),)


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ("bash", "bash"),
        ("terminal", "bash"),
        ("", "text"),
        ("code block", "text"),
        ("php?start_inline=1", "php"),
        ("YAML", "yaml"),
    ],
)
def test_code_keeps_its_lines_and_a_known_language(info: str, language: str) -> None:
    assert blocks(f"```{info}\nfirst\n  second\n```") == (Code(language, "first\n  second"),)


@pytest.mark.parametrize(
    "body",
    [
        "The following error is displayed:\n\n```\nCould not open the vault\n```",
        "You see this error message:\n\n*Could not open the vault*",
        "```\nSQLSTATE[42S02]: Base table not found\n```",
        "```bash\nTraceback (most recent call last):\n  File x\n```",
    ],
)
def test_error_messages_are_recognised(body: str) -> None:
    assert any(isinstance(block, KnownError) for block in blocks(body))


@pytest.mark.parametrize(
    "body",
    [
        "To avoid the error, run:\n\n```bash\nsudo vaultctl repair\n```",
        "```php\nthrow new RuntimeException('x');\n```",
        "Run this:\n\n`vaultctl status`",
    ],
)
def test_commands_are_not_taken_for_errors(body: str) -> None:
    assert not any(isinstance(block, KnownError) for block in blocks(body))


def test_markdown_tables_keep_their_links() -> None:
    assert blocks("| A | B |\n|---|---|\n| `x` | [y](https://e.org/) |") == (
        Table(("A", "B"), (("<code>x</code>", '<a href="https://e.org/">y</a>'),)),
    )


def test_html_tables_are_cleaned_and_made_rectangular() -> None:
    html = (
        '<table style="width: 9px"><tbody><tr><th>K</th><th>V</th></tr><tr><td rowspan="2">a</td><td><p>1</p>'
        '<ul><li>x</li></ul></td></tr><tr><td onclick="x()">2</td></tr><tr><td colspan="2">end</td></tr>'
        "</tbody></table>"
    )
    assert blocks(html) == (Table(("K", "V"), (("a", "<p>1</p><ul><li>x</li></ul>"), ("a", "2"), ("end", ""))),)


def test_a_table_of_one_column_is_content() -> None:
    assert blocks("<table><tr><td><p>Only words.</p></td></tr></table>") == (RichText("<p>Only words.</p>"),)


def test_pictures_follow_their_paragraph_and_keep_words() -> None:
    assert blocks("See ![vault_lights.png](img/vault_lights.png) here.") == (
        RichText("<p>See here.</p>"),
        Image("img/vault_lights.png", "vault lights"),
    )


def test_pictures_of_other_sites_are_reported() -> None:
    assert FindingKind.IMAGE_REMOTE in kinds(parse("![x](https://e.org/x.png)"))


def test_links_between_files_are_resolved() -> None:
    known = frozenset({"a/one.md", "b/two.md", "a/deep/index.md"})
    document = parse("[two](../b/two.md#part) [two](../b/two) [deep](deep/)", path="a/one.md", known_paths=known)
    assert document.links == ("b/two.md", "a/deep/index.md")
    assert all_html(document.blocks).count('href="article:b/two.md"') == 2
    assert not document.findings


@pytest.mark.parametrize(
    ("link", "kind"),
    [
        ("[x](gone.md)", FindingKind.LINK_UNRESOLVED),
        ("[x](../../etc/passwd)", FindingKind.LINK_UNRESOLVED),
        ("[x](/hc/articles)", FindingKind.LINK_BY_LOCATION),
        ("[x](//e.org/x)", FindingKind.LINK_BY_LOCATION),
        ("[x](#nowhere)", FindingKind.ANCHOR_UNRESOLVED),
    ],
)
def test_links_that_lead_nowhere_keep_their_words_and_are_reported(link: str, kind: FindingKind) -> None:
    document = parse(f"Read {link}.", path="a.md")
    assert document.blocks == (RichText("<p>Read x.</p>"),)
    assert kinds(document) == {kind}


def test_links_by_article_number_are_kept_and_reported() -> None:
    document = parse("[x](https://support.example.com/hc/en-us/articles/360047139492)")
    assert kinds(document) == {FindingKind.LINK_BY_NUMBER}
    assert "360047139492" in all_html(document.blocks)


def test_links_inside_the_page_point_at_anchors() -> None:
    body = '[go](#old-name) [div](#box)\n\n## First\n\n<div id="box"><h5 id="old-name">Second</h5>text</div>'
    html = all_html(parse(body).blocks)
    assert 'href="#old-name"' in html
    assert html.count('href="#old-name"') == 2


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>words",
        '<p onclick="alert(1)">words</p>',
        "[words](javascript:alert(1))",
        '<a href="java&#10;script:alert(1)">words</a>',
        '<a href=" JaVaScRiPt:alert(1)">words</a>',
        "[words](data:text/html;base64,PHNjcmlwdD4=)",
        "[words](vbscript:x)",
        '<iframe src="https://e.org">words</iframe> words',
        '<img src=x onerror="alert(1)"> words',
        "<svg><script>alert(1)</script></svg> words",
        '<form action="https://e.org"><input name=a> words</form>',
        "<style>p{}</style>words",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></table></math>words",
        "![words](javascript:alert(1)) words",
        '<table><tr><td><a href="javascript:x">words</a></td><td><script>x</script>b</td></tr></table>',
        "1. <b onmouseover=x>words</b>",
        ">![info]\n><a href='javascript:x'>words</a>",
        '<object data="x"></object><embed src="x">words',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">words</noscript>',
    ],
)
def test_nothing_active_survives_and_it_is_reported(attack: str) -> None:
    document = parse(attack)
    html = all_html(document.blocks).lower()
    for trace in (
        "<script",
        "javascript:",
        "vbscript:",
        "data:",
        "onerror",
        "onclick",
        "onmouseover",
        "<iframe",
        "<style",
        "<img",
    ):
        assert trace not in html
    assert "words" in str(document.blocks)
    assert FindingKind.UNSAFE_REMOVED in kinds(document)
    assert not any(isinstance(b, Image) and ":" in b.source for b in document.blocks)


def test_placeholders_in_angle_brackets_stay_visible() -> None:
    html = all_html(blocks("Use <your-project> and `<x>`.\n\n<project-id> again\n\n<div>see <cocde>it</div>"))
    for words in ("&lt;your-project&gt;", "&lt;x&gt;", "&lt;project-id&gt;", "&lt;cocde&gt;"):
        assert words in html


def test_an_accordion_of_html_becomes_headings_and_text() -> None:
    html = (
        '<div class="zd-accordion"><div id="p1"><h5>Step 1</h5><div>Is it full?<br><br>Look.</div>\n'
        '<p>a. YES - <a href="#p2">Step 2</a></div><div id="p2"><h5>Step 2</h5><div>Call us.</div></div></div>'
    )
    assert blocks(html) == (
        Heading(2, "Step 1", "step-1"),
        RichText('<p>Is it full?</p><p>Look.</p><p>a. YES - <a href="#step-2">Step 2</a></p>'),
        Heading(2, "Step 2", "step-2"),
        RichText("<p>Call us.</p>"),
    )


def test_the_summary_is_the_first_sentences() -> None:
    document = parse(">![info]\n>x\n\nThe sync stops when the disk is full. Here is what to do.")
    assert document.summary == "The sync stops when the disk is full. Here is what to do."


def test_parsing_is_deterministic() -> None:
    body = "## A\n\n1. x\n\n[y](#a) ![z](z.png)"
    assert parse(body) == parse(body)


def test_every_article_of_a_real_knowledge_base_is_read(shared_data: Path) -> None:
    folder = shared_data / "kb" / "commerce"
    if not folder.is_dir():
        pytest.skip("the shared data sets are not on this machine")
    files = sorted(folder.rglob("*.md"))
    known = frozenset(file.relative_to(folder).as_posix() for file in files)
    for file in files:
        path = file.relative_to(folder).as_posix()
        document = parse_article(file.read_text(encoding="utf-8"), path=path, known_paths=known)
        assert all([document.title, document.blocks, document.summary]), path
        assert "javascript:" not in all_html(document.blocks)
        anchors = [block.anchor for block in document.blocks if isinstance(block, Heading)]
        assert len(set(filter(None, anchors))) == len(anchors), path
    assert len(files) == 794
