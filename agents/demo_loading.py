"""Fills an empty site with the demo: people, articles, and six weeks of requests with everything that became of them.

Loading what is there already changes nothing. What needs another role (the index, triage, mail) runs as that role, on a
machine that holds its password, or is left to that role's own process.
"""

import contextlib
from collections.abc import Iterator
from datetime import timedelta

from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from agents import demo_dates, demo_macros
from agents.demo import is_empty
from agents.demo_dates import Tick
from agents.demo_replay import Replay
from agents.demo_script import DemoRequest, read_requests
from kb import demo as articles
from portal import database
from portal import demo as people
from portal.environment import read_secret
from portal.firstresponse import measure_first_responses
from portal.models import OutboxEntry, User
from portal.permissions import organisation_audience
from triage.running import prepare, run_triage

# When the fictional vendor's customers came, told from the first request.
EARLIER = timedelta(days=14)


def load() -> people.Cast:
    """Load the whole demo; what is there already stays as it is."""
    was_empty, began = is_empty(), timezone.now()
    requests = read_requests(began)
    articles.ensure_editors()
    articles.ensure_lead_editors()
    cast = people.load()
    guests = people.load_guests()
    demo_macros.load(lead=cast.lead)
    ticks = [Tick(began, requests[0].moment - EARLIER), Tick(timezone.now(), timezone.now())]
    articles.load(actor=cast.editor, organisation_audience=organisation_audience(cast.clinic.pk), owners=cast.writers)
    thinks = _index()
    ticks += _replay(requests, {**cast.people, **guests}, thinks=thinks)
    _keep_old_mail(requests)
    if was_empty:
        demo_dates.shift(ticks)
    with _as_role("worker") as is_possible:
        if is_possible:
            measure_first_responses()
    return cast


def _index() -> bool:
    """Index the articles here and now, so that triage finds them; False where that is another machine's work."""
    with _as_role("worker") as is_possible:
        if is_possible:
            call_command("reindex_articles")
            prepare()
    return is_possible


def _replay(requests: list[DemoRequest], actors: dict[str, User], *, thinks: bool) -> list[Tick]:
    replay = Replay(actors, think=_think if thinks else None)
    replay.run(requests)
    return replay.ticks


def _think(message_ids: list[int], replay: Replay) -> None:
    """Triage messages as the worker does, when the people of the demo would have seen its drafts."""
    with _as_role("worker"):
        for message_id in message_ids:
            replay.tick_for_reading(message_id)
            run_triage(message_id, task_id="demo")


def _keep_old_mail(requests: list[DemoRequest]) -> None:
    """Nobody is mailed today about what happened weeks ago: only the receipts of open requests leave, as on any day."""
    over = [request.filing_key for request in requests if request.events]
    with _as_role("mailer") as is_possible:
        if is_possible:
            queued = OutboxEntry.objects.filter(state=OutboxEntry.State.QUEUED)
            past = queued.filter(message__isnull=False) | queued.filter(ticket__filing_key__in=over)
            past.update(state=OutboxEntry.State.HELD, failure="demo_past")


@contextlib.contextmanager
def _as_role(role: str) -> Iterator[bool]:
    """Work as another of Handrail's roles where its password is on this machine; yields whether it is."""
    name = str(connection.settings_dict["NAME"])
    if not read_secret(f"db_handrail_{role}"):
        yield False
        return
    with database.using(role=role, database=name):
        yield True
