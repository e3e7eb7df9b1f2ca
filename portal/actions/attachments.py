"""Keeps customers' files: outside the web root, under names of our own, before the message that carries them commits.

What a file is, is read from its bytes; the sender's claim is not believed.

Invariant: a row never points at bytes that are not on disk. Bytes without a row (a rolled-back filing) do no harm.
"""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import InvalidRequestError
from portal.filetypes import SNIFFED_BYTES, clean_name, sniff_type
from portal.models import Attachment, Message


def check_attachments(files: "Sequence[UploadedFile[Any]]") -> None:
    """Raise InvalidRequestError when there are too many files, or one is too large or empty."""
    if len(files) > settings.HANDRAIL_ATTACHMENTS_PER_MESSAGE:
        raise InvalidRequestError(
            _("At most %(count)d files can be attached to one message.")
            % {"count": settings.HANDRAIL_ATTACHMENTS_PER_MESSAGE}
        )
    for file in files:
        if not file.size:
            raise InvalidRequestError(_("The file “%(name)s” is empty.") % {"name": file.name})
        if file.size > settings.HANDRAIL_ATTACHMENT_BYTES:
            raise InvalidRequestError(
                _("The file “%(name)s” is larger than %(limit)d MB. Compress it or attach the part that matters.")
                % {"name": file.name, "limit": settings.HANDRAIL_ATTACHMENT_BYTES // 2**20}
            )


def store_attachments(message: Message, files: "Sequence[UploadedFile[Any]]") -> list[Attachment]:
    """Write the files and their rows, in the caller's transaction."""
    check_attachments(files)
    return [Attachment.objects.create(message=message, **_write(file)) for file in files]


def _write(file: "UploadedFile[Any]") -> dict[str, str | int]:
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    content_type = sniff_type(file.read(SNIFFED_BYTES))
    file.seek(0)
    folder = timezone.now().strftime("%Y/%m")
    storage_name = storages["attachments"].save(f"{folder}/{uuid.uuid4().hex}", file)
    return {
        "name": clean_name(file.name or ""),
        "content_type": content_type,
        "size": file.size or 0,
        "sha256": digest.hexdigest(),
        "storage_name": storage_name,
    }
