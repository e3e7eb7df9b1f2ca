"""Prepares PostgreSQL for Handrail: roles, database, extension, migrations, grants. Safe to run again at any time."""

from typing import Any

from django.core.management.base import BaseCommand

from portal import database


class Command(BaseCommand):
    """`manage.py bootstrap`: alone reads the superuser's password (or DATABASE_ADMIN_URL)."""

    help = "Create or update the database roles, the database, its tables and grants."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        database.bootstrap()
        self.stdout.write("The database is ready: roles, tables, grants and the send guard are in place.")
