"""Markdown with front matter -> a `Document` of typed, safe blocks. Pure: no Django, no files, no network.

Markdown and the HTML inside it go one way (render, clean, read as blocks), so raw HTML meets the same rules.
Whatever cannot be carried over is a `Finding` or an `ArticleError`; nothing disappears silently.
"""

import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

import yaml
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from kb.documents import ArticleError, Document, Finding, FindingKind
from kb.html_blocks import read_blocks
from kb.links import LinkReader
from kb.sanitize import HTML_TAGS, structure, unsafe_parts

_FRONT_MATTER = re.compile(r"\A\s*---[ \t]*\n(.*?)\n[ \t]*(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY_LINE = re.compile(r"^\s*([A-Za-z][\w -]*?)\s*:\s*(.*?)\s*$")
_AUDIENCE = re.compile(r"public|staff|org:[1-9]\d*")
_TAG = re.compile(r"<(?=/?([A-Za-z][\w:.-]*)[^<>]*>)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s")
SUMMARY_LENGTH = 280
SUMMARY_FROM = 20

Scalars = Mapping[str, object]


def parse_article(text: str, *, path: str = "", known_paths: frozenset[str] = frozenset()) -> Document:
    """Read one file. `path` and `known_paths` are relative to the imported folder, with forward slashes.

    Raises `ArticleError` for a file without text or with an audience that no reader could have.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    fields, body, findings = split_front_matter(text)
    html = _renderer().render(body)
    findings += [Finding(FindingKind.UNSAFE_REMOVED, part) for part in sorted(set(unsafe_parts(html)))]
    soup = BeautifulSoup(structure(html), "html.parser")
    title = _text(fields, "title") or _take_title(soup)
    if not title:
        title = _title_from_path(path)
        findings.append(Finding(FindingKind.FRONT_MATTER, "no title; the file's name is used"))
    links = LinkReader(path=path, known_paths=known_paths)
    links.rewrite(soup)
    summary = _summary(fields, soup)
    blocks = read_blocks(soup, links)
    if not blocks:
        raise ArticleError("the file holds no text")
    return Document(
        title=title[:255],
        blocks=blocks,
        summary=summary,
        labels=_list(fields, "labels", "tags", "keywords", longest=120),
        product=_text(fields, "product")[:120],
        versions=_list(fields, "versions", longest=40),
        audience=_audience(fields),
        author=_text(fields, "author", "written_by")[:120],
        language=(_text(fields, "language", "lang") or "en").lower()[:10],
        reviewed_on=_date(fields, findings, "reviewed_on", "last_reviewed"),
        review_by=_date(fields, findings, "review_by"),
        findings=tuple(findings) + links.findings(),
        links=links.internal(),
    )


def split_front_matter(text: str) -> tuple[Scalars, str, list[Finding]]:
    """Fields, the rest of the text, and what was odd. Indented keys and unquoted colons are read all the same."""
    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, text, []
    source, body = textwrap.dedent(match.group(1)), text[match.end() :]
    try:
        loaded = yaml.safe_load(source)
    except yaml.YAMLError:
        loaded = None
    if isinstance(loaded, dict):
        return {_key(str(key)): value for key, value in loaded.items()}, body, []
    found = (_KEY_LINE.match(line) for line in source.splitlines())
    fields = {_key(m.group(1)): m.group(2).strip("'\"") for m in found if m}
    return fields, body, [Finding(FindingKind.FRONT_MATTER, "not valid YAML; read line by line")]


def _key(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _text(fields: Scalars, *names: str) -> str:
    for name in names:
        value = fields.get(name)
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return " ".join(str(value).split())
    return ""


def _list(fields: Scalars, *names: str, longest: int) -> tuple[str, ...]:
    value = next((fields[name] for name in names if fields.get(name)), "")
    parts = value if isinstance(value, list) else str(value).split(",")
    entries = (" ".join(str(part).split())[:longest] for part in parts if isinstance(part, str | int | float))
    return tuple(dict.fromkeys(entry for entry in entries if entry))


def _audience(fields: Scalars) -> str:
    value = _text(fields, "audience").lower() or "public"
    if not _AUDIENCE.fullmatch(value):
        raise ArticleError('audience is neither "public", "staff" nor "org:NUMBER"')
    return value


def _date(fields: Scalars, findings: list[Finding], *names: str) -> date | None:
    value = next((fields[name] for name in names if fields.get(name)), None)
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        findings.append(Finding(FindingKind.FRONT_MATTER, f"{names[0]} is not a date (YYYY-MM-DD)"))
        return None


def _take_title(soup: BeautifulSoup) -> str:
    heading = soup.find("h1")
    if heading is None:
        return ""
    title = " ".join(heading.get_text(" ").split())
    heading.extract()
    return title


def _title_from_path(path: str) -> str:
    name = path.rsplit("/", 1)[-1].removesuffix(".md").replace("-", " ").replace("_", " ").strip()
    return name[:1].upper() + name[1:] or "Untitled"


def _summary(fields: Scalars, soup: BeautifulSoup) -> str:
    """The front matter's own, else the first sentences of the first paragraph."""
    given = _text(fields, "summary", "description")
    if given:
        return given[:SUMMARY_LENGTH]
    summary = ""
    for sentence in _SENTENCE_END.split(_first_words(soup)):
        if summary and len(summary) + len(sentence) >= SUMMARY_LENGTH:
            break
        summary = f"{summary} {sentence}".strip()
    return summary if len(summary) <= SUMMARY_LENGTH else textwrap.shorten(summary, SUMMARY_LENGTH, placeholder=" …")


def _first_words(soup: BeautifulSoup) -> str:
    for tag in [*soup.find_all("p"), *soup.find_all(["li", "div", "td"])]:
        text = " ".join(tag.get_text().split())
        if len(text) >= SUMMARY_FROM and tag.find_parent(["blockquote", "table"]) is None:
            return text
    return " ".join(soup.get_text(" ", strip=True).split())


def _escape_placeholders(html: str) -> str:
    """`<your-project-id>` is a placeholder in the text, not markup: show it instead of dropping it."""
    return _TAG.sub(lambda m: "<" if m.group(1).lower() in HTML_TAGS else "&lt;", html)


def _html_block(_: RendererHTML, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
    return _escape_placeholders(tokens[idx].content)


def _html_inline(_: RendererHTML, tokens: Sequence[Token], idx: int, _options: OptionsDict, _env: EnvType) -> str:
    content = tokens[idx].content
    name = _TAG.match(content)
    return content if name is None or name.group(1).lower() in HTML_TAGS else escapeHtml(content)


def _accept_link(_url: str) -> bool:
    """Every link becomes a link here and is judged once, by `kb.sanitize`, which also reports it."""
    return True


@lru_cache(maxsize=1)
def _renderer() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    markdown.validateLink = _accept_link  # type: ignore[method-assign,assignment]
    markdown.add_render_rule("html_inline", _html_inline)
    markdown.add_render_rule("html_block", _html_block)
    return markdown
