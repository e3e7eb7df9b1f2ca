"""Twenty people at once on three requests: customers write, reps send and take back, mail leaves, roles come and go.

Nothing may deadlock; nothing that anybody was told had arrived may be missing. HANDRAIL_CONCURRENCY_SECONDS runs long.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable

import psycopg
from django.db import connections

from agents.models import Approval, Composition
from agents.sending import send_reply
from portal.actions.accounts import grant_role
from portal.actions.tickets import add_customer_message, add_note, solve_ticket, withdraw_message
from portal.errors import PortalError
from portal.models import Message, MessageBody, OutboxEntry, StaffRole, Ticket, User
from tests.conftest import Site
from tests.factories import make_organisation, make_rep, make_ticket, make_user
from tests.guard.conftest import session_of
from tests.guard.promises import ADVANCES
from tests.guard.world import words

SECONDS = float(os.environ.get("HANDRAIL_CONCURRENCY_SECONDS", "5"))
MOST_SECONDS_MORE = 60.0
DEADLOCK = "40P01"


class Crowd:
    """Runs each person's doings in a thread of their own; keeps what went wrong.

    They go on until the time is up and each of `wanted` has come about, however slow the machine.
    """

    def __init__(self, *wanted: str) -> None:
        self.wanted = wanted
        self.ends = time.monotonic() + SECONDS
        self.latest = self.ends + MOST_SECONDS_MORE
        self.broken: list[str] = []
        self.done: Counter[str] = Counter()
        self.threads: list[threading.Thread] = []
        self.lock = threading.Lock()

    def join_in(self, name: str, do: Callable[[], str], count: int = 1, *, breath: float = 0.0) -> None:
        """`breath`: seconds between one doing and the next; who writes without any leaves no moment to answer in."""
        for _number in range(count):
            self.threads.append(threading.Thread(target=self._go_on, args=(name, do, breath), daemon=True))

    def _go_on(self, name: str, do: Callable[[], str], breath: float) -> None:
        try:
            while self._goes_on():
                try:
                    outcome = do()
                except PortalError as refusal:
                    outcome = type(refusal).__name__
                with self.lock:
                    self.done[f"{name}: {outcome}"] += 1
                time.sleep(breath)
        except Exception as error:  # noqa: BLE001 - whatever breaks in a thread is what this test is for
            self.broken.append(f"{name}: {type(error).__name__}: {error}")
        finally:
            connections.close_all()

    def _goes_on(self) -> bool:
        now = time.monotonic()
        with self.lock:
            return now < self.ends or (now < self.latest and not all(self.done[outcome] for outcome in self.wanted))

    def run(self) -> None:
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join(SECONDS + MOST_SECONDS_MORE + 60)
        assert not any(thread.is_alive() for thread in self.threads), "somebody still waits"


def test_twenty_people_at_once_never_deadlock_and_lose_nothing(site: Site) -> None:
    customers = [make_user(f"Customer {n}", organisation=make_organisation()) for n in range(3)]
    tickets = [make_ticket(customer) for customer in customers]
    reps = [make_rep(f"Rep {n}") for n in range(3)]
    keys = {rep.pk: session_of(rep) for rep in reps}
    said: dict[int, set[str]] = {ticket.pk: set() for ticket in tickets}
    sent: set[int] = set()
    crowd, chance = Crowd("customer: stored", "rep: sent"), random.Random(1)

    def some_ticket() -> Ticket:
        pk = chance.choice(tickets).pk
        return Ticket.objects.select_related("requester", "organisation").get(pk=pk)

    def write() -> str:
        ticket, text = some_ticket(), words("Again")
        add_customer_message(actor=ticket.requester, ticket=ticket, text=text)
        said[ticket.pk].add(text)
        return "stored"

    def press_twice() -> str:
        """The same words from two hands: both calls return, and what was acknowledged is there."""
        ticket, text = some_ticket(), words("Twice")
        second = threading.Thread(target=_write_and_close, args=(ticket, text))
        second.start()
        add_customer_message(actor=ticket.requester, ticket=ticket, text=text)
        second.join(30)
        said[ticket.pk].add(text)
        return "stored"

    def send() -> str:
        ticket, rep = some_ticket(), User.objects.get(pk=chance.choice(reps).pk)
        message = send_reply(
            actor=rep,
            session_key=keys[rep.pk],
            ticket=ticket,
            version=ticket.version,
            text=words("Restart"),
            draft=None,
            undo_seconds=chance.choice([0, 3600]),
        )
        sent.add(message.pk)
        return "sent"

    def take_back() -> str:
        message = Message.objects.filter(direction="outbound", stop__isnull=True).order_by("-pk").first()
        if message is None:
            return "nothing there"
        withdraw_message(actor=User.objects.get(pk=reps[0].pk), message=message)
        return "taken back"

    def note() -> str:
        add_note(actor=User.objects.get(pk=reps[1].pk), ticket=some_ticket(), text=words("Note"))
        return "noted"

    def close() -> str:
        ticket = some_ticket()
        solve_ticket(actor=ticket.requester, ticket=ticket)
        return "solved"

    def change_role() -> str:
        StaffRole.objects.filter(user=reps[2]).delete()
        grant_role(actor=None, user=reps[2], role=StaffRole.Role.REP)
        return "changed"

    def mail() -> str:
        with site.connect("mailer") as mailer:
            moved = mailer.execute(
                "UPDATE portal_outboxentry SET state = 'in_flight' WHERE id = (SELECT id FROM portal_outboxentry"
                " WHERE state = 'queued' AND due_at <= now() ORDER BY due_at FOR NO KEY UPDATE SKIP LOCKED LIMIT 1)"
            ).rowcount
            mailer.commit()
            mailer.execute("UPDATE portal_outboxentry SET state = 'sent' WHERE state = 'in_flight'")
        return f"{moved}"

    crowd.join_in("customer", write, 6, breath=0.5)
    crowd.join_in("double press", press_twice, 2, breath=0.5)
    crowd.join_in("rep", send, 6)
    crowd.join_in("undo", take_back, 1, breath=0.1)
    crowd.join_in("note", note, 1)
    crowd.join_in("solve", close, 1)
    crowd.join_in("role", change_role, 1)
    crowd.join_in("mailer", mail, 2)
    crowd.run()
    assert crowd.broken == []
    assert crowd.done["customer: stored"] > 0
    assert crowd.done["rep: sent"] > 0
    for ticket in tickets:
        stored = MessageBody.objects.filter(message__ticket=ticket, message__direction="inbound")
        assert said[ticket.pk] <= set(stored.values_list("text", flat=True)), "a message is gone"
        version = Ticket.objects.values_list("version", flat=True).get(pk=ticket.pk)
        assert version == ticket.messages.filter(ADVANCES).count()
    outbound = Message.objects.filter(direction="outbound")
    assert set(outbound.values_list("pk", flat=True)) == sent
    assert Approval.objects.count() == outbound.count()
    assert not OutboxEntry.objects.filter(state="sent", message__stop__isnull=False).exists()
    assert not Composition.objects.filter(author__in=reps, text="").exists()
    assert deadlocks(site) == 0


def _write_and_close(ticket: Ticket, text: str) -> None:
    try:
        add_customer_message(actor=ticket.requester, ticket=ticket, text=text)
    finally:
        connections.close_all()


def deadlocks(site: Site) -> int:
    """How many PostgreSQL has counted in this database; a session reports its own when it ends."""
    time.sleep(1.5)
    with site.connect("owner") as owner:
        row = owner.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = %s", [site.name]).fetchone()
    return int(str(row[0])) if row is not None else -1


def test_a_deadlock_would_be_counted(site: Site) -> None:
    """The refusing twin of the test above: two sessions that lock in opposite orders are noticed."""
    first, second = (make_ticket().pk for _ in range(2))
    lock = "UPDATE portal_ticket SET updated_at = now() WHERE id = %s"
    states: list[str] = []

    def cross(connection: "psycopg.Connection[tuple[object, ...]]", other: int) -> None:
        try:
            connection.execute(lock, [other])
            connection.commit()
        except psycopg.Error as error:
            connection.rollback()
            states.append(str(error.sqlstate))

    with site.connect("web") as one, site.connect("web") as two:
        one.execute(lock, [first])
        two.execute(lock, [second])
        crossing = threading.Thread(target=cross, args=(one, second))
        crossing.start()
        cross(two, first)
        crossing.join(20)
    assert states == [DEADLOCK]
    assert deadlocks(site) == 1
