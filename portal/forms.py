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
from django.http import QueryDict
from django.template.defaultfilters import filesizeformat
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal import staging
from portal.actions.tickets import MAX_TEXT
from portal.models import ArticleFlag, Category

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
        """The files as they came; `FilesForm` says which of them can be taken."""
        return [super(AttachmentsField, self).clean(one, initial) for one in (data or [])]


class KeyField(forms.UUIDField):
    """The hidden key of one form page. A page without one (opened long ago, a script) is a sending of its own."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput, required=False, initial=uuid.uuid4)

    def clean(self, value: Any) -> uuid.UUID:
        """Never refuses: nobody can mend what they cannot see."""
        try:
            key: uuid.UUID | None = super().clean(value)
        except ValidationError:
            key = None
        return key or uuid.uuid4()


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


class FilesForm(HandrailForm):
    """A form with files. Each file that cannot be taken is named with its reason; the others are kept meanwhile.

    `kept` are files put aside when this form was refused before; they go with it like those chosen now.
    """

    attachments = AttachmentsField()

    def __init__(self, data: Any = None, files: Any = None, **kwargs: Any) -> None:
        super().__init__(data, files, **kwargs)
        self.kept = staging.find(data.getlist("kept")) if isinstance(data, QueryDict) else []
        self.choose_again: list[str] = []
        self._accepted: list[UploadedFile[Any]] = []

    def clean_attachments(self) -> "list[UploadedFile[Any]]":
        """All files that go with the message, those kept first."""
        room = settings.HANDRAIL_ATTACHMENTS_PER_MESSAGE - len(self.kept)
        errors = []
        for file in self.cleaned_data["attachments"]:
            if reason := reason_to_refuse(file, room=room - len(self._accepted)):
                errors.append(reason)
            else:
                self._accepted.append(file)
        if errors:
            raise ValidationError(errors)
        return [*(file.as_upload() for file in self.kept), *self._accepted]

    def put_files_aside(self, *, allowed: bool) -> None:
        """Keep the files that can be taken until this form is sent again; name them when that is not possible."""
        try:
            if not allowed:
                raise OSError("too many files put aside")
            self.kept += staging.keep(self._accepted)
        except OSError:
            self.choose_again = [file.name or "" for file in self._accepted]
        self._accepted = []

    def forgive_all_but_files(self) -> None:
        """Drop the errors of fields that are not filled in yet; a file that cannot be taken is said at once."""
        for name in [name for name in self.errors if name != "attachments"]:
            del self.errors[name]


def reason_to_refuse(file: "UploadedFile[Any]", *, room: int) -> str:
    """Why a file cannot be taken, by its name; empty when it can. `room` is for how many more there is room."""
    size = file.size or 0
    if size > settings.HANDRAIL_ATTACHMENT_BYTES:
        return _("“{name}” is {size} large; we can take up to {limit}.").format(
            name=file.name,
            size=filesizeformat(size),
            limit=filesizeformat(settings.HANDRAIL_ATTACHMENT_BYTES),
        )
    if not size:
        return _("“{name}” is empty.").format(name=file.name)
    if room <= 0:
        most = settings.HANDRAIL_ATTACHMENTS_PER_MESSAGE
        return ngettext(
            "“{name}” is one too many: only {most} file can be sent at once.",
            "“{name}” is one too many: only {most} files can be sent at once.",
            most,
        ).format(name=file.name, most=most)
    return ""


class RequestForm(FilesForm):
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
    filing_key = KeyField()
    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    opened = forms.CharField(widget=forms.HiddenInput, required=False, max_length=500)

    field_order = ("subject", "message", "attachments")

    def __init__(self, *args: Any, signed_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if signed_in:
            del self.fields["email"], self.fields["name"]
        categories = list(Category.objects.filter(is_active=True))
        if categories:
            self.fields["category"].queryset = Category.objects.filter(is_active=True)  # type: ignore[attr-defined]
        else:
            del self.fields["category"]


class ReplyForm(FilesForm):
    """A further message of a customer on their request. Its key makes a second press the same message."""

    message = message_field(gettext_lazy("Your message"))
    form_key = KeyField()

    field_order = ("message", "attachments")


class ProfileForm(HandrailForm):
    """What people may change of themselves here."""

    display_name = forms.CharField(
        label=gettext_lazy("Name"),
        help_text=gettext_lazy("As it should stand over your messages."),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class FlagForm(HandrailForm):
    """What is wrong with an article, for its editors."""

    reason = forms.ChoiceField(
        label=gettext_lazy("What is wrong?"),
        choices=[("", gettext_lazy("Choose one")), *ArticleFlag.Reason.choices],
        error_messages={"required": gettext_lazy("Choose what is wrong with it.")},
    )
    comment = forms.CharField(
        label=gettext_lazy("In your words"),
        help_text=gettext_lazy("Which step, and what happens instead. Nothing about the customer, please."),
        required=False,
        validators=[at_most(500, gettext_lazy("Please say it in %(limit_value)d characters."))],
        widget=forms.Textarea(attrs={"rows": 4}),
    )
