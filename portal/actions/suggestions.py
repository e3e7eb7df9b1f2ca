"""What was shown beside a request form, carried in a signed token until the request is filed.

As-you-type suggestions write nothing: the token in the form grows with each answer and is believed only because it is
signed. Which articles were opened is the browser's word, so it counts only for articles that the token names.
"""

import logging
from collections.abc import Iterable, Sequence

from django.core import signing

from portal.actions.tickets import ShownArticle

log = logging.getLogger(__name__)

SALT = "portal.suggestions.shown"
MOST_REMEMBERED = 30
VALID_SECONDS = 7 * 24 * 3600


def sign_shown(article_ids: Sequence[int]) -> str:
    """Return the token for the articles shown so far; empty when there were none."""
    return signing.dumps(list(article_ids), salt=SALT) if article_ids else ""


def read_shown(token: str) -> tuple[int, ...]:
    """Return the article ids of a token in the order they were shown; none when it is not ours or too old."""
    if not token:
        return ()
    try:
        ids = signing.loads(token, salt=SALT, max_age=VALID_SECONDS)
    except signing.BadSignature:
        log.info("shown_token_refused")
        return ()
    return tuple(int(article_id) for article_id in ids)


def add_shown(token: str, article_ids: Iterable[int]) -> str:
    """Return the token for everything `token` names and `article_ids` besides, oldest first."""
    merged = dict.fromkeys((*read_shown(token), *article_ids))
    return sign_shown(list(merged)[:MOST_REMEMBERED])


def shown_articles(token: str, opened: str) -> list[ShownArticle]:
    """Return what was shown, marked with what was opened (`opened` is a comma-separated list from the browser)."""
    claimed = {part.strip() for part in opened.split(",")}
    return [
        ShownArticle(article_id=article_id, position=position, opened=str(article_id) in claimed)
        for position, article_id in enumerate(read_shown(token), start=1)
    ]
