"""Customers' files: handed out as downloads only, to those who may read the message; kept while a form is refused."""

import hashlib
import logging
import uuid
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import ratelimit
from portal.forms import FilesForm
from portal.models import Attachment, User
from portal.views.access import find_ticket

log = logging.getLogger(__name__)

ASIDE_PER_TEN_MINUTES = 30


def keep_files(request: HttpRequest, form: FilesForm) -> None:
    """Put the accepted files of a refused form aside, within what a person would need."""
    who = request.user.pk or request.META.get("REMOTE_ADDR", "")
    allowed = not request.FILES or ratelimit.hit(f"aside:{who}", limit=ASIDE_PER_TEN_MINUTES, seconds=600)
    form.put_files_aside(allowed=allowed)


def content_key(form_key: uuid.UUID, author: User, *words: str, files: "Sequence[UploadedFile[Any]]") -> uuid.UUID:
    """The same page sent twice unchanged is one message; sent again with other words or files it is another."""
    content = repr((author.pk, words, [(file.name, file.size) for file in files]))
    return uuid.uuid5(form_key, hashlib.sha256(content.encode()).hexdigest())


@never_cache
@require_safe
def attachment(request: HttpRequest, reference: uuid.UUID, public_id: uuid.UUID) -> FileResponse:
    """Download one file. Whatever its type, no browser shows it as a page of ours."""
    access = find_ticket(request, reference)
    readable = access.ticket.messages.all()
    if not access.sees_notes:
        readable = readable.visible_to_customer()
    file = Attachment.objects.filter(public_id=public_id, message__in=readable).first()
    if file is None or access.ticket.erased_at is not None:
        raise Http404(_("There is no such file here."))
    try:
        stream = file.open()
    except FileNotFoundError as error:
        log.error("attachment_bytes_missing", extra={"attachment_id": file.pk})
        raise Http404(_("The bytes of this file are missing. It was reported.")) from error
    response = FileResponse(stream, as_attachment=True, filename=file.name, content_type="application/octet-stream")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
