"""The SQL of search. A question is answered in few statements, for each costs a round trip.

Each is planned once a connection (`kb.retrieval.prepared`), so how many candidates it takes stands in its text.
"""

from functools import cache
from typing import Any

from django.contrib.auth import get_user_model

from kb.retrieval.prepared import Prepared

VECTOR_CANDIDATES = 20
WORD_CANDIDATES = 20
TITLE_CANDIDATES = 8
COMMON_ROWS = 1_500

# Parts of the index stand under constant conditions, so a side is written into a statement and is no parameter.


@cache
def statistics(side: int | None) -> Prepared:
    """What answers (the live index, or the one on that side), and how common terms are there.

    Columns: side and embedder, then key, passages, titles; one row without a key if none is known.
    """
    which = "made.is_live" if side is None else f"made.side = {side:d}"
    return Prepared(
        f"kb_statistics_{'live' if side is None else side}",
        {"keys": "int[]", "audiences": "text[]"},
        "SELECT made.side, made.embedder, known.key,"
        " sum(CASE made.side WHEN 0 THEN known.passages_0 ELSE known.passages_1 END)::int, sum(known.titles)::int"
        " FROM kb_generation made LEFT JOIN kb_termstatistic known"
        "   ON known.key = ANY(%(keys)s) AND known.audience = ANY(%(audiences)s)"
        f" WHERE {which} GROUP BY 1, 2, 3",
    )


@cache
def signatures(side: int) -> Prepared:
    """Articles that hold one of these error signatures, and which."""
    return Prepared(
        f"kb_signatures_{side:d}",
        {"signatures": "text[]", "audiences": "text[]"},
        f"SELECT DISTINCT article_id, value FROM kb_passage, unnest(signatures) value WHERE side = {side:d}"
        " AND signatures && %(signatures)s AND value = ANY(%(signatures)s) AND audience = ANY(%(audiences)s)"
        " LIMIT 2000",
    )


@cache
def held(side: int, *, all_of_them: bool) -> Prepared:
    """Articles whose passages hold one of the rare terms, or all of them, and articles whose titles do.

    Of common terms any rows that hold all of them do, and no more than a search may read. LIMIT and OFFSET 0 keep the
    planner from the index on audiences, which everything public passes.
    """
    holds, rows = ("@>", f"LIMIT {COMMON_ROWS}") if all_of_them else ("&&", "OFFSET 0")
    return Prepared(
        f"kb_held_{'all' if all_of_them else 'any'}_{side:d}",
        {
            "weights": "sparsevec",
            "title_weights": "sparsevec",
            "rare": "int[]",
            "rare_in_titles": "int[]",
            "audiences": "text[]",
        },
        "(SELECT article_id FROM (SELECT article_id, audience, weights FROM kb_passage"
        f"     WHERE side = {side:d} AND terms {holds} %(rare)s {rows}) holding WHERE audience = ANY(%(audiences)s)"
        f"   ORDER BY weights <#> %(weights)s LIMIT {WORD_CANDIDATES})"
        " UNION (SELECT article_id FROM (SELECT article_id, audience, title_weights FROM kb_indexedarticle"
        "     WHERE title_terms && %(rare_in_titles)s OFFSET 0) titled WHERE audience = ANY(%(audiences)s)"
        f"   ORDER BY title_weights <#> %(title_weights)s LIMIT {TITLE_CANDIDATES})",
    )


# Of the candidates' titles that share a term with the question, the terms; then of each term, in how many of the
# reader's passages it stands: one look for all of them takes half the time of one for each.
_SPELLED = (
    ", spelled AS MATERIALIZED (SELECT entry.article_id, entry.title_terms"
    " FROM found CROSS JOIN LATERAL (SELECT indexed.article_id, indexed.title_terms FROM kb_indexedarticle indexed"
    "   WHERE indexed.article_id = found.article_id OFFSET 0) entry WHERE entry.title_terms && %(asked)s)"
)
_TITLES = (
    " UNION ALL SELECT NULL, article_id, NULL, NULL, NULL, title_terms FROM spelled"
    " UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, ARRAY[known.key, sum(known.passages_{side:d})::int]"
    "   FROM kb_termstatistic known WHERE known.audience = ANY(%(audiences)s)"
    "   AND known.key = ANY(ARRAY(SELECT DISTINCT unnest(title_terms) FROM spelled)) GROUP BY known.key"
)


@cache
def by_meaning(side: int) -> Prepared:
    """Every passage of the candidates with both scores, so that what one leg found does not lack the other leg's.

    Then titles and how common their terms are. Columns: passage, article, cosine, words, pairs; terms, or a term and
    its passages.
    """
    return Prepared(
        f"kb_by_meaning_{side:d}",
        {
            "vector": "halfvec",
            "weights": "sparsevec",
            "pairs": "sparsevec",
            "asked": "int[]",
            "held": "int[]",
            "audiences": "text[]",
            "public": "boolean",
            "restricted": "boolean",
        },
        "WITH asked AS MATERIALIZED (SELECT %(vector)s AS vector, %(weights)s AS weights, %(pairs)s AS pairs),"
        f" near AS MATERIALIZED (SELECT passage_id FROM kb_passagevector WHERE side = {side:d} AND is_public"
        f"   AND %(public)s ORDER BY vector <=> (SELECT vector FROM asked) LIMIT {VECTOR_CANDIDATES}),"
        " private AS MATERIALIZED (SELECT p.article_id FROM kb_passage p JOIN kb_passagevector v ON v.passage_id = p.id"
        f"   WHERE p.audience = ANY(%(audiences)s) AND p.audience <> 'public' AND p.side = {side:d} AND %(restricted)s"
        f"   ORDER BY v.vector <=> (SELECT vector FROM asked) LIMIT {VECTOR_CANDIDATES}),"
        " found AS MATERIALIZED (SELECT p.article_id FROM near JOIN kb_passage p ON p.id = near.passage_id"
        "   UNION SELECT article_id FROM private UNION SELECT unnest(%(held)s))"
        f"{_SPELLED}"
        " SELECT p.id, p.article_id, 1 - (v.vector <=> (SELECT vector FROM asked)),"
        "   -(p.weights <#> (SELECT weights FROM asked)), -(p.weights <#> (SELECT pairs FROM asked)),"
        "   NULL::int[]"
        f" FROM found JOIN kb_passage p ON p.article_id = found.article_id AND p.side = {side:d}"
        " LEFT JOIN kb_passagevector v ON v.passage_id = p.id"
        f" WHERE p.audience = ANY(%(audiences)s){_TITLES.format(side=side)}",
    )


@cache
def by_words_alone(side: int) -> Prepared:
    """The same without vectors."""
    return Prepared(
        f"kb_by_words_alone_{side:d}",
        {"weights": "sparsevec", "pairs": "sparsevec", "asked": "int[]", "held": "int[]", "audiences": "text[]"},
        "WITH found AS MATERIALIZED (SELECT unnest(%(held)s) AS article_id)"
        f"{_SPELLED}"
        " SELECT p.id, p.article_id, NULL::float, -(p.weights <#> %(weights)s), -(p.weights <#> %(pairs)s),"
        "   NULL::int[]"
        f" FROM found JOIN kb_passage p ON p.article_id = found.article_id AND p.side = {side:d}"
        f" WHERE p.audience = ANY(%(audiences)s){_TITLES.format(side=side)}",
    )


# What editors decided about phrases, kind 0 a synonym and 1 a pin.
CURATED = Prepared(
    "kb_curated",
    {"phrases": "text[]"},
    "SELECT 0, phrase_key, meaning, 0, id FROM kb_synonym WHERE phrase_key = ANY(%(phrases)s) AND is_used"
    " UNION ALL SELECT 1, phrase_key, '', article_id, id FROM kb_pin WHERE phrase_key = ANY(%(phrases)s) AND is_used"
    " ORDER BY 1, 5",
)


@cache
def readable() -> Prepared:
    """What a hit shows of the articles that this reader may see: `ArticleQuerySet.for_audiences` as one statement.

    The ORM takes longer to write such a query than PostgreSQL to answer it. With each article comes that one of the
    passages which is its own, and of a source text only that passage's span.
    """
    people: Any = get_user_model()  # the swappable one
    table = people._meta.db_table
    return Prepared(
        "kb_readable",
        {"articles": "int[]", "passages": "int[]", "audiences": "text[]"},
        "SELECT p.id, p.title, p.url_path, coalesce(nullif(a.author, ''), a.source_name),"
        " a.source_path <> '' AND p.live_revision_id IS NOT NULL"
        "   AND p.live_revision_id IS DISTINCT FROM a.source_revision,"
        " owner.email, owner.display_name, publisher.email, publisher.display_name,"
        " a.reviewed_on, a.language, a.audience, a.product, a.versions,"
        ' q.id, q.source_text_id, s.revision_id, q.heading_path, q.anchor, q.start, q."end", q.terms,'
        ' substr(s.text, q.start + 1, q."end" - q.start)'
        " FROM wagtailcore_page p JOIN kb_articlepage a ON a.page_ptr_id = p.id"
        " LEFT JOIN wagtailcore_revision r ON r.id = p.live_revision_id"
        f" LEFT JOIN {table} owner ON owner.id = p.owner_id LEFT JOIN {table} publisher ON publisher.id = r.user_id"
        " LEFT JOIN kb_passage q ON q.article_id = p.id AND q.id = ANY(%(passages)s)"
        " LEFT JOIN kb_sourcetext s ON s.id = q.source_text_id"
        " WHERE p.id = ANY(%(articles)s) AND p.live AND a.audience = ANY(%(audiences)s) AND NOT EXISTS ("
        "   SELECT 1 FROM wagtailcore_pageviewrestriction v JOIN wagtailcore_page closed ON closed.id = v.page_id"
        "   WHERE starts_with(p.path, closed.path))",
    )
