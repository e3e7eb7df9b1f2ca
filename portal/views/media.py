"""Serves articles' images to those who may read the articles, and nothing else that may lie in the media directory."""

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.utils._os import safe_join

from kb.files import Access, access_to, image_stored_as

# What Wagtail's image renditions are; anything that a browser might run or render as a page is left out.
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}
CACHING = {Access.PUBLIC: "public, max-age=3600", Access.PRIVATE: "private, max-age=60"}


def image(request: HttpRequest, name: str) -> FileResponse:
    """Send one image with a type of our own choosing; 404 for anything else, and for who may not see it."""
    suffix = "." + name.rsplit(".", 1)[-1].lower()
    try:
        safe_join(settings.MEDIA_ROOT, name)
        if suffix not in TYPES or not name.startswith(("images/", "original_images/")):
            raise Http404
        access = _access(request, name)
        file = default_storage.open(name)
    except (SuspiciousFileOperation, FileNotFoundError, IsADirectoryError) as error:
        raise Http404 from error
    response = FileResponse(file, content_type=TYPES[suffix])
    response["Cache-Control"] = CACHING[access]
    return response


def _access(request: HttpRequest, name: str) -> Access:
    stored = image_stored_as(name)
    access = (
        access_to(stored, audiences=request.audiences, user=request.user)  # type: ignore[attr-defined]
        if stored
        else Access.REFUSED
    )
    if access is Access.REFUSED:
        raise Http404
    return access
