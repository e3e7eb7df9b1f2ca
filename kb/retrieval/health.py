"""Whether search looks by meaning: what must be there for it, looked at now, and when it was missed. Reads, and mends.

Each finding says what is wrong and what to do. Nothing here is asked for by a search.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _
from pgvector.django import HnswIndex

from kb.models import Passage, PassageVector, SearchTrouble
from kb.models.retrieval import SIDES
from kb.retrieval.composing import has_vectors
from kb.retrieval.embedder import EmbedderUnavailable, embed_query
from kb.retrieval.live import LiveIndex, live_index
from kb.retrieval.trouble import SPELL, vector_index_is_there

REMEMBERED = timedelta(days=30)
MOST_SPELLS = 50


@dataclass(frozen=True)
class Finding:
    what: str
    to_do: str


@dataclass(frozen=True)
class Spell:
    """A time in which search answered by words alone."""

    reason: str
    why: str
    to_do: str
    began_at: datetime
    last_at: datetime
    times: int

    @property
    def is_going_on(self) -> bool:
        return self.last_at > timezone.now() - SPELL


@dataclass(frozen=True)
class Health:
    findings: tuple[Finding, ...]
    spells: tuple[Spell, ...]

    @property
    def going_on(self) -> tuple[Spell, ...]:
        return tuple(spell for spell in self.spells if spell.is_going_on)

    @property
    def is_well(self) -> bool:
        return not self.findings and not self.going_on


def check() -> Health:
    index = live_index()
    found = (_embedder(index), _vector_index(index), _vectors(index))
    return Health(tuple(finding for finding in found if finding), spells())


def spells() -> tuple[Spell, ...]:
    """The newest first."""
    since = timezone.now() - REMEMBERED
    kept = SearchTrouble.objects.filter(last_at__gt=since).order_by("-last_at")[:MOST_SPELLS]
    return tuple(
        Spell(row.reason, *meaning_of(row.reason), began_at=row.began_at, last_at=row.last_at, times=row.times)
        for row in kept
    )


def is_troubled() -> bool:
    """Whether search answers by words alone these minutes; one look-up by index."""
    return SearchTrouble.objects.filter(last_at__gt=timezone.now() - SPELL).exists()


def meaning_of(reason: str) -> tuple[str, str]:
    """A reason in words, and what to do about it."""
    known = {
        "embedder_missing": (_("The embedder could not be loaded."), _fetch_embedder()),
        "vector_index_missing": (_("The index of vectors is missing, and without it they take too long."), _rebuild()),
        "timed_out": (
            _("The vectors took too long."),
            _("See whether the database is busy, or a lock is held on kb_passagevector. It passes with them."),
        ),
        "vectors_failed": (
            _("The database refused the vectors, or could not read them."),
            _("“search_degraded” in the log names the error; “manage.py check_guard” lists missing grants."),
        ),
    }
    return known.get(reason, (reason, ""))


def _fetch_embedder() -> str:
    return _("Run “make setup”. Searches use it from then on; “manage.py reindex_articles” embeds what was missed.")


def _rebuild() -> str:
    return _(
        "Run “HANDRAIL_DB_ROLE=owner manage.py check_search --mend”: about half a minute for 100,000 passages,"
        " in which search goes on."
    )


def _embedder(index: LiveIndex) -> Finding | None:
    try:
        embed_query("health", embedder=index.embedder) if index.embedder else None
    except EmbedderUnavailable as error:
        return Finding(str(error), _fetch_embedder())
    return None


def missing_index(side: int) -> HnswIndex | None:
    """Of the side that answers; that of the other one comes and goes with what is built there."""
    return None if vector_index_is_there(side) else dict(zip(SIDES, PassageVector._meta.indexes, strict=True))[side]


def _vector_index(index: LiveIndex) -> Finding | None:
    missing = missing_index(index.side)
    if missing is None:
        return None
    return Finding(_("The index of vectors is missing: %(name)s.") % {"name": missing.name}, _rebuild())


def _vectors(index: LiveIndex) -> Finding | None:
    """Passages in a language that the embedder reads, without a vector."""
    without = Passage.objects.filter(side=index.side, vector=None)
    languages = without.values_list("article__language", flat=True)
    count = sum(has_vectors(language) for language in languages[:10_000])
    if not count:
        return None
    return Finding(
        _("%(count)d passages can be found by their words alone.") % {"count": count},
        _("Wait for the index if articles came just now, else run “manage.py reindex_articles”."),
    )


def mend() -> str:
    """Build the index of vectors if it is missing; for the owner of the tables. Its name, or ""."""
    missing = missing_index(live_index().side)
    if missing is None:
        return ""
    with connection.schema_editor() as editor:  # one that was left half built would stand in the way
        editor.execute(f"DROP INDEX IF EXISTS {editor.quote_name(missing.name)}")
        editor.add_index(PassageVector, missing)
    return missing.name
