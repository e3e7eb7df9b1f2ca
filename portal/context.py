"""What every page knows of its site, without a query."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, str | bool]:  # noqa: ARG001 - Django's signature
    """The site's name, and whether the demo's mailbox stands in for real mail."""
    return {"site_name": settings.HANDRAIL_NAME, "is_demo": settings.HANDRAIL_DEMO}
