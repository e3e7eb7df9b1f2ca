"""The agents Django application."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Connects nothing: people start what happens here."""

    name = "agents"
