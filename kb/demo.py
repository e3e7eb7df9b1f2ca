"""The articles of the demo: help for a fictional backup appliance, loaded through the importer like any others."""

from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser

from kb.editors import ensure_editors
from kb.importing import ImportReport, import_directory
from kb.models import ArticleIndexPage

ARTICLES = Path(__file__).parent / "demo_articles"
SECTION = "Holdfast"
INTRODUCTIONS = {
    "": "Help for the Holdfast backup box: what went wrong, what to do, and how to avoid it.",
    "accounts": "Signing in, two-step sign-in and the passphrase of your vault.",
    "backups": "Schedules, space, and backups that stop.",
    "billing": "Plans, invoices and VAT numbers.",
    "network": "Connections, certificates, updates and the lights on the box.",
    "restoring": "Getting files or a whole computer back.",
    "syncing": "Folders that do not sync, and files that exist twice.",
}


def load(*, actor: AbstractBaseUser | None) -> ImportReport:
    """Import the demo's articles; on a second run nothing changes and edited ones stay as they are."""
    report = import_directory(ARTICLES, actor=actor, section=SECTION)
    for path, introduction in INTRODUCTIONS.items():
        ArticleIndexPage.objects.filter(source_name=SECTION, source_path=path, intro="").update(intro=introduction)
    return report


__all__ = ["ensure_editors", "load"]
