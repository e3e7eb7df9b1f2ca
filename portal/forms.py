"""What customers fill in. Every check is here on the server; the pages only help to pass it.

Invariant: an error never costs a word: each form redisplays what was typed, and names the files to choose again.
"""

import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxLengthValidator
from django.forms.renderers import DjangoTemplates
from django.template.defaultfilters import filesizeformat
from django.utils.datastructures import MultiValueDict
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.actions.tickets import MAX_TEXT
from portal.models import Category

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SUBJECT_CHARACTERS = 250


class HandrailRenderer(DjangoTemplates):
    """Fields and forms in our own markup: label, help, error, control, tied together for screen readers."""

    form_template_name = "portal/_form.html"
    field_template_name = "portal/_field.html"


class HandrailForm(forms.Form):
    """A form in our look."""

    default_renderer = HandrailRenderer
    use_required_attribute = False


class SeveralFilesInput(forms.ClearableFileInput):
    """A file field that takes several files at once."""

    allow_multiple_selected = True


def _limits_in_words() -> str:
    return _("Logs, screenshots: up to {number} files of {size} each.").format(
        number=settings.HANDRAIL_ATTACHMENTS_PER_MESSAGE, size=filesizeformat(settings.HANDRAIL_ATTACHMENT_BYTES)
    )


class AttachmentsField(forms.FileField):
    """Several files, each within the site's limits; its value is a list of uploads."""

    def __init__(self) -> None:
        attrs = {
            "data-max-bytes": settings.HANDRAIL_ATTACHMENT_BYTES,
            "data-too-large": gettext_lazy("too large to send"),
        }
        super().__init__(
            label=gettext_lazy("Files"),
            help_text=lazy(_limits_in_words, str)(),
            required=False,
            allow_empty_file=True,
            max_length=255,
            widget=SeveralFilesInput(attrs=attrs),
        )

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        """Check number and size, naming each file that cannot be taken."""
        files = [super(AttachmentsField, self).clean(one, initial) for one in (data or [])]
        most = settings.HANDRAIL_ATTACHMENTS_PER_MESSAGE
        errors = []
        if len(files) > most:
            words = ngettext("Only {most} file can be sent at once.", "Only {most} files can be sent at once.", most)
            errors.append(words.format(most=most))
        for file in files:
            if file.size > settings.HANDRAIL_ATTACHMENT_BYTES:
                errors.append(
                    _("“{name}” is {size} large; we can take up to {limit}.").format(
                        name=file.name,
                        size=filesizeformat(file.size),
                        limit=filesizeformat(settings.HANDRAIL_ATTACHMENT_BYTES),
                    )
                )
            elif not file.size:
                errors.append(_("“{name}” is empty.").format(name=file.name))
        if errors:
            raise ValidationError(errors)
        return files


def at_most(most: int, message: "str | _StrPromise") -> MaxLengthValidator:
    """A limit checked here and not by the browser, which would cut what is pasted without a word."""
    return MaxLengthValidator(most, message)


def message_field(label: "str | _StrPromise", help_text: "str | _StrPromise" = "") -> forms.CharField:
    """The field for what a customer has to say: long enough for a pasted error, line breaks kept."""
    too_long = gettext_lazy("This is longer than %(limit_value)d characters. Please attach the long part as a file.")
    return forms.CharField(
        label=label,
        help_text=help_text,
        validators=[at_most(MAX_TEXT, too_long)],
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Please write what happened.")},
    )


class RequestForm(HandrailForm):
    """A new request. A person without an account also says where the answer should go."""

    subject = forms.CharField(
        label=gettext_lazy("In a few words"),
        validators=[
            at_most(
                SUBJECT_CHARACTERS,
                gettext_lazy("Please keep the title under %(limit_value)d characters and say the rest below."),
            )
        ],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Please give your request a short title.")},
    )
    message = message_field(
        gettext_lazy("What happened"),
        gettext_lazy("Paste error messages as they are. What did you do, what did you expect, what came instead?"),
    )
    attachments = AttachmentsField()
    category = forms.ModelChoiceField(
        label=gettext_lazy("What it is about"),
        queryset=Category.objects.none(),
        required=False,
        empty_label=gettext_lazy("I am not sure"),
        error_messages={"invalid_choice": gettext_lazy("Please choose again: that one is no longer in use.")},
    )
    email = forms.EmailField(
        label=gettext_lazy("Your e-mail address"),
        help_text=gettext_lazy("The answer goes there."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "required": gettext_lazy("Please say where the answer should go."),
            "invalid": gettext_lazy("This does not look like an e-mail address."),
        },
    )
    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    filing_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    opened = forms.CharField(widget=forms.HiddenInput, required=False, max_length=500)

    def __init__(self, *args: Any, signed_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["filing_key"].initial = uuid.uuid4
        if signed_in:
            del self.fields["email"], self.fields["name"]
        categories = list(Category.objects.filter(is_active=True))
        if categories:
            self.fields["category"].queryset = Category.objects.filter(is_active=True)  # type: ignore[attr-defined]
        else:
            del self.fields["category"]

    def clean_filing_key(self) -> uuid.UUID:
        """A page without a key (an old bookmark, a script) files all the same, as a request of its own."""
        return self.cleaned_data["filing_key"] or uuid.uuid4()


class ReplyForm(HandrailForm):
    """A further message of a customer on their request."""

    message = message_field(gettext_lazy("Your message"))
    attachments = AttachmentsField()


class ProfileForm(HandrailForm):
    """What people may change of themselves here."""

    display_name = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As it should stand over your messages."),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


def chosen_file_names(files: "MultiValueDict[str, UploadedFile[Any]]") -> list[str]:
    """The names of the files sent with a form, for the sentence that asks to choose them again."""
    return [file.name or "" for file in files.getlist("attachments")]
