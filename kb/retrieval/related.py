"""Articles near to one in meaning. Silent where nothing is close or the index has no vectors.

The index only proposes: `ArticlePage.related` asks the articles who may see them, as search does.
"""

import logging

from django.db import DatabaseError

from kb.retrieval.live import live_index
from kb.retrieval.prepared import limited

log = logging.getLogger(__name__)

MOST = 8
# Mean cosine to the article's own middle; set by looking at what it left in and out of the demo and a large manual.
CLOSE = 0.62
CANDIDATES = 24
MILLISECONDS = 250

# The middle of the article's passages, the passages nearest to it that this reader may see, and their articles.
# {side}; parameters: article, public?, article, limit; restricted audiences, article, limit; least cosine, limit.
_NEAR = (
    "WITH middle AS MATERIALIZED (SELECT avg(v.vector)::halfvec(384) AS vector FROM kb_passagevector v"
    "   JOIN kb_passage p ON p.id = v.passage_id WHERE p.article_id = %s AND p.side = {side:d}),"
    " near AS MATERIALIZED (SELECT v.passage_id, v.vector <=> (SELECT vector FROM middle) AS distance"
    "   FROM kb_passagevector v WHERE v.side = {side:d} AND v.is_public AND %s"
    "   ORDER BY v.vector <=> (SELECT vector FROM middle) LIMIT %s),"
    " private AS MATERIALIZED (SELECT v.passage_id, v.vector <=> (SELECT vector FROM middle) AS distance"
    "   FROM kb_passage p JOIN kb_passagevector v ON v.passage_id = p.id"
    "   WHERE p.audience = ANY(%s) AND p.audience <> 'public' AND p.side = {side:d} ORDER BY 2 LIMIT %s)"
    " SELECT p.article_id FROM (SELECT * FROM near UNION ALL SELECT * FROM private) found"
    " JOIN kb_passage p ON p.id = found.passage_id WHERE p.article_id <> %s"
    " GROUP BY p.article_id HAVING min(found.distance) <= %s ORDER BY min(found.distance), p.article_id LIMIT %s"
)


def nearest_articles(article_id: int, *, audiences: frozenset[str]) -> list[int]:
    """Candidates, the closest first; some more than are shown, for some may be refused."""
    restricted = sorted(audiences - {"public"})
    parameters: list[bool | int | float | list[str]] = [
        article_id,
        "public" in audiences,
        CANDIDATES,
        restricted,
        CANDIDATES,
        article_id,
        1 - CLOSE,
        MOST,
    ]
    try:
        with limited(MILLISECONDS) as cursor:
            cursor.execute(_NEAR.format(side=live_index().side), parameters)
            return [int(row[0]) for row in cursor.fetchall()]
    except DatabaseError as error:
        log.warning("related_articles_unavailable", extra={"error": type(error).__name__})
        return []  # beside the article: nobody waits for it, or misses the article for it
