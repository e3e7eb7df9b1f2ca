"""The triage Django application: what the machine thinks. Ready means: it hears of new messages."""

from importlib import import_module

from django.apps import AppConfig


class TriageConfig(AppConfig):
    name = "triage"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect the receivers; they need the models, which exist only now."""
        import_module("triage.receivers")
