"""Articles beside the request form, as somebody types and, without scripts, at the press of a button.

Invariant: suggestions never gate, delay or change a request. Any failure of search is silence to the writer and an
event in the log. As-you-type writes nothing but a rate counter; what was shown travels in the form's signed token.
"""

import logging
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from kb.search import Hit, Use, search
from portal import ratelimit
from portal.actions.suggestions import add_shown

log = logging.getLogger(__name__)

SHOWN_AT_ONCE = 4
FEWEST_CHARACTERS = 4
MOST_CHARACTERS = 4000
PER_MINUTE = 300


@dataclass(frozen=True)
class Suggestions:
    """What matches, and the token for everything shown to this form so far."""

    hits: tuple[Hit, ...]
    shown: str


@require_POST
def suggestions(request: HttpRequest) -> HttpResponse:
    """Return the fragment of matching articles for what stands in the form."""
    if not may_ask(request):
        return HttpResponse(status=429)
    found = find_suggestions(request, use=Use.TYPING)
    # Without the request no context processor runs: this page is asked for at every pause in typing.
    fragment = render_to_string("portal/_suggestions.html", {"suggestions": found.hits, "shown": found.shown})
    return HttpResponse(fragment, headers={"Cache-Control": "no-store"})


def may_ask(request: HttpRequest) -> bool:
    """Whether this address stays within what people who type would ask."""
    return ratelimit.hit(f"suggest:{request.META.get('REMOTE_ADDR', '')}", limit=PER_MINUTE, seconds=60)


def find_suggestions(request: HttpRequest, *, use: Use) -> Suggestions:
    """Search with the subject and message of the form in `request`; nothing when search cannot answer.

    Who presses the button asks, so it may show what would disturb somebody who types.
    """
    token = request.POST.get("shown", "")
    text = f"{request.POST.get('subject', '')}\n{request.POST.get('message', '')[:MOST_CHARACTERS]}".strip()
    if len(text) < FEWEST_CHARACTERS:
        return Suggestions((), token)
    try:
        audiences = frozenset(request.audiences)  # type: ignore[attr-defined]
        hits = tuple(search(text, audiences=audiences, limit=SHOWN_AT_ONCE, use=use))
    except Exception as error:  # noqa: BLE001 - whatever search suffers from, the form goes on without it
        log.warning("suggestions_unavailable", extra={"error": type(error).__name__})
        return Suggestions((), token)
    return Suggestions(hits, add_shown(token, (hit.article_id for hit in hits)))
