"""The portal's Django application."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Connects nothing: what the left must start on the right goes through portal.signals."""

    name = "portal"
    verbose_name = "Support portal"
