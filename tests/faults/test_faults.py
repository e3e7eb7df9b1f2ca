"""Real processes are stopped and killed under a running site. Filing goes on, and nothing that was filed is lost."""

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from agents.processes import free_port
from portal import embedded
from tests.faults.conftest import Visitor, file_request, number_of
from tests.running import RunningSite, copy_site, prepared_site, wait_until
from triage.models.runs import STALE_AFTER

pytestmark = pytest.mark.faults

LOCKED = "HF-2104: vault is locked by another session"
KNOWN_ERROR = "the backup stops because the vault is locked"
# The sweep's period and grace, and a worker's start on a busy machine.
SWEEP_SECONDS = 90
# A run whose process died in the middle of it, with nobody left to hand its task out again, is lost after this.
LOST_SECONDS = STALE_AFTER.total_seconds()


@contextlib.contextmanager
def nobody_restarts(site: RunningSite) -> Iterator[embedded.Places]:
    """Hold the lock under which engines are started, so that a test decides when they come back."""
    places = embedded.places(site.data)
    with places.start_lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield places


def runs(site: RunningSite, number: int) -> list[tuple[object, ...]]:
    return site.rows("SELECT state, attempts FROM triage_run WHERE ticket_id = %s", number)


def customer_asks(site: RunningSite, subject: str, text: str) -> int:
    """File as a customer of a known account, whose requests are drafted for."""
    customer = Visitor(site)
    sign_in(customer, "customer")
    form = customer.form()
    return number_of(customer.ask(form, subject, text))


def sign_in(visitor: Visitor, role: str) -> None:
    """By the form."""
    visitor.get("/accounts/login/")
    token = visitor.form()["csrfmiddlewaretoken"]
    login, password = visitor.site.logins[role]
    answer = visitor.post("/accounts/login/", csrfmiddlewaretoken=token, login=login, password=password)
    assert answer.status == 200
    assert "/accounts/login/" not in answer.url


def test_filing_works_without_redis_and_triage_catches_up(running_site: RunningSite) -> None:
    with nobody_restarts(running_site) as places:
        redis = embedded.RedisServer(places)
        redis.kill()
        wait_until(lambda: not redis.is_running(), describe="Redis is gone")
        begun = time.monotonic()
        number = file_request(running_site, "Filed without Redis")
        assert time.monotonic() - begun < 10
        visitor = Visitor(running_site)
        assert KNOWN_ERROR in visitor.suggestions(visitor.form(), LOCKED).text
        assert runs(running_site, number) == []
    wait_until(redis.is_running, describe="the supervisor starts Redis again")
    wait_until(
        lambda: runs(running_site, number) == [("done", 1)], seconds=SWEEP_SECONDS, describe="the sweep finds it"
    )


def test_filing_works_while_search_raises(running_site: RunningSite) -> None:
    visitor = Visitor(running_site)
    form = visitor.form()
    assert KNOWN_ERROR in visitor.suggestions(form, LOCKED).text
    with running_site.connect("owner") as owner:
        owner.execute("ALTER TABLE kb_passage RENAME TO kb_passage_gone")
        try:
            silent = visitor.suggestions(form, LOCKED)
            without_scripts = visitor.ask(form, "Search is broken", LOCKED, action="suggest")
            number = number_of(visitor.ask(form, "Search is broken", LOCKED))
        finally:
            owner.execute("ALTER TABLE kb_passage_gone RENAME TO kb_passage")
    assert (silent.status, without_scripts.status) == (200, 200)
    assert KNOWN_ERROR not in silent.text + without_scripts.text
    assert LOCKED in without_scripts.text
    assert running_site.value("SELECT subject FROM portal_ticket WHERE id = %s", number) == "Search is broken"


def test_filing_waits_for_no_search_that_hangs(running_site: RunningSite) -> None:
    visitor = Visitor(running_site)
    form = visitor.form()
    with running_site.connect("owner") as owner, ThreadPoolExecutor() as pool, owner.transaction():
        owner.execute("LOCK TABLE kb_passage IN ACCESS EXCLUSIVE MODE")
        hanging = pool.submit(visitor.suggestions, form, LOCKED)
        begun = time.monotonic()
        file_request(running_site, "Search hangs", LOCKED)
        filed = time.monotonic() - begun
        assert not hanging.done()
        silent = hanging.result(60)  # until the statement's time-out
    assert silent.status == 200
    assert KNOWN_ERROR not in silent.text
    assert filed < 10


def test_a_restart_of_postgresql_loses_nothing(running_site: RunningSite) -> None:
    before = file_request(running_site, "Before the restart")
    with nobody_restarts(running_site) as places:
        postgres = embedded.PostgresServer(places)
        postgres.stop()
        assert running_site.status("/healthz") == 503
        assert running_site.status("/requests/new/") >= 500
        postgres.start()
    after = file_request(running_site, "After the restart")
    assert running_site.status("/healthz") == 200
    for number in (before, after):
        done = wait_until(lambda number=number: runs(running_site, number), seconds=SWEEP_SECONDS)  # type: ignore[misc]
        assert len(done) == 1
    subjects = running_site.rows("SELECT subject FROM portal_ticket WHERE id IN (%s, %s) ORDER BY id", before, after)
    assert subjects == [("Before the restart",), ("After the restart",)]


def test_an_engine_that_dies_is_started_again(running_site: RunningSite) -> None:
    server = running_site.data / "postgres" / "cluster" / "postmaster.pid"
    if not server.exists():
        server = embedded.PostgresServer(embedded.places(running_site.data)).cluster / "postmaster.pid"
    os.kill(int(server.read_text().split()[0]), signal.SIGKILL)
    wait_until(lambda: running_site.status("/healthz") == 503, describe="the site says so")
    wait_until(lambda: running_site.status("/healthz") == 200, seconds=60, describe="PostgreSQL is up again")
    file_request(running_site, "After the crash of PostgreSQL")


def test_a_worker_killed_in_the_middle_of_a_triage(running_site: RunningSite) -> None:
    with running_site.connect("owner") as owner, owner.transaction():
        owner.execute("LOCK TABLE triage_draft IN ACCESS EXCLUSIVE MODE")  # the worker reads, thinks, and cannot store
        number = customer_asks(running_site, "The till is locked out of its vault", f"Every night: {LOCKED}. What now?")
        wait_until(
            lambda: runs(running_site, number) == [("running", 1)], seconds=SWEEP_SECONDS, describe="the run began"
        )
        victims = running_site.children("worker@")
        assert victims
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    with running_site.connect("worker") as worker:  # its time limit is over, which would take minutes
        worker.execute(
            "UPDATE triage_run SET started_at = started_at - interval '10 minutes' WHERE ticket_id = %s", [number]
        )
    wait_until(lambda: runs(running_site, number) == [("done", 2)], seconds=SWEEP_SECONDS, describe="it is done later")
    time.sleep(1)
    assert runs(running_site, number) == [("done", 2)]
    assert running_site.value("SELECT count(*) FROM triage_draft WHERE ticket_id = %s", number) == 1


def test_pressing_twice_files_once(running_site: RunningSite) -> None:
    visitor = Visitor(running_site)
    form = visitor.form()
    with ThreadPoolExecutor() as pool:
        presses = [pool.submit(visitor.ask, form, "Pressed twice") for _ in range(2)]
        numbers = {number_of(press.result()) for press in presses}
    numbers.add(number_of(visitor.ask(form, "Pressed twice")))
    assert len(numbers) == 1
    assert running_site.value("SELECT count(*) FROM portal_ticket WHERE subject = %s", "Pressed twice") == 1
    messages = "SELECT count(*) FROM portal_message WHERE ticket_id = %s"
    assert running_site.value(messages, numbers.pop()) == 1


def test_a_second_site_beside_it_and_no_embedder(running_site: RunningSite) -> None:
    with prepared_site() as prepared:
        other = RunningSite(copy_site(prepared, "other"), free_port(), HANDRAIL_EMBEDDER_DIR="/nowhere")
    try:
        other.start()
        visitor = Visitor(other)
        form = visitor.form()
        assert KNOWN_ERROR in visitor.suggestions(form, LOCKED).text  # by its words alone
        number_of(visitor.ask(form, "On the second site", LOCKED))
        filed = "SELECT count(*) FROM portal_ticket WHERE subject = %s"
        assert other.value(filed, "On the second site") == 1
        assert running_site.value(filed, "On the second site") == 0
        other.stop()
    finally:
        other.end()
    assert running_site.status("/") == 200


COUNTS = """
    SELECT (SELECT count(*) FROM portal_ticket), (SELECT count(*) FROM portal_message),
           (SELECT count(*) FROM portal_messagebody), (SELECT count(*) FROM kb_passage),
           (SELECT count(*) FROM portal_outboxentry), (SELECT count(*) FROM portal_user)
"""


def test_everything_killed_and_started_again(running_site: RunningSite) -> None:
    number = file_request(running_site, "Just before the power cut")
    before = running_site.rows(COUNTS)
    running_site.kill_everything()
    with pytest.raises(psycopg.OperationalError):
        running_site.connect()
    seconds = running_site.start()
    sys.stderr.write(f"start after SIGKILL of everything: {seconds:.1f} s\n")
    assert seconds < 60
    assert running_site.rows(COUNTS) == before
    wait_until(
        lambda: [state for state, _attempts in runs(running_site, number)] == ["done"],
        seconds=LOST_SECONDS + SWEEP_SECONDS,
        describe="the request filed before it is triaged",
    )
    mails = "SELECT state FROM portal_outboxentry WHERE ticket_id = %s"
    wait_until(lambda: running_site.rows(mails, number) == [("sent",)], seconds=60, describe="its receipt was sent")
    assert len(running_site.mails(to="fay@example.org", request=number)) == 1
