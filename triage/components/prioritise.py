"""Priority from explicit signals, each a reason with its weight that a person can check against the message.

It proposes low, normal or high. Urgent is an escalation: the reasons for it are handed on, for a person to decide.
"""

from django.utils.translation import gettext as _
from haystack import component

from kb.redaction import redact
from triage.facts import FileReading, Priority, Request
from triage.urgency import SIGNALS
from triage.wording import with_subject

URGENT_FROM, HIGH_FROM, LOW_UP_TO = 7, 3, -2


@component
class Prioritise:
    """Adds up the signals of the request and of its logs; a signal counts once however often it is written."""

    @component.output_types(priority=Priority)
    def run(self, request: Request, readings: list[FileReading]) -> dict[str, Priority]:
        text = with_subject(request.subject, request.text)
        score, grave = 0, 0
        reasons: list[str] = []
        urgent: list[str] = []
        for signal in SIGNALS:
            found = signal.claim_in(text)
            if not found:
                continue
            score += signal.weight
            grave += signal.grave
            reason = _weighted(f"{signal.name}: “{redact(found).text}”", signal.weight)
            reasons.append(reason)
            urgent += [reason] if signal.weight > 0 else []
        if any(finding.fatal for reading in readings for finding in reading.reading.findings):
            score += 1
            reasons.append(_weighted(_("a fatal error in the logs"), 1))
        value = "high" if score >= HIGH_FROM else "low" if score <= LOW_UP_TO else "normal"
        if not reasons:
            reasons = [_("Nothing in the message speaks for another priority.")]
        proposes_urgent = grave >= 1 and score >= URGENT_FROM
        return {"priority": Priority(value, tuple(reasons), score, tuple(urgent) if proposes_urgent else ())}


def _weighted(reason: str, weight: int) -> str:
    return f"{reason} ({weight:+d})"
