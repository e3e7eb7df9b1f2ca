"""Loads the demo and prints its logins."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from agents import demo
from agents.demo_loading import load


class Command(BaseCommand):
    """`manage.py demo [--if-empty]`: on a site of your own, `--if-empty` leaves everything alone and prints nothing."""

    help = "Load demo people, articles and requests."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="only when nobody has used this site yet")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["if_empty"] and not demo.is_empty() and not demo.is_demo():
            return
        self.stdout.write(demo.logins(load()))
