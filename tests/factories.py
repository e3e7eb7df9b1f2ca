"""Makes test data through the product's own actions, so that it obeys the product's rules."""

import uuid
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from portal.actions.accounts import grant_role
from portal.actions.tickets import Filing, file_ticket
from portal.models import Category, Membership, Organisation, StaffRole, Ticket, User

_numbers = count(1)
PASSWORD = "correct horse battery"


def make_user(name: str = "Uma", *, email: str = "", organisation: Organisation | None = None, **fields: Any) -> User:
    """A person who can sign in with PASSWORD."""
    email = email or f"{name.lower().replace(' ', '.')}.{next(_numbers)}@example.org"
    user = User.objects.create_user(email, PASSWORD, display_name=name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if organisation is not None:
        Membership.objects.create(user=user, organisation=organisation)
    return user


def sign_in(user: User, client: Client | None = None) -> Client:
    """Sign in by the form, as people do: only that writes the session row that release() looks for."""
    client = client or Client()
    response = client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    assert response.status_code == 302, response.content.decode()[:2000]
    return client


def make_rep(name: str = "Rita", *, lead: bool = False) -> User:
    """Somebody who answers requests."""
    user = make_user(name)
    grant_role(actor=None, user=user, role=StaffRole.Role.LEAD if lead else StaffRole.Role.REP)
    return user


def make_organisation(kind: str = Organisation.Kind.STANDARD, **fields: Any) -> Organisation:
    """An account of the given kind."""
    return Organisation.objects.create(name=f"Organisation {next(_numbers)}", kind=kind, **fields)


def make_category(name: str = "Billing", description: str = "Invoices and payments") -> Category:
    return Category.objects.create(slug=f"{name.lower()}-{next(_numbers)}", name=name, description=description)


def make_ticket(
    requester: User | None = None,
    *,
    subject: str = "Backups stop",
    text: str = "Since this morning the nightly backup stops at 40 percent.",
    verified: bool = True,
    files: list[SimpleUploadedFile] | None = None,
) -> Ticket:
    """A request filed as the form files it."""
    requester = requester or make_user(organisation=make_organisation())
    filing = Filing(subject=subject, text=text, filing_key=uuid.uuid4(), attachments=files or ())
    return file_ticket(actor=requester, filing=filing, verified=verified)
