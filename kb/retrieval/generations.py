"""Begins a generation of the index beside the live one, switches to it, back, and drops it.

Which one is live is one row. It changes only while nobody writes an article, and only to a generation that holds
everything the live one holds, so nothing that is found goes missing by a switch.
"""

import logging
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from kb.errors import GenerationRefusedError
from kb.models import Generation, GenerationEntry, IndexedArticle, Passage, PassageVector, TermStatistic
from kb.retrieval.chunking import PASSAGE_PIECES
from kb.retrieval.embedder import DEFAULT_EMBEDDER, EmbedderUnavailable, get_embedder
from kb.retrieval.indexing import GENERATIONS_LOCK

log = logging.getLogger(__name__)

FEWEST_PIECES = 40
# Longer than any search: nobody reads the side that is dropped.
REST = timedelta(seconds=30)


def live_generation() -> Generation:
    return Generation.objects.get(is_live=True)


def generation_beside() -> Generation | None:
    """The one that does not answer: being built, ready, or the way back."""
    return Generation.objects.filter(is_live=False).first()


def _alone() -> None:
    """Until the transaction ends nobody writes an article, and nobody else changes what is live."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GENERATIONS_LOCK])


def begin_generation(name: str, *, embedder: str | None = None, pieces: int | None = None) -> Generation:
    """The generation of that name beside the live one, made if it is not there. Raises GenerationRefusedError.

    What is not said is as it stands, or as a new site begins.
    """
    with transaction.atomic():
        _alone()
        live, beside = live_generation(), generation_beside()
        if name == live.name:
            raise GenerationRefusedError(f"{name} is live; an index that is built beside it needs another name")
        if beside and beside.name != name:
            raise GenerationRefusedError(f"{beside.name} stands beside {live.name}; --drop {beside.name} makes room")
        if beside:
            if (embedder or beside.embedder, pieces or beside.passage_pieces) != (
                beside.embedder,
                beside.passage_pieces,
            ):
                raise GenerationRefusedError(f"{beside} was begun with other settings; they never change")
            _runs(beside.embedder)
            return beside
        embedder, pieces = embedder or DEFAULT_EMBEDDER, pieces or PASSAGE_PIECES
        _runs(embedder)
        if not FEWEST_PIECES <= pieces <= PASSAGE_PIECES:
            raise GenerationRefusedError(f"the embedder reads passages of {FEWEST_PIECES} to {PASSAGE_PIECES} pieces")
        return Generation.objects.create(name=name, embedder=embedder, passage_pieces=pieces, side=1 - live.side)


def _runs(embedder: str) -> None:
    try:
        get_embedder(embedder)
    except EmbedderUnavailable as error:
        raise GenerationRefusedError(str(error)) from None


def mark_built(generation: Generation) -> None:
    """From here on the sweep keeps it whole."""
    Generation.objects.filter(pk=generation.pk, built_at=None).update(built_at=timezone.now())


def switch_to(generation: Generation) -> None:
    """Let it answer, from the next search on. Raises GenerationRefusedError where it lacks what the live one holds.

    A search under way ends on the side that it began on, whose rows stay as they are.
    """
    with transaction.atomic():
        _alone()
        left = live_generation()
        lacking = lacking_articles(generation, left)
        if lacking:
            raise GenerationRefusedError(f"{generation.name} lacks {lacking} articles as {left.name} holds them")
        Generation.objects.filter(pk=left.pk).update(is_live=False, left_at=timezone.now())
        if not Generation.objects.filter(pk=generation.pk).update(is_live=True):
            raise GenerationRefusedError(f"{generation.name} has been dropped")
    log.info("generation_switched", extra={"generation": generation.name, "left": left.name})


def lacking_articles(generation: Generation, left: Generation) -> int:
    """How many articles it holds in other words than the manifest says, or without vectors where the other has some."""
    same = GenerationEntry.objects.filter(article_id=OuterRef("pk"), fingerprint=OuterRef("fingerprint"))
    by_meaning = GenerationEntry.objects.filter(article_id=OuterRef("pk")).exclude(embedder="")
    whole = Exists(same.filter(generation=generation))
    meant, was_meant = (Exists(by_meaning.filter(generation=each)) for each in (generation, left))
    return IndexedArticle.objects.filter(Q(~whole) | Q(was_meant & ~meant)).count()


def drop_generation(name: str) -> None:
    """Take it out with all its rows; the way back goes with it. Raises GenerationRefusedError."""
    with transaction.atomic():
        _alone()
        generation = Generation.objects.filter(name=name).first()
        if generation is None:
            raise GenerationRefusedError(f"there is no generation {name}")
        if generation.is_live:
            raise GenerationRefusedError(f"{name} is live")
        if generation.left_at and generation.left_at > timezone.now() - REST:
            raise GenerationRefusedError(f"{name} was live a moment ago and may still be read; try again in a minute")
        PassageVector.objects.filter(side=generation.side).delete()
        Passage.objects.filter(side=generation.side).delete()
        column = f"passages_{generation.side}"
        TermStatistic.objects.exclude(**{column: 0}).update(**{column: 0})
        generation.delete()
    log.info("generation_dropped", extra={"generation": name})
