"""What stands of a request besides its words: what triage took it for, and what a person said instead. Reads only."""

from dataclasses import dataclass

from portal.models import Ticket
from triage.choices import About
from triage.models import Run, ScreeningWord, Verdict
from triage.screening import words_on
from triage.wall import bar_of


@dataclass(frozen=True)
class Screening:
    """`verdict` is what triage takes it for, `machine` in words: empty where a person has spoken of just that."""

    machine: str
    verdict: str
    reasons: tuple[str, ...]
    spam: ScreeningWord | None
    duplicate: ScreeningWord | None

    @property
    def is_spam(self) -> bool:
        return self.spam is not None and self.spam.holds


def screening_of(ticket: Ticket, run: Run | None, reasons: tuple[str, ...]) -> Screening | None:
    """What stands of the request; None where nothing is screened (high-touch and erased)."""
    if ticket.is_high_touch or ticket.erased_at is not None:
        return None
    said = words_on([ticket.pk]).get(ticket.pk, {})
    verdict = ""
    if run is not None and not bar_of(ticket) and run.verdict not in said:
        verdict = run.verdict
    return Screening(
        machine=str(Verdict(verdict).label) if verdict != Verdict.PLAIN else "",
        verdict=verdict,
        reasons=reasons if verdict or not said else (),
        spam=said.get(About.SPAM),
        duplicate=said.get(About.DUPLICATE),
    )
