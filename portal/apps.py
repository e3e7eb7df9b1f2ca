"""The portal's Django application. Ready means: it hears of changed passwords and of what kb asks."""

from importlib import import_module

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """What the left must start on the right goes through portal.signals."""

    name = "portal"
    verbose_name = "Support portal"

    def ready(self) -> None:
        """Connect the receivers; they need the models, which exist only now."""
        import_module("portal.receivers")
        import_module("portal.asked")
