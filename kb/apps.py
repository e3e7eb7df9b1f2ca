"""The kb Django application."""

from django.apps import AppConfig


class KbConfig(AppConfig):
    """Connects nothing yet."""

    name = "kb"
