"""Rich text reads as lines, and as BeautifulSoup reads it where its tags are nested badly."""

import pytest
from bs4 import BeautifulSoup

from kb.rich_text import html_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two<br>lines &amp; more</p>", "One\n\nTwo\nlines & more"),
        ("<p>Do:</p><ol><li>first</li><li>then<ul><li>this</li></ul></li></ol>", "Do:\n1. first\n2. then\n- this"),
        ("<ul><li><p>boxed</p><blockquote>said</blockquote></li></ul>", "-\nboxed\n\nsaid"),
        ('<p><a title="1 > 2" href="/x">A link</a>, &lt;tag&gt;&nbsp;&#8217;</p>', "A link, <tag> \u2019"),
        ("1 < 2 <!-- <p>not this</p> --> and 3 > 2", "1 < 2 and 3 > 2"),
        ("", ""),
    ],
)
def test_rich_text_reads_as_lines(html: str, text: str) -> None:
    assert html_text(html) == text


@pytest.mark.parametrize(
    "html",
    [
        "<p>a<p>b</p>c",
        "<ul><li>one<li>two</ul>three",
        "one</p>two</ul><ul><li>three",
        "<b><p>one</b>two</p>three",
        "<ol><li>one</li><p>between</p><li>two</li><ul><li>inner</li></ul></ol>",
        "<ul><b><li>one</li></b></ul><li>lone</li>",
        "<br/>one<br>two<br />three</br>four<hr><p/>five",
        "<P>Upper</P><DIV>case<h2>head</h2></DIV>",
        "<table><tr><td>left</td><td>right</td></tr></table>after",
    ],
)
def test_badly_nested_tags_hold_the_words_that_a_parser_finds(html: str) -> None:
    parsed = BeautifulSoup(html, "html.parser").get_text(" ")
    assert "".join(_without_marks(html_text(html))) == "".join(_without_marks(parsed))


def _without_marks(text: str) -> list[str]:
    return [word for word in text.split() if word != "-" and not word.removesuffix(".").isdigit()]
