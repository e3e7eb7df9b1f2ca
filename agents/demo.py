"""Fills an empty site with the demo: people, articles, and requests as customers would file them.

The requests go in by the same action as the form's, so that triage reads and drafts them for real.
"""

import uuid

from django.core.files.uploadedfile import SimpleUploadedFile

from agents.demo_requests import REQUESTS
from kb import demo as articles
from portal import demo as people
from portal.actions.tickets import Filing, file_ticket
from portal.models import Ticket, User
from portal.permissions import organisation_audience

# Makes the demo's filings the same filings on every run.
NAMESPACE = uuid.UUID("7c5d1f0e-5a0b-4a53-9f0c-6d3f0f5f2a11")


def is_empty() -> bool:
    """Whether nobody has used this site yet."""
    return not User.objects.exists() and not Ticket.objects.exists()


def is_demo() -> bool:
    """Whether this site holds the demo."""
    return User.objects.filter(email="customer@demo.example").exists()


def load() -> people.Cast:
    """Load the whole demo; what is there already stays as it is."""
    articles.ensure_editors()
    cast = people.load()
    articles.load(actor=cast.editor, organisation_audience=organisation_audience(cast.clinic.pk), owners=cast.writers)
    by_role = {"customer": cast.customer, "clinic": cast.people["hugo"]}
    for number, request in enumerate(REQUESTS):
        files = [SimpleUploadedFile(request.log_name, request.log.encode(), "text/plain")] if request.log else []
        filing = Filing(
            subject=request.subject,
            text=request.text,
            filing_key=uuid.uuid5(NAMESPACE, f"request {number}"),
            attachments=files,
        )
        file_ticket(actor=by_role[request.who], filing=filing, verified=True)
    return cast


def logins(cast: people.Cast) -> str:
    """What `start` prints: a login for each side of the house."""
    rows = [
        ("customer", cast.customer, "/"),
        ("rep", cast.rep, "/console/"),
        ("lead", cast.lead, "/console/"),
        ("editor", cast.editor, "/cms/"),
    ]
    lines = [f"  {role:<9} {user.email:<24} {people.demo_password():<17} {path}" for role, user, path in rows]
    return "\n".join(["Demo logins (this machine only):", *lines])
