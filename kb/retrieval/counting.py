"""In how many passages and titles each term stands, kept by differences while articles are indexed.

Whoever changes rows of the index counts what is lost and what is gained, and adds the difference once, last in its
transaction: the rows of common terms are then locked for a moment only, and always in the same order.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from django.db import connection

from kb.models import IndexedArticle, Passage, TermStatistic
from kb.models.retrieval import SIDES

Counted = tuple[int, str]
"""A term and the audience it is counted for."""

_ADD = (
    "INSERT INTO kb_termstatistic AS known (key, audience, passages_0, passages_1, titles)"
    " SELECT * FROM unnest(%s::int[], %s::text[], %s::int[], %s::int[], %s::int[]) ORDER BY 1, 2"
    " ON CONFLICT (key, audience) DO UPDATE SET passages_0 = known.passages_0 + excluded.passages_0,"
    " passages_1 = known.passages_1 + excluded.passages_1, titles = known.titles + excluded.titles"
)


class StatisticsChange:
    """What one transaction changes in the statistics."""

    def __init__(self) -> None:
        self._passages: dict[int, Counter[Counted]] = {side: Counter() for side in SIDES}
        self._titles: Counter[Counted] = Counter()

    def gain_passages(self, passages: Iterable[Passage]) -> None:
        for passage in passages:
            self._passages[passage.side].update(_counted(passage.terms, passage.audience))

    def lose_passages(self, passages: Iterable[Passage]) -> None:
        for passage in passages:
            self._passages[passage.side].subtract(_counted(passage.terms, passage.audience))

    def gain_title(self, entry: IndexedArticle) -> None:
        self._titles.update(_counted(entry.title_terms, entry.audience))

    def lose_title(self, entry: IndexedArticle) -> None:
        self._titles.subtract(_counted(entry.title_terms, entry.audience))

    def apply(self) -> None:
        """Add the difference in the order of the keys: two processes then never wait for each other in a circle."""
        columns = [*(self._passages[side] for side in SIDES), self._titles]
        keys = sorted({key for column in columns for key, difference in column.items() if difference})
        if not keys:
            return
        terms, audiences = zip(*keys, strict=True)
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [list(terms), list(audiences), *([column[key] for key in keys] for column in columns)])


def _counted(terms: Iterable[int], audience: str) -> Iterator[Counted]:
    return ((key, audience) for key in (*terms, TermStatistic.COLLECTION))
