"""The SQL of search, and the settings it runs under. Each statement says which parameters it takes, by name.

A question is answered in few statements, for each costs a round trip and its preparation. The planner takes comparing
arrays and sparse vectors for cheap and would read whole tables for it, so search runs by index alone; what it changes
for that ends with it, in a caller's transaction too.
"""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

Parameters = Mapping[str, str | int | bool | list[int] | list[str]]
Row = tuple[Any, ...]

# Parts of the index stand under constant conditions, so a side is written into a statement and is no parameter.
# Columns: side and embedder of the index that answers, then key, passages, titles; one row without a key if none is
# known. Parameters: keys, audiences.
_STATISTICS = (
    "SELECT made.side, made.embedder, known.key,"
    " sum(CASE made.side WHEN 0 THEN known.passages_0 ELSE known.passages_1 END)::int, sum(known.titles)::int"
    " FROM kb_generation made LEFT JOIN kb_termstatistic known"
    "   ON known.key = ANY(%(keys)s) AND known.audience = ANY(%(audiences)s)"
    " WHERE {which} GROUP BY 1, 2, 3"
)


def statistics(side: int | None) -> str:
    """The statement that says what answers (the live index, or the one on that side) and how common terms are there."""
    return _STATISTICS.format(which="made.is_live" if side is None else f"made.side = {side:d}")


# {side}; signatures, audiences
SIGNATURES = (
    "SELECT DISTINCT article_id, value FROM kb_passage, unnest(signatures) value WHERE side = {side:d}"
    " AND signatures && %(signatures)s::text[] AND value = ANY(%(signatures)s) AND audience = ANY(%(audiences)s)"
    " LIMIT 2000"
)

# Articles whose passages hold one of the rare terms, and articles whose titles do. OFFSET 0 keeps the planner from the
# index on audiences, which everything public passes.
_HELD = (
    "held AS MATERIALIZED ((SELECT article_id FROM (SELECT article_id, audience, weights FROM kb_passage"
    "     WHERE side = {side:d} AND terms {holds} %(rare)s::int[] OFFSET 0) holding WHERE audience = ANY(%(audiences)s)"
    "   ORDER BY weights <#> (SELECT weights FROM asked) LIMIT %(most_by_words)s)"
    " UNION (SELECT article_id FROM (SELECT article_id, audience, title_weights FROM kb_indexedarticle"
    "     WHERE title_terms && %(rare_in_titles)s::int[] OFFSET 0) titled WHERE audience = ANY(%(audiences)s)"
    "   ORDER BY title_weights <#> %(title_weights)s::sparsevec LIMIT %(most_by_titles)s)"
    " UNION SELECT unnest(%(signed)s::int[]))"
)
_NEAR = (
    "near AS MATERIALIZED (SELECT passage_id FROM kb_passagevector WHERE side = {side:d} AND is_public AND %(public)s"
    "   ORDER BY vector <=> (SELECT vector FROM asked) LIMIT %(most_by_vectors)s),"
    " private AS MATERIALIZED (SELECT p.article_id FROM kb_passage p JOIN kb_passagevector v ON v.passage_id = p.id"
    "   WHERE p.audience = ANY(%(audiences)s) AND p.audience <> 'public' AND p.side = {side:d}"
    "   AND %(restricted)s"
    "   ORDER BY v.vector <=> (SELECT vector FROM asked) LIMIT %(most_by_vectors)s)"
)
# The terms of the candidates' titles, and in how many of the reader's passages each stands.
_TITLES = (
    " UNION ALL SELECT NULL, entry.article_id, NULL, NULL, NULL, entry.title_terms, ARRAY("
    "   SELECT coalesce((SELECT sum(known.passages_{side:d}) FROM kb_termstatistic known"
    "     WHERE known.key = term.key AND known.audience = ANY(%(audiences)s)), 0)::int"
    "   FROM unnest(entry.title_terms) WITH ORDINALITY term (key, place) ORDER BY term.place)"
    " FROM found JOIN kb_indexedarticle entry ON entry.article_id = found.article_id"
)
# Every passage of the candidates with both scores, so that what one leg found does not lack the other leg's; then every
# candidate's title. Columns: passage, article, cosine, words, pairs; terms, frequencies.
_WITH_VECTORS = (
    "WITH asked AS MATERIALIZED (SELECT %(vector)s::halfvec AS vector, %(weights)s::sparsevec AS weights,"
    "   %(pairs)s::sparsevec AS pairs),"
    " {held}, {near},"
    " found AS MATERIALIZED (SELECT p.article_id FROM near JOIN kb_passage p ON p.id = near.passage_id"
    "   UNION SELECT article_id FROM private UNION SELECT article_id FROM held)"
    " SELECT p.id, p.article_id, 1 - (v.vector <=> (SELECT vector FROM asked)),"
    "   -(p.weights <#> (SELECT weights FROM asked)), -(p.weights <#> (SELECT pairs FROM asked)),"
    "   NULL::int[], NULL::int[]"
    " FROM found JOIN kb_passage p ON p.article_id = found.article_id AND p.side = {side:d}"
    " LEFT JOIN kb_passagevector v ON v.passage_id = p.id"
    " WHERE p.audience = ANY(%(audiences)s){titles}"
)
_WORDS_ALONE = (
    "WITH asked AS MATERIALIZED (SELECT %(weights)s::sparsevec AS weights, %(pairs)s::sparsevec AS pairs),"
    " {held}, found AS (SELECT article_id FROM held)"
    " SELECT p.id, p.article_id, NULL::float, -(p.weights <#> (SELECT weights FROM asked)),"
    "   -(p.weights <#> (SELECT pairs FROM asked)), NULL::int[], NULL::int[]"
    " FROM found JOIN kb_passage p ON p.article_id = found.article_id AND p.side = {side:d}"
    " WHERE p.audience = ANY(%(audiences)s){titles}"
)


def scored(*, side: int, with_vectors: bool, holding_all: bool) -> str:
    """The statement that finds and scores candidates; `holding_all`: only passages that hold each of the rare terms."""
    held = _HELD.format(holds="@>" if holding_all else "&&", side=side)
    near, titles = _NEAR.format(side=side), _TITLES.format(side=side)
    return (_WITH_VECTORS if with_vectors else _WORDS_ALONE).format(held=held, near=near, titles=titles, side=side)


# What a hit shows of the articles that this reader may see: `ArticleQuerySet.for_audiences` as one statement, for the
# ORM takes longer to write such a query than PostgreSQL to answer it. With each article comes that one of the passages
# which is its own, and of a source text only that passage's span. The first columns are those of SHOWN_FIELDS.
# articles, passages, audiences; {people} is the table of users
SHOWN_FIELDS = (
    *("page_ptr_id", "id", "title", "url_path", "owner_id", "live_revision_id", "author", "source_name"),
    *("source_path", "source_revision", "reviewed_on", "language", "audience"),
)
READABLE = (
    "SELECT a.page_ptr_id, p.id, p.title, p.url_path, p.owner_id, p.live_revision_id, a.author, a.source_name,"
    " a.source_path, a.source_revision, a.reviewed_on, a.language, a.audience,"
    " owner.email, owner.display_name, r.user_id, publisher.email, publisher.display_name,"
    ' q.id, q.source_text_id, s.revision_id, q.heading_path, q.anchor, q.start, q."end", q.terms,'
    ' substr(s.text, q.start + 1, q."end" - q.start)'
    " FROM wagtailcore_page p JOIN kb_articlepage a ON a.page_ptr_id = p.id"
    " LEFT JOIN wagtailcore_revision r ON r.id = p.live_revision_id"
    " LEFT JOIN {people} owner ON owner.id = p.owner_id LEFT JOIN {people} publisher ON publisher.id = r.user_id"
    " LEFT JOIN kb_passage q ON q.article_id = p.id AND q.id = ANY(%(passages)s)"
    " LEFT JOIN kb_sourcetext s ON s.id = q.source_text_id"
    " WHERE p.id = ANY(%(articles)s) AND p.live AND a.audience = ANY(%(audiences)s) AND NOT EXISTS ("
    "   SELECT 1 FROM wagtailcore_pageviewrestriction v JOIN wagtailcore_page closed ON closed.id = v.page_id"
    "   WHERE starts_with(p.path, closed.path))"
)


def by_index_alone(*, ef_search: int, milliseconds: int) -> dict[str, str]:
    """The settings under which no table is read from end to end, and a statement is stopped after `milliseconds`."""
    return {
        "enable_seqscan": "off",
        "hnsw.ef_search": str(ef_search),
        "statement_timeout": str(milliseconds),
        **AS_WRITTEN,
    }


# Tables are joined in the order in which a statement names them: to look for a better one takes longer than to answer.
AS_WRITTEN = {"join_collapse_limit": "1"}


def fetch(statement: str, parameters: Parameters, settings: Mapping[str, str]) -> list[Row]:
    """The rows of a statement under settings that end with it.

    Statements sent together are one transaction to PostgreSQL, so outside of one no round trips go to its beginning
    and end. Inside a caller's, a savepoint keeps a failure from it.
    """
    if connection.in_atomic_block:
        with transaction.atomic(), connection.cursor() as cursor:
            before = _exchange(cursor, settings)
            cursor.execute(statement, parameters)
            rows = list(cursor.fetchall())
            _exchange(cursor, before)
            return rows
    set_all = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {set_all}; {statement}", parameters)
        cursor.nextset()
        return list(cursor.fetchall())


@contextlib.contextmanager
def limited(milliseconds: int) -> Iterator[CursorWrapper]:
    """A cursor under a savepoint and a time limit of its own, which ends with the transaction or here."""
    inside = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        before = _exchange(cursor, {"statement_timeout": str(milliseconds)})
        yield cursor
        if inside:
            _exchange(cursor, before)


def _exchange(cursor: CursorWrapper, wanted: Mapping[str, str]) -> dict[str, str]:
    """Set them for the transaction; what they were. OFFSET 0 keeps the planner from setting before it reads."""
    were = ", ".join("current_setting(%s, true)" for _ in wanted)
    now = ", ".join("set_config(%s, %s, true)" for _ in wanted)
    cursor.execute(
        f"SELECT was.*, {now} FROM (SELECT {were} OFFSET 0) was",  # noqa: S608 - placeholders alone
        [*(part for item in wanted.items() for part in item), *wanted],
    )
    were_set = zip(wanted, cursor.fetchone(), strict=False)  # the row goes on with what they are now
    return {name: value for name, value in were_set if value is not None}
