"""Rich text within an article: its links come from what the page looked up for all of its text at once."""

from django import template
from django.utils.safestring import SafeString
from wagtail.rich_text import RichText

from kb.references import References

register = template.Library()


@register.simple_tag(takes_context=True)
def article_text(context: template.Context, text: RichText | None) -> SafeString:
    """The text with its links in place; outside of an article's page (an editor's preview) as Wagtail shows it."""
    if not text:
        return SafeString()
    references = context.get("references")
    return references.html(text.source) if isinstance(references, References) else SafeString(text)
