"""The triage Django application."""

from django.apps import AppConfig


class TriageConfig(AppConfig):
    """Connects nothing yet."""

    name = "triage"
