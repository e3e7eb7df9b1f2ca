"""The language of an article, where it is not the one of the page that shows it."""

from django import template
from django.utils.translation import get_language, get_language_info

register = template.Library()


@register.filter
def other_language(code: str | None) -> str:
    """Its name in the page's language; "" for the page's own, or where nothing is known."""
    own = (get_language() or "en").partition("-")[0]
    if not code or code.partition("-")[0] == own:
        return ""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code
