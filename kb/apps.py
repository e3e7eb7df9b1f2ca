"""The kb Django application."""

from importlib import import_module

from django.apps import AppConfig


class KbConfig(AppConfig):
    """Connects the receivers that keep the index equal to the articles."""

    name = "kb"

    def ready(self) -> None:
        import_module("kb.receivers")
