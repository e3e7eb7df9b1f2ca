"""The agents Django application."""

from django.apps import AppConfig


class AgentsConfig(AppConfig):
    """Connects nothing yet."""

    name = "agents"
