"""Neither Django's admin nor Wagtail's holds a way around release(): as a superuser, every address of every model."""

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import NoReverseMatch, reverse
from wagtail.admin.viewsets import viewsets
from wagtail.snippets.models import get_snippet_models

from agents.models import Approval
from kb.models import Pin, Synonym
from portal.models import (
    AuditEvent,
    Message,
    MessageBody,
    MessageStop,
    Notice,
    OutboxEntry,
    ReleasePayload,
    Ticket,
    User,
)
from tests.factories import make_rep, make_user, sign_in
from tests.guard.conftest import RELEASE, Scene, session

GUARDED = (Message, MessageBody, MessageStop, ReleasePayload, Approval, AuditEvent, OutboxEntry, Ticket)
EDITABLE = {
    # What an administrator sets up, and nothing that a customer reads as an answer.
    "account.emailaddress",
    "auth.group",
    "portal.category",
    "portal.membership",
    "portal.organisation",
    "portal.staffrole",
    "portal.team",
    "portal.user",
    "taggit.tag",
    "wagtaildocs.document",
    "wagtailimages.image",
}
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label_lower)
OURS = {"portal", "triage", "agents"}
PAGES = ("add", "change", "delete", "history")


@pytest.fixture(scope="module")
def administrator(standing_scene: Scene) -> Client:
    """A superuser, signed in; one reply is out, so that there is something to reach for."""
    with session(standing_scene.site, "web") as rep:
        rep.execute(RELEASE, standing_scene.arguments(standing_scene.payload()))
        rep.commit()
    client = sign_in(make_user("Ada", is_staff=True, is_superuser=True))
    client.raise_request_exception = False
    return client


def kept() -> list[int]:
    return [model._default_manager.count() for model in GUARDED]


def rows_of(model: type) -> list[int]:
    """Rows to reach for. Of the sessions not the administrator's own, whose end would be the end of these tests."""
    if model._meta.label_lower == "usersessions.usersession":  # type: ignore[attr-defined]
        sign_in(make_rep("Sam"))
        return list(
            UserSession.objects.exclude(user__is_superuser=True).order_by("-pk").values_list("pk", flat=True)[:1]
        )
    rows = model._default_manager.order_by("pk")  # type: ignore[attr-defined]
    if model is User:
        rows = rows.exclude(is_superuser=True)
    return list(rows.values_list("pk", flat=True)[:20]) or [1]


def texts() -> list[object]:
    return [
        *ReleasePayload.objects.order_by("pk").values_list("text", "digest"),
        *MessageBody.objects.order_by("pk").values_list("text", flat=True),
        *Message.objects.order_by("pk").values_list("direction", "visible_from"),
    ]


def test_the_registered_models_are_the_known_ones(administrator: Client) -> None:
    """A model that somebody registers tomorrow stops here until it is decided."""
    read_only = {"portal.auditevent", "usersessions.usersession"}
    assert {model._meta.label_lower for model in REGISTERED} == EDITABLE | read_only


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label_lower)
@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_the_admin_writes_what_is_guarded(administrator: Client, model: type, page: str) -> None:
    """Opened and posted to, with `post=yes` and with every field empty, for the first row there is."""
    meta = model._meta  # type: ignore[attr-defined]
    arguments = [] if page == "add" else rows_of(model)[:1]
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=arguments)
    before, words = kept(), texts()
    assert administrator.get(address).status_code in {200, 302, 403}
    assert administrator.post(address, {"post": "yes"}).status_code in {200, 302, 403, 405}
    after = kept()
    after[GUARDED.index(AuditEvent)] = before[GUARDED.index(AuditEvent)]  # what was allowed is audited
    assert (after, texts()) == (before, words)
    if meta.label_lower not in EDITABLE and page in {"add", "change"}:
        assert administrator.post(address, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label_lower)
def test_no_action_of_the_admin_deletes_what_is_guarded(administrator: Client, model: type) -> None:
    meta = model._meta  # type: ignore[attr-defined]
    chosen = rows_of(model)
    before, people = kept(), User.objects.count()
    response = administrator.post(
        reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
        {"action": "delete_selected", "_selected_action": chosen, "post": "yes"},
    )
    assert response.status_code in {200, 302, 403}
    after = kept()
    after[GUARDED.index(AuditEvent)] = before[GUARDED.index(AuditEvent)]
    assert (after, User.objects.count()) == (before, people)


@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model._meta.label_lower)
@pytest.mark.parametrize("page", ["add", "change", "delete"])
def test_what_is_guarded_has_no_page_that_writes(administrator: Client, model: type, page: str) -> None:
    meta = model._meta  # type: ignore[attr-defined]
    try:
        address = reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[] if page == "add" else [1])
    except NoReverseMatch:
        return
    assert administrator.post(address, {"post": "yes"}).status_code == 403


def test_an_administrator_cannot_write_whose_session_is_whose(administrator: Client, standing_scene: Scene) -> None:
    """release() believes these rows: an own session that is said to be a rep's would release in the rep's name."""
    own = UserSession.objects.get(session_key=administrator.session.session_key)
    address = reverse("admin:usersessions_usersession_change", args=[own.pk])
    response = administrator.post(address, {"user": standing_scene.rep.pk, "ip": own.ip, "user_agent": own.user_agent})
    assert response.status_code == 403
    own.refresh_from_db()
    assert own.user_id != standing_scene.rep.pk


def test_an_administrator_signs_somebody_out_for_good(administrator: Client) -> None:
    rep = make_rep("Sid")
    key = str(sign_in(rep).session.session_key)
    row = UserSession.objects.get(session_key=key)
    administrator.post(reverse("admin:usersessions_usersession_delete", args=[row.pk]), {"post": "yes"})
    assert not Session.objects.filter(session_key=key).exists()
    assert AuditEvent.objects.filter(verb="usersession.deleted", target_id=row.pk).exists()


def test_deactivating_somebody_in_the_admin_signs_them_out(administrator: Client) -> None:
    rep = make_rep("Dora")
    key = str(sign_in(rep).session.session_key)
    address = reverse("admin:portal_user_change", args=[rep.pk])
    response = administrator.post(
        address, {"email": rep.email, "display_name": "Dora", "kind": "human", "language": "en"}
    )
    assert response.status_code == 302
    assert not User.objects.get(pk=rep.pk).is_active
    assert not Session.objects.filter(session_key=key).exists()


def test_an_address_is_removed_while_its_mail_waits(administrator: Client) -> None:
    """Its outbox row stays, and has nowhere to go: the address must not take the record of its mail along."""
    address = EmailAddress.objects.create(user=make_user("Mia"), email="mia.old@example.org")
    entry = OutboxEntry.objects.create(notice=Notice.EMAIL_CONFIRMATION, email_address=address)
    response = administrator.post(reverse("admin:account_emailaddress_delete", args=[address.pk]), {"post": "yes"})
    assert response.status_code == 302
    assert not EmailAddress.objects.filter(pk=address.pk).exists()
    assert OutboxEntry.objects.filter(pk=entry.pk).exists()


# -- Wagtail's own admin ----------------------------------------------------------------------------------------------


def test_wagtail_manages_nothing_of_ours_but_articles_and_what_searches_mean(administrator: Client) -> None:
    curation = {Pin, Synonym}  # words and articles: neither names a person nor a request
    assert set(get_snippet_models()) == curation
    managed = [getattr(viewset, "model", None) for viewset in viewsets.viewsets]
    ours = {model for model in apps.get_models() if model in managed and model._meta.app_label in OURS}
    assert ours <= {User} | curation  # a user's pages lead to Django's admin, see below


@pytest.mark.parametrize("page", ["", "add/", "new/", "edit/{}/", "{}/", "{}/delete/", "delete/{}/", "history/{}/"])
def test_wagtails_pages_for_people_are_closed(administrator: Client, standing_scene: Scene, page: str) -> None:
    address = f"/cms/users/{page.format(standing_scene.rep.pk)}"
    fields = {"email": "x@example.org", "password1": "correct pony battery", "password2": "correct pony battery"}
    for response in (administrator.get(address), administrator.post(address, fields)):
        assert (response.status_code, response["Location"]) == (302, reverse("admin:portal_user_changelist"))
    assert User.objects.get(pk=standing_scene.rep.pk).is_active
    assert not User.objects.filter(email="x@example.org").exists()


@pytest.mark.parametrize("action", ["delete", "set_active_state", "assign_role"])
def test_wagtails_bulk_actions_on_people_are_closed(administrator: Client, standing_scene: Scene, action: str) -> None:
    before = kept()
    response = administrator.post(f"/cms/bulk/portal/user/{action}/?id={standing_scene.rep.pk}&id=all", {"yes": "1"})
    assert (response.status_code, response["Location"]) == (302, reverse("admin:portal_user_changelist"))
    assert (kept(), User.objects.filter(pk=standing_scene.rep.pk, is_active=True).count()) == (before, 1)


@pytest.mark.parametrize("model", [m for m in apps.get_models() if m._meta.app_label in OURS])
def test_wagtail_has_no_bulk_action_or_chooser_for_what_is_ours(administrator: Client, model: type) -> None:
    meta = model._meta  # type: ignore[attr-defined]
    if model is User:
        return
    for address in (
        f"/cms/bulk/{meta.app_label}/{meta.model_name}/delete/?id=1",
        f"/cms/snippets/{meta.app_label}/{meta.model_name}/",
        f"/cms/snippets/{meta.app_label}/{meta.model_name}/delete/1/",
    ):
        assert administrator.post(address, {"yes": "1"}).status_code == 404


def test_who_is_no_administrator_opens_neither_admin(standing_scene: Scene) -> None:
    assert standing_scene.rep.is_staff is False
    rep = sign_in(make_rep("Rex"))
    for address in ("/admin/", "/admin/portal/auditevent/", "/admin/usersessions/usersession/"):
        assert rep.get(address).status_code == 302
    assert rep.get("/cms/").status_code in {302, 403}
