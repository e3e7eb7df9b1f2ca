"""How the signals of priority are weighed on this site: as shipped, but for what leads decided. Reads only."""

from dataclasses import dataclass

from triage.models import SignalDecision
from triage.urgency import BY_CODE, SIGNALS, Signal
from triage.weights import Weights


@dataclass(frozen=True)
class Weighed:
    """What one signal is to count: its weight, and whether it counts at all."""

    weight: int
    is_on: bool = True


@dataclass(frozen=True)
class Setting:
    """A signal as it is weighed here; `decision` is the newest one about it, None where nobody made any."""

    signal: Signal
    weight: int
    is_on: bool
    decision: SignalDecision | None

    @property
    def is_shipped(self) -> bool:
        return self.is_on and self.weight == self.signal.weight


def current_settings() -> tuple[Setting, ...]:
    """Return every signal in the order of the list, in one query."""
    newest = SignalDecision.objects.order_by("code", "-pk").distinct("code").select_related("decided_by")
    decided = {decision.code: decision for decision in newest if decision.code in BY_CODE}
    return tuple(_setting(signal, decided.get(signal.code)) for signal in SIGNALS)


def _setting(signal: Signal, decision: SignalDecision | None) -> Setting:
    if decision is None:
        return Setting(signal, signal.weight, is_on=True, decision=None)
    return Setting(signal, decision.weight, decision.is_on, decision)


def current_weights() -> Weights:
    """Return what counts in the next request."""
    return Weights({one.signal.code: one.weight for one in current_settings() if one.is_on})


def newest_decision() -> int:
    """Return the number of the newest decision about any signal; 0 where there is none."""
    return SignalDecision.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
