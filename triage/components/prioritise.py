"""Priority from explicit signals, each a reason with its weight that a person can check against the message.

It proposes low, normal or high. Urgent is an escalation: the reasons for it are handed on, for a person to decide.
"""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from haystack import component

from kb.redaction import redact
from triage.facts import FileReading, Priority, Request
from triage.urgency import BY_CODE, FATAL_LOG, SIGNALS, UNANSWERED, UNANSWERED_FROM_HOURS
from triage.weights import HIGH_FROM, LOW_UP_TO, SHIPPED, Claim, Weights, judge, signed
from triage.wording import with_subject


def shipped_weights() -> Weights:
    return SHIPPED


@component
class Prioritise:
    """Adds up the signals of the request, its logs and its record; a signal counts once however often it is written.

    `read_weights` says what each weighs here, asked anew for each request.
    """

    def __init__(self, *, read_weights: Callable[[], Weights] = shipped_weights) -> None:
        self.read_weights = read_weights

    @component.output_types(priority=Priority)
    def run(self, request: Request, readings: list[FileReading]) -> dict[str, Priority]:
        weights = self.read_weights()
        claims = find_claims(request, readings)
        counted = [claim for claim in claims if claim.code in weights.by_code]
        judged = judge({claim.code for claim in counted}, weights)
        reasons = {claim.code: _reason(claim, weights.of(claim.code)) for claim in counted}
        urgent = [reason for code, reason in reasons.items() if weights.of(code) > 0] if judged.thinks_urgent else []
        told = [*reasons.values(), _sum(judged.score)] if reasons else [_("Nothing in it speaks for another priority.")]
        return {"priority": Priority(judged.value, tuple(told), judged.score, tuple(urgent), tuple(claims))}


def find_claims(request: Request, readings: list[FileReading]) -> list[Claim]:
    """Return every signal that is there, in the order of the list, with what set it off."""
    text = with_subject(request.subject, request.text)
    found = {signal.code: words for signal in SIGNALS if (words := signal.claim_in(text))}
    fatal = next((f for reading in readings for f in reading.reading.findings if f.fatal), None)
    if fatal is not None:
        found[FATAL_LOG] = " ".join(fatal.head.split())[:80]
    hours = request.unanswered_hours
    if hours is not None and hours >= UNANSWERED_FROM_HOURS:
        found[UNANSWERED] = ngettext(
            "filed %(n)d hour ago, nobody answered", "filed %(n)d hours ago, nobody answered", hours
        ) % {"n": hours}
    return [Claim(code, redact(words).text) for code, words in found.items()]


def _reason(claim: Claim, weight: int) -> str:
    words = claim.words if claim.code == UNANSWERED else f"“{claim.words}”"
    return f"{BY_CODE[claim.code].name}: {words} ({signed(weight)})"


def _sum(score: int) -> str:
    said = _("Sum %(score)s: high from %(high)s, low from %(low)s down.")
    return said % {"score": signed(score), "high": signed(HIGH_FROM), "low": signed(LOW_UP_TO)}
