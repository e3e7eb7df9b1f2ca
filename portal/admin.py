"""What administrators set up: people's roles, accounts, teams and categories. Conversations are not edited here.

Who is made a rep or joins an account is audited like any other write.
"""

from importlib import import_module
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from portal import audit
from portal.actions.accounts import end_sessions
from portal.models import AuditEvent, Category, Membership, Organisation, StaffRole, Team, User


class AuditedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Records each change in the audit trail, beside Django's own log."""

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001 - Django's signature
        super().save_model(request, obj, form, change)
        verb = "changed" if change else "created"
        fields = ",".join(form.changed_data)
        audit.record(f"{obj._meta.model_name}.{verb}", actor=_person(request), target=obj, fields=fields)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        audit.record(f"{obj._meta.model_name}.deleted", actor=_person(request), target=obj)
        super().delete_model(request, obj)


class KeptAdmin(AuditedAdmin):
    """For what is never deleted, because conversations and the audit trail name it."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # noqa: S101 - the admin asks for a sign-in first
    return request.user


@admin.register(User)
class UserAdmin(KeptAdmin):
    """People. They are deactivated, never deleted: what they wrote and released names them."""

    list_display = ["email", "display_name", "kind", "is_active", "is_staff"]
    list_filter = ["kind", "is_active", "is_staff"]
    search_fields = ["email", "display_name"]
    fields = ["email", "display_name", "kind", "language", "is_active", "is_staff", "is_superuser", "groups", "erasure"]
    filter_horizontal = ["groups"]
    readonly_fields = ["erasure"]

    @admin.display(description=_("at the person's request"))
    def erasure(self, person: User) -> str:
        """The way to the page that erases what somebody wrote."""
        if person.pk is None:
            return "–"
        address = reverse("portal:erase_person", args=[person.pk])
        return format_html('<a href="{}">{}</a>', address, _("Erase what this person wrote …"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Somebody who was erased stays as they are; PostgreSQL refuses any change."""
        return (obj is None or obj.erased_at is None) and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:  # noqa: FBT001 - Django's signature
        if change and not obj.is_active:
            end_sessions(actor=_person(request), user=obj)
        super().save_model(request, obj, form, change)


# allauth's own page would let an administrator write whose session is whose.
import_module("allauth.usersessions.admin")
admin.site.unregister(UserSession)


@admin.register(UserSession)
class UserSessionAdmin(AuditedAdmin):
    """Who is signed in where. To end one is to delete it; nobody writes one, for release() believes these rows."""

    list_display = ["user", "ip", "user_agent", "created_at", "last_seen_at"]
    list_select_related = ["user"]
    search_fields = ["user__email", "ip"]
    fields = ["user", "ip", "user_agent", "created_at", "last_seen_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        audit.record("usersession.deleted", actor=_person(request), target=obj)
        obj.end()


@admin.register(Organisation)
class OrganisationAdmin(KeptAdmin):
    """Accounts, and who serves the high-touch ones."""

    list_display = ["name", "kind", "engineer", "deputy"]
    list_filter = ["kind"]
    search_fields = ["name"]
    autocomplete_fields = ["engineer", "deputy"]


@admin.register(Membership)
class MembershipAdmin(AuditedAdmin):
    """Which account a person belongs to."""

    list_display = ["user", "organisation"]
    list_select_related = ["user", "organisation"]
    search_fields = ["user__email", "organisation__name"]
    autocomplete_fields = ["user", "organisation"]


@admin.register(StaffRole)
class StaffRoleAdmin(AuditedAdmin):
    """Who works here as a rep or a lead."""

    list_display = ["user", "role"]
    list_filter = ["role"]
    list_select_related = ["user"]
    autocomplete_fields = ["user"]


@admin.register(Team)
class TeamAdmin(KeptAdmin):
    """Teams that requests are routed to."""

    list_display = ["name", "is_default"]


@admin.register(Category)
class CategoryAdmin(KeptAdmin):
    """What requests can be about. One that is no longer wanted is taken out of use, not deleted."""

    list_display = ["name", "slug", "position", "is_active"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The audit trail, to read."""

    list_display = ["created_at", "verb", "actor", "target", "target_id", "ticket_id"]
    list_filter = ["verb"]
    list_select_related = ["actor"]
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
