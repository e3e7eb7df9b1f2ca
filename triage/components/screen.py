"""The first look: is there anything to answer, was it asked before, is it obvious spam, or like what a rep called so?

A verdict only moves a request in the queue's order. Nothing is hidden, closed or merged by it.
"""

import logging
import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from haystack import component

from kb.redaction import redact
from kb.retrieval.embedder import QUERY_TOKENS, EmbedderUnavailable, embed_texts
from triage.facts import Request, Screening, ScreenVerdict
from triage.taught import Example, like_which
from triage.wording import likeness, with_subject, words_of

log = logging.getLogger(__name__)

_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
# Each is rare in a request for support; two together are what unsolicited offers look like.
_OFFERS = (
    re.compile(r"\b(?:seo|backlinks?|guest post|link building|domain authority|page one of google)\b", re.IGNORECASE),
    re.compile(r"\b(?:casino|betting|viagra|cialis|porn|escort|forex|binary options)\b", re.IGNORECASE),
    re.compile(r"\b(?:bitcoin|crypto)\b.{0,60}\b(?:invest|profit|double|wallet recovery)", re.IGNORECASE | re.DOTALL),
    re.compile(r"\b(?:lottery|inheritance|beneficiary|next of kin|million (?:dollars|usd|euros))\b", re.IGNORECASE),
    re.compile(r"\b(?:unsubscribe|opt[- ]out of (?:our|future)|to stop receiving)\b", re.IGNORECASE),
    re.compile(
        r"\b(?:increase your (?:traffic|sales)|grow your business|limited[- ]time offer|act now)\b", re.IGNORECASE
    ),
    re.compile(
        r"\b(?:i came across your website|redesign your website|web design services|app development compan)",
        re.IGNORECASE,
    ),
)


def nothing_taught() -> tuple[Example, ...]:
    return ()


@component
class Screen:
    """`same_above`: how alike (0 to 1, word triples) two open requests of one person are to be one question.

    `read_taught` gives the requests that people called spam, or said are none.
    """

    def __init__(
        self, *, same_above: float = 0.8, read_taught: Callable[[], tuple[Example, ...]] = nothing_taught
    ) -> None:
        self.same_above = same_above
        self.read_taught = read_taught

    @component.output_types(screening=Screening)
    def run(self, request: Request) -> dict[str, Screening]:
        text = with_subject(request.subject, request.text)
        ruled = self._empty(request, text) or self._duplicate(request, text)
        return {"screening": ruled or self._unwanted(request, text)}

    def _empty(self, request: Request, text: str) -> Screening | None:
        if sum(len(word) for word in words_of(text)) >= 4 or request.files:
            return None
        return Screening(ScreenVerdict.EMPTY, (_("The message holds no words."),))

    def _duplicate(self, request: Request, text: str) -> Screening | None:
        if not request.is_first or len(words_of(text)) < 4:
            return None
        for other in request.other_open:
            alike = likeness(text, with_subject(other.subject, other.text))
            if alike >= self.same_above:
                reason = _(
                    "Request #%(number)d of the same person is open and says the same (%(alike)d %% of the words)."
                )
                found = reason % {"number": other.ticket_id, "alike": round(100 * alike)}
                return Screening(ScreenVerdict.DUPLICATE, (found,), other.ticket_id)
        return None

    def _unwanted(self, request: Request, text: str) -> Screening:
        """What people said of a request like this one goes before what the rules say."""
        like = self._like(request, text)
        if like is None:
            return self._spam(text)
        said = {"number": like.ticket_id, "name": like.said_by, "day": like.said_on}
        if like.is_spam:
            reason = _("Like #%(number)d, which %(name)s called spam on %(day)s.")
            return Screening(ScreenVerdict.SPAM, (reason % said,))
        return Screening(reasons=(_("Like #%(number)d, of which %(name)s said on %(day)s: no spam.") % said,))

    def _like(self, request: Request, text: str) -> Example | None:
        examples = [one for one in self.read_taught() if one.ticket_id != request.ticket_id]
        if not examples or not request.is_first:
            return None
        try:
            vector = embed_texts([redact(text).text], tokens=QUERY_TOKENS)[0]
        except EmbedderUnavailable:
            log.warning("screen_without_embedder", extra={"message_id": request.message_id})
            return None
        return like_which(vector.tolist(), request.sender, examples)

    def _spam(self, text: str) -> Screening:
        offers = [match.group() for pattern in _OFFERS if (match := pattern.search(text))]
        links = len(_LINK.findall(text))
        if len(offers) >= 2 or (offers and links >= 3):
            reasons = [_("It reads like an unsolicited offer: “%s”.") % found[:60] for found in offers[:3]]
            return Screening(ScreenVerdict.SPAM, tuple(reasons))
        return Screening()
