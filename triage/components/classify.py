"""Category of a request, by meaning: nearness to the categories' descriptions and to requests that a person filed.

Examples come from accounts that may teach; a high-touch account's never do. Without an embedder there is no proposal.
"""

import logging
from collections.abc import Callable, Sequence

from django.utils import timezone
from django.utils.translation import gettext as _
from haystack import component

from kb.retrieval.embedder import QUERY_TOKENS, EmbedderUnavailable, embed_texts
from triage.facts import CategoryOption, Proposal, Request
from triage.learning import Choice, Examples, Filing, Matrix
from triage.wording import with_subject

log = logging.getLogger(__name__)

ReadExamples = Callable[[tuple[str, ...]], Examples]


def vectors_of(texts: Sequence[str]) -> Matrix:
    """What is compared: (n, 384), of unit length, of the beginning of each text. Raises EmbedderUnavailable."""
    return embed_texts(texts, tokens=QUERY_TOKENS)


@component
class Classify:
    """`read_examples` gives the examples for slugs in order; below `least` similarity nothing is proposed."""

    def __init__(self, *, read_examples: ReadExamples, least: float = 0.15) -> None:
        self.read_examples = read_examples
        self.least = least
        self._described: tuple[tuple[CategoryOption, ...], Matrix] | None = None
        self._filing: Filing | None = None

    @component.output_types(category=Proposal | None, vector=list[float])
    def run(self, request: Request) -> dict[str, Proposal | list[float] | None]:
        try:
            vector = vectors_of([with_subject(request.subject, request.text)])[0]
            proposal = self._propose(request.categories, vector) if request.is_first else None
        except EmbedderUnavailable:
            log.warning("classify_without_embedder", extra={"message_id": request.message_id})
            return {"category": None, "vector": []}
        return {"category": proposal, "vector": [round(float(value), 6) for value in vector]}

    def _propose(self, categories: tuple[CategoryOption, ...], vector: Matrix) -> Proposal | None:
        if not categories:
            return None
        filing = self._filing_for(categories)
        choice = filing.choose(vector)
        if choice.score < self.least:
            return None
        n = len(filing.examples)
        confidence = filing.measured.confidence(choice.lead)
        where = _("each of %(n)d requests that a person filed, left out once, %(day)s")
        return Proposal(
            value=categories[choice.index].slug,
            reasons=_reasons(categories, choice),
            confidence=None if confidence is None else round(confidence, 3),
            n=n,
            measured_on="" if confidence is None else where % {"n": n, "day": timezone.localdate().isoformat()},
        )

    def _filing_for(self, categories: tuple[CategoryOption, ...]) -> Filing:
        """Return the classifier, made anew only when categories or examples have changed."""
        if self._described is None or self._described[0] != categories:
            self._described = (categories, vectors_of([option.described for option in categories]))
            self._filing = None
        examples = self.read_examples(tuple(option.slug for option in categories))
        if self._filing is None or self._filing.examples is not examples:
            self._filing = Filing(self._described[1], examples)
        return self._filing


def _reasons(categories: tuple[CategoryOption, ...], choice: Choice) -> tuple[str, ...]:
    best = categories[choice.index]
    reasons = [
        _("Its words are near the description of “%(name)s” (similarity %(similarity).2f).")
        % {"name": best.name, "similarity": choice.described}
    ]
    alike = [(ticket, cosine) for ticket, label, cosine in choice.neighbours if label == choice.index and cosine >= 0.3]
    if alike:
        numbers = ", ".join(f"#{ticket}" for ticket, _cosine in alike[:3])
        text = _("%(count)d of the %(all)d most similar requests were filed there by a person: %(numbers)s.")
        reasons.append(text % {"count": len(alike), "all": len(choice.neighbours), "numbers": numbers})
    return tuple(reasons)
