"""Hands out customers' files: as downloads only, to those who may read the message that carries them."""

import logging
import uuid

from django.http import FileResponse, Http404, HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.models import Attachment
from portal.views.access import find_ticket

log = logging.getLogger(__name__)


@never_cache
@require_safe
def attachment(request: HttpRequest, reference: uuid.UUID, public_id: uuid.UUID) -> FileResponse:
    """Download one file. Whatever its type, no browser shows it as a page of ours."""
    access = find_ticket(request, reference)
    readable = access.ticket.messages.all()
    if not access.sees_notes:
        readable = readable.visible_to_customer()
    file = Attachment.objects.filter(public_id=public_id, message__in=readable).first()
    if file is None:
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
