"""Erases a person's text at their request: in PostgreSQL by erase_person(), then the files of their requests.

erase_person() finds who asks for it from the live session; no caller can name one. It may be run again at any time: it
finds what was being written meanwhile, and the files that could not be deleted the first time.
"""

import logging
import time
from dataclasses import dataclass

from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from portal import audit
from portal.errors import (
    ErasureRefusedError,
    InvalidRequestError,
    NotAllowedError,
    PortalError,
    SessionEndedError,
)
from portal.models import Attachment, Ticket, User

log = logging.getLogger(__name__)

WAIT_SECONDS = 10.0
# The SQLSTATEs that erase_person() raises; see agents/migrations/0005_erasure.py.
_REFUSALS: dict[str, type[PortalError]] = {
    "23H02": SessionEndedError,
    "23H03": NotAllowedError,
    "23H12": ErasureRefusedError,
}


@dataclass(frozen=True)
class Erasure:
    """What an erasure came to. `others_done`: nothing that was under way meanwhile can have been missed."""

    requests: int
    files: int
    files_left: int
    others_done: bool

    @property
    def is_complete(self) -> bool:
        return self.others_done and not self.files_left


def erase_person(*, actor: User, session_key: str, person: User, wait_seconds: float = WAIT_SECONDS) -> Erasure:
    """Blank everything that `person` wrote and was written to them, and delete their files. Cannot be undone.

    `session_key` is the session of `actor`, a lead or an administrator. Raises a PortalError, having changed nothing.
    """
    _run(person, session_key)
    # Whoever began to write before that commit is waited for and then looked for; whoever begins now is refused.
    others_done = _wait_for_others(wait_seconds)
    names = _run(person, session_key)
    left = [name for name in names if not _delete_file(name)]
    done = Erasure(
        requests=Ticket.objects.filter(requester=person).count(),
        files=len(names),
        files_left=len(left),
        others_done=others_done,
    )
    audit.record(
        "person.files_erased", actor=actor, target=person, files=done.files, left=done.files_left, waited=others_done
    )
    log.info("person_erased", extra={"person_id": person.pk, "files_left": done.files_left, "others_done": others_done})
    return done


def check_confirmation(*, person: User, typed: str) -> None:
    """Raise InvalidRequestError unless the person's address was typed."""
    if typed.strip().lower() != person.email:
        raise InvalidRequestError(_("Nothing was erased: what you typed is not this person's address."))


def files_left(person: User) -> int:
    """How many files of an erased person's requests are still on disk."""
    names = Attachment.objects.filter(message__ticket__requester=person).values_list("storage_name", flat=True)
    return sum(storages["attachments"].exists(name) for name in names)


def _run(person: User, session_key: str) -> list[str]:
    """One pass, in a transaction of its own; returns the storage names of the person's files."""
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SELECT public.erase_person(%s, %s)", [person.pk, session_key])
            return [str(name) for (name,) in cursor.fetchall()]
    except IntegrityError as error:
        state = getattr(error.__cause__, "sqlstate", "") or ""
        raise _REFUSALS.get(state, ErasureRefusedError)() from error


def _wait_for_others(seconds: float) -> bool:
    """Wait until every transaction that writes in this database now has ended; False when that takes too long."""
    deadline = time.monotonic() + seconds
    before = writing = _writing()
    while writing:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
        writing = before & _writing()
    return True


def _writing() -> set[str]:
    """The numbers of the transactions of others that have written in this database and are not over."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT x.transactionid::text FROM pg_locks x"
            " JOIN pg_locks r ON r.virtualtransaction = x.virtualtransaction AND r.locktype = 'relation'"
            " JOIN pg_database d ON d.oid = r.database AND d.datname = current_database()"
            " WHERE x.locktype = 'transactionid' AND x.mode = 'ExclusiveLock' AND x.granted"
            " AND x.pid IS DISTINCT FROM pg_backend_pid()"
        )
        return {str(number) for (number,) in cursor.fetchall()}


def _delete_file(name: str) -> bool:
    """Delete one stored file; True when it is gone, also when it was before."""
    try:
        storages["attachments"].delete(name)
    except OSError as error:
        log.error("attachment_not_deleted", extra={"error": type(error).__name__})
        return False
    return True
