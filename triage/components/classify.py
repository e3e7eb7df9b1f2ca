"""Category of a request, by meaning and wording, as learnt from descriptions and from requests that people filed.

Examples come from accounts that may teach; a high-touch account's never do. Where the request is like nothing filed
before, could be too many things, or there is no embedder, nothing is proposed and the reason is said.
"""

import logging
from collections.abc import Callable

from django.utils.translation import gettext as _
from haystack import component

from kb.redaction import redact
from kb.retrieval.embedder import EmbedderUnavailable
from triage.calibration import MISSED
from triage.facts import CategoryOption, Proposal, Request
from triage.learning import Choice, Matrix
from triage.schooling import School, vectors_of
from triage.wording import with_subject

log = logging.getLogger(__name__)

MOST_NAMED = 3
"""To name more categories that it might be helps nobody."""
LEAST_DESCRIBED = 0.15
"""Before anything is measured: the cosine to a description below which there is nothing to go by."""
ALIKE = 0.3

Teach = Callable[[tuple[CategoryOption, ...]], School]


@component
class Classify:
    """`teach` gives what is known of the live categories, which are the only values there are."""

    def __init__(self, *, teach: Teach) -> None:
        self.teach = teach

    @component.output_types(category=Proposal | None, unfiled=str, vector=list[float])
    def run(self, request: Request) -> dict[str, Proposal | list[float] | str | None]:
        text = redact(with_subject(request.subject, request.text)).text
        category, unfiled = None, ""
        try:
            vector = vectors_of((text,))[0]
            if request.is_first and request.categories:
                category, unfiled = self._propose(request.categories, text, vector)
        except EmbedderUnavailable:
            log.warning("classify_without_embedder", extra={"message_id": request.message_id})
            return {"category": None, "unfiled": "", "vector": []}
        return {"category": category, "unfiled": unfiled, "vector": [round(float(value), 6) for value in vector]}

    def _propose(
        self, categories: tuple[CategoryOption, ...], text: str, vector: Matrix
    ) -> tuple[Proposal | None, str]:
        school = self.teach(categories)
        choice = school.learnt.choose(text, vector)
        unfiled = _why_not(school, choice)
        if unfiled:
            return None, unfiled
        n = school.learnt.examples
        where = _("each of %(n)d requests that a person filed, judged by the others, %(day)s")
        return Proposal(
            value=categories[choice.ranking[0]].slug,
            reasons=_reasons(school, choice),
            confidence=None if choice.confidence is None else round(choice.confidence, 3),
            n=n,
            measured_on="" if choice.confidence is None else where % {"n": n, "day": school.learnt_on.isoformat()},
        ), ""


def _why_not(school: School, choice: Choice) -> str:
    """Why nothing is proposed; empty when something is."""
    learnt = school.learnt
    if not learnt.calibration.is_measured:
        near = max(choice.described, max((cosine for *_rest, cosine in choice.nearest), default=0.0))
        return _("It is near no category's description.") if near < LEAST_DESCRIBED else ""
    if not choice.is_like_any:
        return _("It is unlike the %(n)d requests that people filed.") % {"n": learnt.examples}
    if len(choice.likely) > MOST_NAMED:
        text = _(
            "It could be any of %(count)d categories; fewer hold the right one in under %(share)d of 100 requests."
        )
        return text % {"count": len(choice.likely), "share": round(100 * (1 - MISSED))}
    return ""


def _reasons(school: School, choice: Choice) -> tuple[str, ...]:
    names = [option.name for option in school.categories]
    best = choice.ranking[0]
    reasons = [
        _("Its words are near the description of “%(name)s” (similarity %(similarity).2f).")
        % {"name": names[best], "similarity": choice.described}
    ]
    alike = [(ticket, cosine) for ticket, label, cosine in choice.nearest if label == best and cosine >= ALIKE]
    if alike:
        numbers = ", ".join(f"#{ticket}" for ticket, _cosine in alike[:3])
        text = _("%(count)d of the %(all)d most similar requests were filed there by a person: %(numbers)s.")
        reasons.append(text % {"count": len(alike), "all": len(choice.nearest), "numbers": numbers})
    if school.learnt.calibration.is_measured and len(choice.likely) > 1:
        text = _("Or else: %(names)s. The right one is among these in %(share)d of 100 requests.")
        others = ", ".join(names[place] for place in choice.likely if place != best)
        reasons.append(text % {"names": others, "share": round(100 * (1 - MISSED))})
    return tuple(reasons)
