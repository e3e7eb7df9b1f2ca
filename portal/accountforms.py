"""The forms of the account pages: allauth's, with labels that speak plainly and no placeholder that repeats them."""

from typing import Any, ClassVar

from allauth.account import forms as allauth_forms
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from portal.forms import HandrailRenderer
from portal.models import User

PASSWORD_RULE = gettext_lazy("At least 10 characters. A few words in a row are easy to keep and hard to guess.")


class PlainLabels(forms.Form):
    """Our words over allauth's fields, and none of its placeholders."""

    default_renderer = HandrailRenderer
    use_required_attribute = False
    labels: ClassVar[dict[str, Any]] = {}
    help_texts: ClassVar[dict[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.help_texts.get(name, "")


class LoginForm(PlainLabels, allauth_forms.LoginForm):  # type: ignore[misc]
    """Sign in."""

    labels: ClassVar[dict[str, Any]] = {"login": gettext_lazy("E-mail address"), "password": gettext_lazy("Password")}


class SignupForm(PlainLabels, allauth_forms.SignupForm):  # type: ignore[misc]
    """Make an account; a name is welcome and not needed."""

    labels: ClassVar[dict[str, Any]] = {
        "email": gettext_lazy("E-mail address"),
        "password1": gettext_lazy("Password"),
        "password2": gettext_lazy("Password again"),
    }
    help_texts: ClassVar[dict[str, Any]] = {
        "password1": PASSWORD_RULE,
        "display_name": gettext_lazy("As it should stand over your messages."),
    }
    display_name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Keep the name with the new account."""
        user.display_name = self.cleaned_data["display_name"].strip()
        user.save(update_fields=["display_name"])
        super().custom_signup(request, user)


class ResetPasswordForm(PlainLabels, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """Ask for the link that sets a new password."""

    labels: ClassVar[dict[str, Any]] = {"email": gettext_lazy("E-mail address")}


class ResetPasswordKeyForm(PlainLabels, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """Choose the new password that the link allows."""

    labels: ClassVar[dict[str, Any]] = {
        "password1": gettext_lazy("New password"),
        "password2": gettext_lazy("New password again"),
    }
    help_texts: ClassVar[dict[str, Any]] = {"password1": PASSWORD_RULE}


class ChangePasswordForm(PlainLabels, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """Change the password, knowing the present one."""

    labels: ClassVar[dict[str, Any]] = {
        "oldpassword": gettext_lazy("Present password"),
        "password1": gettext_lazy("New password"),
        "password2": gettext_lazy("New password again"),
    }
    help_texts: ClassVar[dict[str, Any]] = {"password1": PASSWORD_RULE}


class SetPasswordForm(PlainLabels, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    """Choose a first password."""

    labels: ClassVar[dict[str, Any]] = ResetPasswordKeyForm.labels
    help_texts: ClassVar[dict[str, Any]] = {"password1": PASSWORD_RULE}


class AddEmailForm(PlainLabels, allauth_forms.AddEmailForm):  # type: ignore[misc]
    """Move the account to another address."""

    labels: ClassVar[dict[str, Any]] = {"email": gettext_lazy("New e-mail address")}


class ReauthenticateForm(PlainLabels, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    """Show again that it is you."""

    labels: ClassVar[dict[str, Any]] = {"password": gettext_lazy("Password")}
