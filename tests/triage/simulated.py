"""Categories that climb the ladder in a simulation; run as a module it prints the figures of decision 0014."""

import random
import sys
from collections.abc import Callable, Iterator

from triage.ladder import Rung, Standing

BAR = 0.95
Precision = Callable[[int], float]


def checks(precision: Precision, count: int, seed: int) -> Iterator[bool]:
    """Blind checks, right with a precision that may change with their number."""
    drawn = random.Random(seed)
    return (drawn.random() < precision(number) for number in range(count))


def life(precision: Precision, count: int, seed: int) -> list[Rung]:
    """The rung after each check; what is lost begins anew with the next, as on a site."""
    standing, rungs = Standing(), []
    for right in checks(precision, count, seed):
        standing = Standing() if standing.rung is Rung.LOST else standing
        standing = standing.after(right=right, bar=BAR)
        rungs.append(standing.rung)
    return rungs


def lives(precision: Precision, *, count: int, categories: int) -> list[list[Rung]]:
    return [life(precision, count, seed) for seed in range(categories)]


def share(rungs: list[list[Rung]], at: Callable[[list[Rung]], bool]) -> float:
    return sum(at(one) for one in rungs) / len(rungs)


def _first(rungs: list[Rung], wanted: Rung, *, after: int = 0) -> int:
    """The check at which a category came to a rung; as many as there are where it never did."""
    return next((number - after + 1 for number in range(after, len(rungs)) if rungs[number] is wanted), len(rungs))


def _quantiles(numbers: list[int]) -> str:
    ordered = sorted(numbers)
    return " ".join(f"{ordered[int(part * (len(ordered) - 1))]:5}" for part in (0.1, 0.5, 0.9))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    _say("precision   ever earns in 1500 checks   (400 categories)")
    for precision in (0.80, 0.90, 0.93, 0.94, 0.95):
        ran = lives(lambda _n, p=precision: p, count=1_500, categories=400)  # type: ignore[misc]
        _say(f"{precision:9} {share(ran, lambda one: Rung.EARNED in one):12.3f}")
    _say("precision   checks until earned: 10, 50, 90 in 100   loses it in 1500   (100 categories)")
    for precision in (0.97, 0.98, 0.99, 1.0):
        ran = lives(lambda _n, p=precision: p, count=1_500, categories=100)  # type: ignore[misc]
        lost = share(ran, lambda one: Rung.LOST in one)
        _say(f"{precision:9}   {_quantiles([_first(one, Rung.EARNED) for one in ran])} {lost:12.2f}")
    _say("at .70 for 50 checks, then   checks until earned: 10, 50, 90 in 100   (100 categories)")
    for later in (0.98, 0.99):
        ran = lives(lambda n, p=later: 0.70 if n < 50 else p, count=1_500, categories=100)  # type: ignore[misc]
        _say(f"{later:25}   {_quantiles([_first(one, Rung.EARNED) for one in ran])}")
    _say("earned at .99, then   checks until lost: 10, 50, 90 in 100   (100 categories)")
    for after in (0.60, 0.80, 0.90, 0.94):
        ran = lives(lambda n, p=after: 0.99 if n < 400 else p, count=1_900, categories=100)  # type: ignore[misc]
        earned = [one for one in ran if one[399] is Rung.EARNED]
        _say(f"{after:19}   {_quantiles([_first(one, Rung.LOST, after=400) for one in earned])}")


if __name__ == "__main__":
    main()
