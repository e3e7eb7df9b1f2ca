"""Which error signatures published articles name. A read of its own: nothing of an article but that it names them."""

from collections import Counter
from collections.abc import Collection

from kb.models import Generation, Passage

_MOST = 2_000


def articles_naming(signatures: Collection[str]) -> Counter[str]:
    """Return how many published articles name each of the signatures ("code:ORA-00942"); absent where none does."""
    if not signatures:
        return Counter()
    live = Generation.objects.get(is_live=True)
    rows = Passage.objects.filter(side=live.side, signatures__overlap=list(signatures), article__live=True)
    wanted = set(signatures)
    named = {(article, one) for article, held in rows.values_list("article_id", "signatures")[:_MOST] for one in held}
    return Counter(one for _article, one in named if one in wanted)
