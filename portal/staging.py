"""Files that came with a form which was refused, put aside so that the form sent again still has them.

Invariant: a file put aside is reached by its signed token alone and for a day; it is never served, and it belongs to no
message until a form that carries the token is accepted. The bytes are then copied: the same form sent twice finds them.
"""

import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core import signing
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

log = logging.getLogger(__name__)

SALT = "portal.files.aside"
FOLDER = "aside"
VALID = timedelta(days=1)


@dataclass(frozen=True)
class KeptFile:
    """A file put aside: what to call it, how large it is, and the token that a form carries for it."""

    token: str
    name: str
    size: int
    storage_name: str

    def as_upload(self) -> "UploadedFile[Any]":
        """The file as if it had just been sent."""
        return UploadedFile(storages["attachments"].open(self.storage_name, "rb"), self.name, size=self.size)


def keep(files: "Iterable[UploadedFile[Any]]") -> list[KeptFile]:
    """Put files aside and return them with their tokens."""
    return [_keep(file) for file in files]


def _keep(file: "UploadedFile[Any]") -> KeptFile:
    file.seek(0)
    name, size = file.name or "", file.size or 0
    folder = f"{FOLDER}/{timezone.now():%Y-%m-%d}"
    storage_name = storages["attachments"].save(f"{folder}/{uuid.uuid4().hex}", file)
    return KeptFile(signing.dumps([storage_name, name, size], salt=SALT), name, size, storage_name)


def find(tokens: Iterable[str]) -> list[KeptFile]:
    """The files that `tokens` name, each once; one that is forged, too old or gone is left out."""
    found = []
    for token in dict.fromkeys(tokens):
        try:
            storage_name, name, size = signing.loads(token, salt=SALT, max_age=VALID)
        except signing.BadSignature:
            log.info("aside_token_refused")
            continue
        if storages["attachments"].exists(storage_name):
            found.append(KeptFile(token, name, size, storage_name))
    return found


def prune() -> int:
    """Delete what no token can reach any more; returns how many files went."""
    storage = storages["attachments"]
    if not storage.exists(FOLDER):
        return 0
    oldest = (timezone.now() - VALID - timedelta(days=1)).date()
    deleted = 0
    for day in storage.listdir(FOLDER)[0]:
        if date.fromisoformat(day) >= oldest:
            continue
        for name in storage.listdir(f"{FOLDER}/{day}")[1]:
            storage.delete(f"{FOLDER}/{day}/{name}")
            deleted += 1
        storage.delete(f"{FOLDER}/{day}")
    return deleted
