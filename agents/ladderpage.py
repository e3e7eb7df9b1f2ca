"""What triage may file by itself, category by category, as leads decide on it and reps read it. Reads only."""

from dataclasses import dataclass
from enum import StrEnum

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.models import Category
from triage.ladder import Rung
from triage.models import LadderChange, LadderPolicy
from triage.rungs import CategoryRung, count_unfiled_checks, ladder_bar, ladder_policy, read_rungs


class State(StrEnum):
    FILES = "files"
    EARNED = "earned"
    LOST = "lost"
    OFF = "off"
    SUGGESTS = "suggests"
    RETIRED = "retired"


STATES: dict[State, Promise] = {
    State.FILES: gettext_lazy("files by itself"),
    State.EARNED: gettext_lazy("earned, not used"),
    State.LOST: gettext_lazy("lost it, proposes only"),
    State.OFF: gettext_lazy("switched off"),
    State.SUGGESTS: gettext_lazy("proposes only"),
    State.RETIRED: gettext_lazy("out of use"),
}


@dataclass(frozen=True)
class RungRow:
    """A category as one line: how it stands, on what evidence, and what a lead may press."""

    category: Category
    state: State
    word: str
    note: str
    n: int
    right: int
    lower: float
    since: str
    still_needed: int
    is_on: bool


@dataclass(frozen=True)
class LadderPage:
    policy: LadderPolicy
    bar: float
    rows: tuple[RungRow, ...]
    unfiled: int

    @property
    def has_checks(self) -> bool:
        return self.unfiled > 0 or any(row.n for row in self.rows)


def read_ladder() -> LadderPage:
    """The page, those that file first and those that nothing is known of last, in a fixed number of queries."""
    policy = ladder_policy()
    rows = [_row(rung, applies=policy.applies) for rung in read_rungs()]
    order = list(State)
    rows.sort(key=lambda row: (order.index(row.state), -row.n, row.category.position, row.category.name))
    return LadderPage(policy, ladder_bar(), tuple(rows), count_unfiled_checks())


def _row(rung: CategoryRung, *, applies: bool) -> RungRow:
    state = _state(rung, applies=applies)
    lost = _lost_and_not_regained(rung)
    notes = [_why_lost(lost)] if lost is not None else []
    if rung.standing.rung is Rung.LOST:
        notes = [_("Lost just now: %(why)s.") % {"why": rung.why_lost.label}]
    if rung.applied:
        filed = _("%(n)d filed by triage, %(refiled)d of them changed by people.")
        notes.append(filed % {"n": rung.applied, "refiled": rung.refiled})
    earned = rung.earned if rung.is_earned else None
    return RungRow(
        category=rung.category,
        state=state,
        word=str(STATES[state]),
        note=" ".join(notes),
        n=rung.standing.n,
        right=rung.standing.right,
        lower=rung.lower,
        since=_day(earned) if earned is not None else "",
        still_needed=rung.still_needed,
        is_on=rung.is_on,
    )


def _state(rung: CategoryRung, *, applies: bool) -> State:
    if not rung.category.is_active:
        return State.RETIRED
    if not rung.is_on:
        return State.OFF
    if rung.is_earned:
        return State.FILES if applies else State.EARNED
    is_lost = rung.standing.rung is Rung.LOST or _lost_and_not_regained(rung) is not None
    return State.LOST if is_lost else State.SUGGESTS


def _lost_and_not_regained(rung: CategoryRung) -> LadderChange | None:
    if rung.lost is None or rung.is_earned or (rung.earned is not None and rung.earned.pk > rung.lost.pk):
        return None
    return rung.lost


def _why_lost(lost: LadderChange) -> str:
    words = _("Lost on %(day)s, with %(right)d of %(n)d right: %(why)s. Counted anew since.")
    return words % {"day": _day(lost), "right": lost.right, "n": lost.n, "why": lost.get_reason_display()}


def _day(change: LadderChange) -> str:
    return formats.date_format(timezone.localtime(change.created_at), "DATE_FORMAT")
