"""The SQL of search, and the settings it runs under. Every statement names its parameters in the order it takes them.

The planner takes comparing arrays and sparse vectors for cheap and would read whole tables for it, so search runs by
index alone; what it changes for that ends with it, in a caller's transaction too.
"""

import contextlib
from collections.abc import Iterator, Mapping

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

# Articles whose passages hold one of the rare terms, and articles whose titles do.
# Parameters: terms, audiences, weights, limit; title terms, audiences, title weights, limit.
_HOLDING = (
    "(SELECT article_id FROM kb_passage WHERE terms {holds} %s::int[] AND audience = ANY(%s)"
    " ORDER BY weights <#> %s::sparsevec LIMIT %s)"
    " UNION (SELECT article_id FROM kb_indexedarticle WHERE title_terms && %s::int[] AND audience = ANY(%s)"
    " ORDER BY title_weights <#> %s::sparsevec LIMIT %s)"
)
HOLDING_ANY = _HOLDING.format(holds="&&")
HOLDING_ALL = _HOLDING.format(holds="@>")

# Every passage of the candidates with both scores, so that what one leg found does not lack the other leg's.
# Parameters: public?, vector, limit; restricted audiences, vector, limit;
# candidates, vector, weights, generation, audiences.
WITH_VECTORS = (
    "WITH near AS MATERIALIZED (SELECT passage_id FROM kb_passagevector WHERE is_live AND is_public AND %s"
    "   ORDER BY vector <=> %s::halfvec LIMIT %s),"
    " private AS MATERIALIZED (SELECT p.article_id FROM kb_passage p JOIN kb_passagevector v ON v.passage_id = p.id"
    "   WHERE p.audience = ANY(%s) AND p.audience <> 'public' AND v.is_live"
    "   ORDER BY v.vector <=> %s::halfvec LIMIT %s),"
    " found AS (SELECT p.article_id FROM near JOIN kb_passage p ON p.id = near.passage_id"
    "   UNION SELECT article_id FROM private UNION SELECT unnest(%s::int[]))"
    " SELECT p.id, p.article_id, 1 - (v.vector <=> %s::halfvec), -(p.weights <#> %s::sparsevec)"
    " FROM found JOIN kb_passage p ON p.article_id = found.article_id"
    " LEFT JOIN kb_passagevector v ON v.passage_id = p.id AND v.is_live AND v.generation = %s"
    " WHERE p.audience = ANY(%s)"
)

# Parameters: weights, candidates, audiences.
WORDS_ALONE = (
    "SELECT id, article_id, -(weights <#> %s::sparsevec) FROM kb_passage"
    " WHERE article_id = ANY(%s) AND audience = ANY(%s)"
)

# Parameters: keys.
STATISTICS = "SELECT key, passages, titles FROM kb_termstatistic WHERE key = ANY(%s)"

# Parameters: articles.
TITLES = (
    "SELECT entry.article_id, term.key, coalesce(known.passages, 0)"
    " FROM kb_indexedarticle entry CROSS JOIN LATERAL unnest(entry.title_terms) AS term (key)"
    " LEFT JOIN kb_termstatistic known ON known.key = term.key WHERE entry.article_id = ANY(%s)"
)

# Parameters: signatures twice, audiences.
SIGNATURES = (
    "SELECT DISTINCT article_id, value FROM kb_passage, unnest(signatures) value"
    " WHERE signatures && %s::text[] AND value = ANY(%s) AND audience = ANY(%s) LIMIT 2000"
)

# Parameters: passages. Of a source text only the passage's own span.
QUOTED = (
    'SELECT p.id, p.source_text_id, s.revision_id, p.heading_path, p.anchor, p.start, p."end", p.terms,'
    ' substr(s.text, p.start + 1, p."end" - p.start)'
    " FROM kb_passage p JOIN kb_sourcetext s ON s.id = p.source_text_id WHERE p.id = ANY(%s)"
)


# What a hit shows of the articles that this reader may see: `ArticleQuerySet.for_audiences` as one statement, for the
# ORM asks for the restrictions first and takes longer to write the query than PostgreSQL to answer it.
# Parameters: articles, audiences.
READABLE = (
    "SELECT a.page_ptr_id, p.id, p.title, p.url_path, p.owner_id, p.live_revision_id, r.user_id AS publisher_id,"
    " a.author, a.source_name, a.source_path, a.source_revision, a.reviewed_on, a.language, a.audience"
    " FROM wagtailcore_page p JOIN kb_articlepage a ON a.page_ptr_id = p.id"
    " LEFT JOIN wagtailcore_revision r ON r.id = p.live_revision_id"
    " WHERE p.id = ANY(%s) AND p.live AND a.audience = ANY(%s) AND NOT EXISTS ("
    "   SELECT 1 FROM wagtailcore_pageviewrestriction v JOIN wagtailcore_page closed ON closed.id = v.page_id"
    "   WHERE starts_with(p.path, closed.path))"
)


@contextlib.contextmanager
def by_index_alone(*, ef_search: int, milliseconds: int) -> Iterator[None]:
    """One transaction (or savepoint of the caller's) in which no table is read from end to end.

    A statement that takes longer than `milliseconds` is stopped, and the transaction with it.
    """
    inside = connection.in_atomic_block
    wanted = {"enable_seqscan": "off", "statement_timeout": str(milliseconds), "hnsw.ef_search": str(ef_search)}
    with transaction.atomic(), connection.cursor() as cursor:
        before = _exchange(cursor, wanted)
        yield
        if inside:
            _exchange(cursor, before)


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
