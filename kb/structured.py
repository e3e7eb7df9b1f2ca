"""What an article and the way to it are, as schema.org JSON-LD: every fact from the record, none that it does not hold.

It is data, which browsers never run, so a strict content policy lets it stand in the page; nothing in it can end the
element that holds it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from kb.models.pages import ArticlePage

Data = dict[str, object]
CONTEXT = "https://schema.org"
_INERT = {ord(character): f"\\u{ord(character):04X}" for character in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Step:
    """One step of the way from the first section to a page."""

    name: str
    address: str


def as_script(data: Sequence[Data]) -> SafeString:
    """The element for the page's head. Within JSON those characters stand in strings alone, where \\u says the same."""
    text = json.dumps(list(data), ensure_ascii=False, separators=(",", ":")).translate(_INERT)
    return SafeString(f'<script type="application/ld+json">{text}</script>')


def breadcrumbs(steps: Sequence[Step]) -> Data:
    return {
        "@context": CONTEXT,
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": step.name, "item": step.address}
            for number, step in enumerate(steps, 1)
        ],
    }


def article_data(article: ArticlePage, *, address: str, publisher: str) -> Data:
    """The article, whose it is and how fresh. The review belongs to the page that shows it: schema.org has it there."""
    page: Data = {"@type": "WebPage", "@id": address}
    if article.reviewed_on:
        page["lastReviewed"] = article.reviewed_on.isoformat()
        if article.reviewed_by:
            page["reviewedBy"] = _person(article.reviewed_by.get_full_name())
    facts: Data = {
        "@context": CONTEXT,
        "@type": "TechArticle",
        "headline": article.title,
        "description": article.summary,
        "url": address,
        "mainEntityOfPage": page,
        "inLanguage": article.language,
        "author": _writers(article),
        "publisher": {"@type": "Organization", "name": publisher},
        "datePublished": article.first_published_at and article.first_published_at.isoformat(),
        "dateModified": article.last_published_at and article.last_published_at.isoformat(),
        "keywords": list(article.labels),
        "about": _about(article),
    }
    return {name: fact for name, fact in facts.items() if fact}


def _person(name: str) -> Data:
    return {"@type": "Person", "name": name}


def _writers(article: ArticlePage) -> list[Data]:
    """As `written_by` says it. A name that an editor or a source gave is a name: a person's or not."""
    origin = article.author or article.source_name
    if not origin:
        return [_person(article.written_by)] if article.owner or article.publisher else [{"name": article.written_by}]
    editor = article.publisher if article.edited_since_import else None
    return [{"name": origin}, *([_person(editor.get_full_name())] if editor else [])]


def _about(article: ArticlePage) -> list[Data]:
    if not article.product:
        return []
    return [{"@type": "Thing", "name": f"{article.product} {version}".strip()} for version in article.versions or [""]]
