"""The articles of the demo: help for a fictional backup appliance, loaded through the importer like any others."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from kb.editors import ensure_editors, ensure_lead_editors
from kb.importing import ImportReport, import_directory
from kb.models import ArticleIndexPage, ArticlePage

ARTICLES = Path(__file__).parent / "demo_articles"
SECTION = "Holdfast"
INTRODUCTIONS = {
    "": "Help for the Holdfast backup box: what went wrong, what to do, and how to avoid it.",
    "accounts": "People and roles, signing in, and the passphrase of your vault.",
    "backups": "Schedules, space, second copies, and backups that stop or skip files.",
    "billing": "Plans, invoices, VAT numbers and refunds.",
    "for-organisations": "Many computers at once, and single sign-on with your company's accounts.",
    "getting-started": "From the carton to the first backup.",
    "network": "Connections, certificates, updates and the lights on the box.",
    "restoring": "Getting files or a whole computer back.",
    "security": "Two-step sign-in, encryption, and what to do in an emergency.",
    "syncing": "Shared folders, folders that do not sync, and files that exist twice.",
}
# Written for one organisation. Its number is known only where it is made, so the file itself says "staff": without an
# audience from the caller such an article is shown to fewer people, never to more.
FOR_ONE_ORGANISATION = "for-organisations/harbour-clinic-vaults.md"


def load(
    *, actor: AbstractBaseUser | None, organisation_audience: str = "", owners: Sequence[AbstractBaseUser] = ()
) -> ImportReport:
    """Import the demo's articles; on a second run nothing changes and edited ones stay as they are.

    `organisation_audience` is the key of the organisation that one article is written for. Each of `owners` owns the
    articles that carry their name, unless somebody else was made the owner.
    """
    audiences = {FOR_ONE_ORGANISATION: organisation_audience} if organisation_audience else {}
    report = import_directory(ARTICLES, actor=actor, section=SECTION, audiences=audiences)
    for path, introduction in INTRODUCTIONS.items():
        ArticleIndexPage.objects.filter(source_name=SECTION, source_path=path, intro="").update(intro=introduction)
    _give_owners({str(owner): owner for owner in owners})
    return report


@transaction.atomic
def _give_owners(people: Mapping[str, AbstractBaseUser]) -> None:
    """The owner belongs to the page, not to a revision, so that setting it is no edit of the article."""
    for name, owner in people.items():
        ArticlePage.objects.filter(source_name=SECTION, author=name, owner=None).update(owner_id=owner.pk)


__all__ = ["ensure_editors", "ensure_lead_editors", "load"]
