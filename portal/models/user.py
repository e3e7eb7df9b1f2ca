"""The people (and service accounts) of a site. Log-in is by e-mail address, kept in lower case.

Alone in the first migration: everything else, articles included, refers to it.
"""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Makes users and finds them whatever the case of the address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person; without a password they cannot sign in until they set one."""
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an administrator of the site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody with an address. A service account can use the API but never releases a message."""

    class Kind(models.TextChoices):
        HUMAN = "human", _("Person")
        SERVICE = "service", _("Service account")

    email = models.EmailField(_("e-mail address"), unique=True)
    display_name = models.CharField(_("name"), max_length=150, blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.HUMAN)
    language = models.CharField(_("language"), max_length=12, default="en")
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("may open the admin pages"), default=False)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)
    # Written by erase_person() alone; PostgreSQL refuses any change of somebody who was erased.
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    objects = UserManager()

    EMAIL_FIELD = "email"
    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=["human", "service"]), name="user_kind_known")
        ]

    def __str__(self) -> str:
        return self.get_full_name()

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        """The name people see; the part of the address before the @ where none was given."""
        return self.display_name or self.email.partition("@")[0]

    def get_short_name(self) -> str:
        return self.get_full_name()

    @cached_property
    def role_names(self) -> frozenset[str]:
        """The staff roles on record, whoever is active; read once per object, so a request sees one answer."""
        return frozenset(self.staff_roles.values_list("role", flat=True))
