"""The admin pages: audited, for administrators only, and never a way to a conversation or to delete a person."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from portal.models import AuditEvent, Message, OutboxEntry, ReleasePayload, StaffRole, Ticket, User
from tests.factories import make_rep, make_user, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator() -> Client:
    return sign_in(make_user("Ada", is_staff=True, is_superuser=True))


def test_making_somebody_a_rep_is_audited(administrator: Client) -> None:
    user = make_user("Nell")
    response = administrator.post(reverse("admin:portal_staffrole_add"), {"user": user.pk, "role": "rep"})
    assert response.status_code == 302
    role = StaffRole.objects.get(user=user)
    assert AuditEvent.objects.filter(verb="staffrole.created", target_id=role.pk).count() == 1


@pytest.mark.parametrize("model", [Ticket, Message, ReleasePayload, OutboxEntry])
def test_conversations_have_no_admin_page(model: type) -> None:
    assert not admin.site.is_registered(model)


def test_people_are_not_deleted(administrator: Client) -> None:
    user = make_user("Gone")
    response = administrator.post(reverse("admin:portal_user_delete", args=[user.pk]), {"post": "yes"})
    assert response.status_code == 403
    assert User.objects.filter(pk=user.pk).exists()


def test_a_rep_has_no_admin_pages() -> None:
    response = sign_in(make_rep()).get(reverse("admin:portal_staffrole_changelist"))
    assert response.status_code == 302
    assert "login" in response["Location"]


def test_every_list_opens(administrator: Client) -> None:
    for model in ("user", "organisation", "membership", "staffrole", "team", "category", "auditevent"):
        assert administrator.get(reverse(f"admin:portal_{model}_changelist")).status_code == 200
