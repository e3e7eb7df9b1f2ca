"""The page of priority's weights: what each signal weighs here, what people decided, what other weights would change.

Reads, and the form that a lead fills. What it may hold is checked once more where it is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from portal.models import User
from triage.agreement import FEWEST, Agreement
from triage.judged import Decided, Effect, Heard, Otherwise, agreement_of, effect_of, heard
from triage.urgency import SIGNALS
from triage.weighing import Setting, Weighed, newest_decision
from triage.weights import LEAST, MOST, Weights

EFFECTS_SHOWN = 50


class WeightsForm(forms.Form):
    """A weight and a switch for every signal, and the newest decision that the page showed."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, settings: tuple[Setting, ...]) -> None:
        super().__init__(data, initial={"seen": newest_decision()})
        for one in settings:
            name = str(one.signal.name)
            weight = forms.NumberInput(attrs={"class": "weight", "aria-label": _("Weight of “%s”") % name})
            switch = forms.CheckboxInput(attrs={"aria-label": _("Count “%s”") % name})
            self.fields[f"weight_{one.signal.code}"] = forms.IntegerField(
                min_value=LEAST, max_value=MOST, initial=one.weight, widget=weight
            )
            self.fields[f"on_{one.signal.code}"] = forms.BooleanField(required=False, initial=one.is_on, widget=switch)

    def wanted(self) -> dict[str, Weighed]:
        """What each signal is to weigh, by its code."""
        read = self.cleaned_data
        return {s.code: Weighed(read[f"weight_{s.code}"], is_on=read[f"on_{s.code}"]) for s in SIGNALS}


@dataclass(frozen=True)
class Row:
    """A signal with its two fields, as it is weighed here and as people decided."""

    setting: Setting
    heard: Heard
    weight: forms.BoundField
    switch: forms.BoundField


@dataclass(frozen=True)
class Against:
    """How far weights agree with what people decided, in words."""

    n: int
    exact: int
    within_one: int
    kappa: str


@dataclass(frozen=True)
class Page:
    rows: tuple[Row, ...]
    against: Against
    is_shipped: bool


@dataclass(frozen=True)
class Preview:
    """What the weights in the form would have changed; `left_out` of them have no room on the page."""

    effect: Effect
    against: Against
    left_out: int

    @property
    def shown(self) -> tuple[Otherwise, ...]:
        return self.effect.otherwise[:EFFECTS_SHOWN]


def read_page(form: WeightsForm, settings: tuple[Setting, ...], decided: list[Decided]) -> Page:
    """Every signal with its fields, and how the weights that stand now agree with people."""
    found = heard(decided)
    rows = tuple(
        Row(one, found[one.signal.code], form[f"weight_{one.signal.code}"], form[f"on_{one.signal.code}"])
        for one in settings
    )
    return Page(rows, in_words(agreement_of(weights_of(settings), decided)), all(one.is_shipped for one in settings))


def read_preview(
    wanted: Mapping[str, Weighed], settings: tuple[Setting, ...], decided: list[Decided], reader: User
) -> Preview:
    """What these weights would have made of the newest requests that the reader may see."""
    after = Weights({code: one.weight for code, one in wanted.items() if one.is_on})
    effect = effect_of(weights_of(settings), after, reader)
    left_out = max(0, len(effect.otherwise) - EFFECTS_SHOWN)
    return Preview(effect, in_words(agreement_of(after, decided)), left_out)


def weights_of(settings: tuple[Setting, ...]) -> Weights:
    return Weights({one.signal.code: one.weight for one in settings if one.is_on})


def in_words(found: Agreement) -> Against:
    """The agreement with its kappa in words: a number with its interval, or why there is none."""
    if found.n < FEWEST:
        kappa = _("Not enough data (n=%(n)d)") % {"n": found.n}
    elif found.kappa is None:
        kappa = _("None: all were decided alike")
    else:
        kappa = _("%(value).2f (%(low).2f to %(high).2f)") % {
            "value": found.kappa.value,
            "low": found.kappa.low,
            "high": found.kappa.high,
        }
    return Against(found.n, found.exact, found.within_one, kappa)
