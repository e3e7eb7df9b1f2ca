"""Decides whether an article clearly answers, and composes a draft from it; abstaining is an answer with a reason.

Greeting and closing are marked as needing the rep's own words. Nothing here obeys what a request or an article says.
"""

from urllib.parse import urljoin

from django.utils import translation
from django.utils.translation import gettext as _
from haystack import component

from triage.choices import NoDraftReason
from triage.drafting import compose
from triage.facts import ArticleEvidence, Drafted, Evidence, Kind, Request, Screening, ScreenVerdict, Sentence
from triage.gate import Bars, choose_article
from triage.nearness import relevance_to
from triage.wording import with_subject

_BY_VERDICT = {
    ScreenVerdict.EMPTY: NoDraftReason.EMPTY_MESSAGE,
    ScreenVerdict.SPAM: NoDraftReason.SPAM,
    ScreenVerdict.DUPLICATE: NoDraftReason.DUPLICATE,
}


@component
class Draft:
    """`bars`: what the evidence has to reach before anything is drafted. `site_url` makes links work in a mail.

    `greeting` (`{name}` is the requester's) and `sign_off` are the site's own words in place of ours.
    """

    def __init__(self, *, site_url: str, greeting: str = "", sign_off: str = "", bars: Bars | None = None) -> None:
        self.site_url = site_url
        self.greeting = greeting
        self.sign_off = sign_off
        self.bars = bars

    @component.output_types(drafted=Drafted)
    def run(self, request: Request, screening: Screening, evidence: Evidence) -> dict[str, Drafted]:
        barred = _barred(request, screening)
        if barred:
            return {"drafted": Drafted(no_draft_reason=barred)}
        text = with_subject(request.subject, request.text)
        decision = choose_article(evidence, language=request.language, bars=self.bars or Bars())
        if decision.article is None:
            return {"drafted": Drafted(no_draft_reason=decision.reason, detail=decision.detail)}
        body = compose(decision.article, relevance_to(text))
        if not body:
            return {"drafted": Drafted(no_draft_reason=NoDraftReason.LOW_CONFIDENCE, detail="nothing to quote")}
        with translation.override(request.language):
            sentences = (self._greeting(request), *body, *self._closing(decision.article))
        return {"drafted": Drafted(sentences=sentences, detail=decision.detail)}

    def _closing(self, article: ArticleEvidence) -> tuple[Sentence, ...]:
        url = urljoin(self.site_url, article.url)
        pointer = _("The whole article, “%(title)s”, is here: %(url)s") % {"title": article.title, "url": url}
        offer = _("Please write back and tell me whether this helped.")
        words = (pointer, offer, self.sign_off.strip())
        return tuple(Sentence(said, Kind.NEEDS_WORDS) for said in words if said)

    def _greeting(self, request: Request) -> Sentence:
        if self.greeting.strip() and (request.requester_name or "{name}" not in self.greeting):
            words = self.greeting.strip().replace("{name}", request.requester_name)
        elif request.requester_name:
            words = _("Hello %(name)s,") % {"name": request.requester_name}
        else:
            words = _("Hello,")
        return Sentence(words, Kind.NEEDS_WORDS)


def _barred(request: Request, screening: Screening) -> str:
    if not request.drafting:
        return NoDraftReason.DRAFTING_OFF
    if screening.verdict in _BY_VERDICT:
        return _BY_VERDICT[screening.verdict]
    return "" if request.is_latest else NoDraftReason.SUPERSEDED
