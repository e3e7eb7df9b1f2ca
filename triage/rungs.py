"""Where each category stands on the ladder, by the record: blind checks, applied values and what became of them.

The standing is worked out anew at each reading, so a demotion counts at once; `LadderChange` rows keep what was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import QuerySet

from portal.models import Category
from triage.choices import FieldName, LadderReason
from triage.ladder import Rung, Standing, climb
from triage.models import AppliedValue, BlindCheck, LadderChange, LadderPolicy, RungSwitch
from triage.wall import open_to_machines

FIELD = FieldName.CATEGORY


@dataclass(frozen=True)
class CategoryRung:
    """A category with its standing, the changes on record that led to it, and what a lead said of it.

    `applied`: requests that triage filed there since, and `refiled`: those of them that people changed.
    """

    category: Category
    standing: Standing
    bar: float
    earned: LadderChange | None
    lost: LadderChange | None
    is_on: bool
    applied: int
    refiled: int

    @property
    def is_earned(self) -> bool:
        return self.standing.rung is Rung.EARNED

    @property
    def may_apply(self) -> bool:
        return self.is_earned and self.is_on and self.category.is_active

    @property
    def lower(self) -> float:
        return self.standing.lower(self.bar)

    @property
    def still_needed(self) -> int:
        """How many more blind checks it takes at least to earn the right."""
        return 0 if self.is_earned else self.standing.needed(self.bar)

    @property
    def why_lost(self) -> LadderReason:
        """Of a standing that is lost."""
        return LadderReason.DRIFT if self.standing.suspicion.is_evidence else LadderReason.REFILED


@dataclass(frozen=True)
class _Record:
    """What is on record of one value since its right was last lost."""

    checks: list[bool] = field(default_factory=list)
    kept: list[bool] = field(default_factory=list)


def ladder_policy() -> LadderPolicy:
    """Return what leads last decided; without a decision nothing is checked and nothing applied."""
    return LadderPolicy.objects.first() or LadderPolicy(applies=False, one_in=0, one_in_earned=0)


def ladder_bar() -> float:
    """Return the precision that must be proven, as a share."""
    return float(settings.HANDRAIL_LADDER_BAR) / 100


def read_rung(slug: str) -> CategoryRung | None:
    """Return the rung of one category; None where there is no such category."""
    return next(iter(_rungs(list(Category.objects.filter(slug=slug)))), None)


def read_rungs() -> list[CategoryRung]:
    """Return the rung of every category, in a fixed number of queries; of one out of use while something is on it."""
    rungs = _rungs(list(Category.objects.all()))
    return [rung for rung in rungs if rung.category.is_active or rung.standing.n or rung.earned]


def count_unfiled_checks() -> int:
    """Return how many requests wait to be filed blind: never by category, which would tell what is proposed."""
    return BlindCheck.objects.filter(open_to_machines("ticket__"), field=FIELD).unchosen().count()


def _rungs(categories: Sequence[Category]) -> list[CategoryRung]:
    if not categories:
        return []
    of_these = {"field": FIELD, "value__in": [category.slug for category in categories]}
    changes = LadderChange.objects.filter(**of_these)
    earned = _newest(changes.filter(reason=LadderReason.PROVEN))
    lost = _newest(changes.exclude(reason=LadderReason.PROVEN))
    switches = _newest(RungSwitch.objects.filter(**of_these))
    records = _records(categories, of_these, lost)
    bar = ladder_bar()
    return [
        CategoryRung(
            category=category,
            standing=climb(records[category.slug].checks, bar=bar, kept=records[category.slug].kept),
            bar=bar,
            earned=earned.get(category.slug),
            lost=lost.get(category.slug),
            is_on=category.slug not in switches or switches[category.slug].is_on,
            applied=len(records[category.slug].kept),
            refiled=records[category.slug].kept.count(False),
        )
        for category in categories
    ]


def _records(
    categories: Sequence[Category], of_these: dict[str, Any], lost: dict[str, LadderChange]
) -> dict[str, _Record]:
    """What counts is what was drawn and applied since, of requests that may be automated to this day."""
    names = {category.slug: category.pk for category in categories}
    records = {slug: _Record() for slug in names}

    def is_over(row: BlindCheck | AppliedValue) -> bool:
        return row.value in lost and row.created_at <= lost[row.value].created_at

    counted = open_to_machines("ticket__")
    checks = BlindCheck.objects.filter(counted, **of_these).with_choices().filter(choice_event__isnull=False)
    for check in checks.order_by("choice_event", "pk"):
        if not is_over(check):
            records[check.value].checks.append(check.choice == names[check.value])
    for applied in AppliedValue.objects.filter(counted, **of_these).with_choices().order_by("pk"):
        if not is_over(applied):
            records[applied.value].kept.append(applied.choice_event is None)
    return records


_Valued = TypeVar("_Valued", LadderChange, RungSwitch)


def _newest(rows: QuerySet[_Valued]) -> dict[str, _Valued]:
    return {row.value: row for row in rows.order_by("value", "-pk").distinct("value")}
