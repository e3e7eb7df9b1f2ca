"""What HTML an article may hold: the one gate between foreign markup and a reader's page.

`structure` keeps what the block reader needs to see, `rich` keeps what rich text may hold; neither lets through script,
style, event handlers or a link whose scheme is not listed.
"""

import re
from collections.abc import Iterator

import nh3
from bs4 import BeautifulSoup

LINK_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
ARTICLE_SCHEME = "article"
"""Scheme of a link to another imported file, until the importer knows the page's id."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UNSAFE_TAGS = _names(
    "script style iframe object embed applet form input button select textarea svg math link meta base noscript "
    "template frame frameset audio video source track canvas"
)
_INLINE_TAGS = _names(
    "a abbr b bdi bdo big br cite code del dfn em font i img ins kbd label mark q s samp small span strike strong sub "
    "sup tt u var wbr time"
)
BLOCK_TAGS = _names(
    "article aside blockquote body caption center col colgroup dd details div dl dt fieldset figcaption figure footer "
    "h1 h2 h3 h4 h5 h6 head header hr html legend li main nav ol p pre section summary table tbody td tfoot th thead "
    "title tr ul"
)
HTML_TAGS = _UNSAFE_TAGS | _INLINE_TAGS | BLOCK_TAGS
STRUCTURE_TAGS = (_INLINE_TAGS | BLOCK_TAGS) - {"html", "head", "body", "title"}
RICH_TAGS = _names("p b i code a ul ol li br hr blockquote sup sub")
CELL_TAGS = RICH_TAGS - {"hr", "blockquote"}

_SCHEME = re.compile(r"^\s*([a-zA-Z][a-zA-Z0-9+.\-]*)\s*:")
_CONTROL = re.compile(r"[\x00-\x20\u200b-\u200f\u2028\u2029\ufeff]+")


def scheme_of(url: str) -> str:
    """The scheme as a browser reads it (it drops control characters and space inside), or "" for a relative address."""
    found = _SCHEME.match(_CONTROL.sub("", url))
    return found.group(1).lower() if found else ""


def is_safe_link(url: str) -> bool:
    scheme = scheme_of(url)
    return scheme in LINK_SCHEMES or (not scheme and not url.strip().startswith(("//", "\\", "/\\")))


def unsafe_parts(html: str) -> Iterator[str]:
    """Names of what the gate is going to remove from this markup, for the report (names only, never the content)."""
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all():
        if tag.name in _UNSAFE_TAGS:
            yield f"<{tag.name}>"
        for name, value in tag.attrs.items():
            if name.lower().startswith("on"):
                yield f"{name.lower()}="
            elif name in {"href", "src"} and not is_safe_link(str(value)) and not str(value).strip().startswith("//"):
                yield f"{scheme_of(str(value))}: link"


def structure(html: str) -> str:
    """Well-formed HTML with nothing active in it, still holding ids, classes and images for the block reader."""
    return nh3.clean(
        html,
        tags=set(STRUCTURE_TAGS),
        clean_content_tags={"script", "style"},
        attributes={
            "*": {"id", "class"},
            "a": {"href", "name"},
            "img": {"src", "alt", "title"},
            "ol": {"start"},
            "td": {"colspan", "rowspan"},
            "th": {"colspan", "rowspan"},
        },
        url_schemes=set(LINK_SCHEMES),
        link_rel=None,
    )


def rich(html: str, *, tags: frozenset[str] = RICH_TAGS) -> str:
    """HTML that may be stored as rich text: a handful of tags, and no attribute but a link's address.

    Void tags are closed as the editor writes them; it cannot open `<br>`.
    """
    cleaned = nh3.clean(
        html,
        tags=set(tags),
        clean_content_tags={"script", "style"},
        attributes={"a": {"href"}},
        url_schemes=set(LINK_SCHEMES) | {ARTICLE_SCHEME},
        link_rel=None,
    )
    return cleaned.replace("<br>", "<br/>").replace("<hr>", "<hr/>").strip()
