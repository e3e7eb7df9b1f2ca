"""Keeps what a reply cites: beside the words while they are written, with the message once it is released.

Invariant: a released reply cites only what its words still carry, the passage itself or the address of its source.
"""

from collections.abc import Iterable

from django.db import transaction

from agents.actions.compositions import add_words
from agents.errors import PassageGoneError
from agents.models import Citation, CitedPassage, CompositionCitation
from agents.passages import citable_passage
from portal import audit
from portal.models import Message, Ticket, User


def cite_passage(*, actor: User, ticket: Ticket, passage_id: int, append: bool = True) -> str:
    """Note that the rep's reply cites a passage and return its words with their source.

    `append`: put them below what stands in the editor; else the caller's page puts them where the cursor is.
    """
    found = citable_passage(ticket, passage_id)
    if found is None:
        raise PassageGoneError
    passage, words = found.passage, found.words(ticket.language)
    with transaction.atomic():
        kept = add_words(actor=actor, ticket=ticket, words=words if append else "")
        CompositionCitation.objects.get_or_create(
            composition=kept,
            source_text=passage.source_text,
            start=passage.start,
            end=passage.end,
            defaults={
                "heading": found.heading[:500],
                "quote": found.quote,
                "digest": passage.source_text.digest,
                "address": found.address[:1000],
            },
        )
        audit.record("passage.cited", actor=actor, target=passage.source_text, ticket_id=ticket.pk)
    return words


def record_citations(*, author: User, ticket: Ticket, message: Message, words: str) -> list[Citation]:
    """Store with a released message which of the kept passages its words carry. In the caller's transaction."""
    kept = CompositionCitation.objects.filter(composition__ticket=ticket, composition__author=author)
    carried = [(citation, is_verbatim(citation, words)) for citation in kept if is_carried(citation, words)]
    return Citation.objects.bulk_create(
        [Citation(message=message, verbatim=verbatim, **citation.copied()) for citation, verbatim in carried]
    )


def carried_by(words: str, citations: Iterable[CompositionCitation]) -> list[CompositionCitation]:
    """Those of the citations that the words carry."""
    return [citation for citation in citations if is_carried(citation, words)]


def is_carried(citation: CitedPassage, words: str) -> bool:
    return citation.address in words or is_verbatim(citation, words)


def is_verbatim(citation: CitedPassage, words: str) -> bool:
    """Whether the passage stands in the words, however its lines were broken."""
    return " ".join(citation.quote.split()) in " ".join(words.split())
