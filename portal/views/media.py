"""Serves the editors' images, and nothing else that may lie in the media directory."""

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest
from django.utils._os import safe_join

# What Wagtail's image renditions are; anything that a browser might run or render as a page is left out.
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp"}


def image(request: HttpRequest, name: str) -> FileResponse:
    """Send one image with a type of our own choosing, cacheable for a day; 404 for anything else."""
    suffix = "." + name.rsplit(".", 1)[-1].lower()
    try:
        safe_join(settings.MEDIA_ROOT, name)
        if suffix not in TYPES or not name.startswith(("images/", "original_images/")):
            raise Http404
        file = default_storage.open(name)
    except (SuspiciousFileOperation, FileNotFoundError, IsADirectoryError) as error:
        raise Http404 from error
    response = FileResponse(file, content_type=TYPES[suffix])
    response["Cache-Control"] = "public, max-age=86400"
    return response
