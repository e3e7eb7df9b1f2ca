"""How a statement of search is sent: planned once a connection, under settings that end with it.

To parse and plan such a statement takes PostgreSQL as long as to answer it. The planner also takes comparing arrays and
sparse vectors for cheap and would read whole tables for it, so search runs by index alone. What is changed for that
ends with the statement, in a caller's transaction too.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

Value = str | int | bool | Sequence[int] | Sequence[str]
Row = tuple[Any, ...]
Settings = Mapping[str, str]

# A plan for any parameters, and tables joined in the order in which a statement names them: to look for a better one
# takes longer than to answer.
PLANNED_ONCE: Settings = {"plan_cache_mode": "force_generic_plan", "join_collapse_limit": "1"}
_PARAMETER = re.compile(r"%\((\w+)\)s")
_prepared: "WeakKeyDictionary[Any, set[str]]" = WeakKeyDictionary()


@dataclass(frozen=True)
class Prepared:
    """A statement and the types of its parameters, which its text names as `%(name)s`. `name` is its own."""

    name: str
    types: Mapping[str, str]
    text: str

    @cached_property
    def definition(self) -> str:
        places = {parameter: f"${place}" for place, parameter in enumerate(self.types, 1)}
        text = _PARAMETER.sub(lambda found: places[found.group(1)], self.text)
        return f"PREPARE {self.name} ({', '.join(self.types.values())}) AS {text}"

    @cached_property
    def call(self) -> str:
        return self.call_with("")

    def call_with(self, prefix: str) -> str:
        """The call, its parameters named with a prefix."""
        return f"EXECUTE {self.name} ({', '.join(f'%({prefix}{parameter})s' for parameter in self.types)})"


def by_index_alone(*, ef_search: int, milliseconds: int) -> Settings:
    """The settings under which no table is read from end to end, and a statement is stopped after `milliseconds`."""
    return {
        "enable_seqscan": "off",
        "enable_mergejoin": "off",
        "enable_hashjoin": "off",
        "hnsw.ef_search": str(ef_search),
        "statement_timeout": str(milliseconds),
        **PLANNED_ONCE,
    }


def fetch(statement: Prepared, parameters: Mapping[str, Value], settings: Settings | None = None) -> list[Row]:
    """The rows of a statement under settings that end with it. Raises DatabaseError.

    Statements sent together are one transaction to PostgreSQL, so outside of one no round trips go to its beginning
    and end. Inside a caller's, a savepoint keeps a failure from it.
    """
    values = {name: _as_array(value) for name, value in parameters.items()}
    if settings is None:
        with connection.cursor() as cursor:
            _prepare(cursor, statement)
            cursor.execute(statement.call, values)
            return list(cursor.fetchall())
    if connection.in_atomic_block:
        with transaction.atomic(), connection.cursor() as cursor:
            before = _exchange(cursor, settings)
            _prepare(cursor, statement)
            cursor.execute(statement.call, values)
            rows = list(cursor.fetchall())
            _exchange(cursor, before)
            return rows
    set_all = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    with connection.cursor() as cursor:
        _prepare(cursor, statement)
        cursor.execute(f"SELECT {set_all}; {statement.call}", values)
        cursor.nextset()
        return list(cursor.fetchall())


def fetch_both(
    one: Prepared, of_one: Mapping[str, Value], other: Prepared, of_other: Mapping[str, Value]
) -> tuple[list[Row], list[Row]]:
    """The rows of two statements in one round trip, without settings. Raises DatabaseError."""
    values = {f"one_{name}": _as_array(value) for name, value in of_one.items()}
    values |= {f"other_{name}": _as_array(value) for name, value in of_other.items()}
    with connection.cursor() as cursor:
        _prepare(cursor, one)
        _prepare(cursor, other)
        cursor.execute(f"{one.call_with('one_')}; {other.call_with('other_')}", values)
        rows = list(cursor.fetchall())
        cursor.nextset()
        return rows, list(cursor.fetchall())


def _prepare(cursor: CursorWrapper, statement: Prepared) -> None:
    """Once a connection; a statement that is prepared stays so whatever becomes of the transaction."""
    known = _prepared.setdefault(connection.connection, set())
    if statement.name not in known:
        cursor.execute(statement.definition)
        known.add(statement.name)


def _as_array(value: Value) -> str | int | bool | list[str]:
    """Integers as PostgreSQL writes them: the driver would look for the smallest type of each."""
    if isinstance(value, str | int):
        return value
    if value and isinstance(value[0], str):
        return [str(item) for item in value]
    return "{" + ",".join(map(str, value)) + "}"


@contextlib.contextmanager
def limited(milliseconds: int) -> Iterator[CursorWrapper]:
    """A cursor under a savepoint and a time limit of its own, which ends with the transaction or here."""
    inside = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        before = _exchange(cursor, {"statement_timeout": str(milliseconds)})
        yield cursor
        if inside:
            _exchange(cursor, before)


def _exchange(cursor: CursorWrapper, wanted: Settings) -> dict[str, str]:
    """Set them for the transaction; what they were. OFFSET 0 keeps the planner from setting before it reads."""
    were = ", ".join("current_setting(%s, true)" for _ in wanted)
    now = ", ".join("set_config(%s, %s, true)" for _ in wanted)
    cursor.execute(
        f"SELECT was.*, {now} FROM (SELECT {were} OFFSET 0) was",  # noqa: S608 - placeholders alone
        [*(part for item in wanted.items() for part in item), *wanted],
    )
    were_set = zip(wanted, cursor.fetchone(), strict=False)  # the row goes on with what they are now
    return {name: value for name, value in were_set if value is not None}
