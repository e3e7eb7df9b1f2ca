"""The customer forms: what they refuse, in which words, and that they keep what was typed."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.utils import override_settings
from django.utils.datastructures import MultiValueDict

from portal.actions.tickets import MAX_TEXT
from portal.forms import ReplyForm, RequestForm
from tests.factories import make_category

pytestmark = pytest.mark.django_db

TYPED = {"subject": "Backups stop", "message": "At 40 percent.", "email": "mara@example.org"}


def _files(*files: SimpleUploadedFile) -> MultiValueDict[str, SimpleUploadedFile]:
    return MultiValueDict({"attachments": list(files)})


def _form(typed: dict[str, str], *files: SimpleUploadedFile, signed_in: bool = False) -> RequestForm:
    return RequestForm(typed, _files(*files), signed_in=signed_in)


def test_a_plain_request_is_enough() -> None:
    form = _form(TYPED)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["attachments"] == []
    assert isinstance(form.cleaned_data["filing_key"], uuid.UUID)


def test_somebody_signed_in_is_not_asked_who_they_are() -> None:
    form = _form({"subject": "a", "message": "b"}, signed_in=True)
    assert form.is_valid()
    assert "email" not in form.fields


@pytest.mark.parametrize("missing", ["subject", "message", "email"])
def test_what_is_missing_is_named_and_the_rest_is_kept(missing: str) -> None:
    form = _form({**TYPED, missing: " "})
    assert set(form.errors) == {missing}
    page = str(form)
    for name, value in TYPED.items():
        assert name == missing or value in page


def test_a_category_is_optional_and_must_be_in_use() -> None:
    category = make_category()
    assert _form({**TYPED, "category": ""}).is_valid()
    assert _form({**TYPED, "category": str(category.pk)}).is_valid()
    category.is_active = False
    category.save()
    make_category("Other")
    assert "category" in _form({**TYPED, "category": str(category.pk)}).errors


def test_without_categories_nobody_is_asked_for_one() -> None:
    assert "category" not in _form(TYPED).fields


def test_several_files_arrive_in_their_order() -> None:
    form = _form(TYPED, SimpleUploadedFile("a.log", b"a"), SimpleUploadedFile("b.log", b"b"))
    assert form.is_valid()
    assert [file.name for file in form.cleaned_data["attachments"]] == ["a.log", "b.log"]


@override_settings(HANDRAIL_ATTACHMENT_BYTES=4, HANDRAIL_ATTACHMENTS_PER_MESSAGE=3)
def test_each_file_that_cannot_be_taken_is_named() -> None:
    form = _form(
        TYPED,
        SimpleUploadedFile("big.log", b"12345"),
        SimpleUploadedFile("empty.log", b""),
        SimpleUploadedFile("fine.log", b"1"),
    )
    errors = form.errors["attachments"].as_text()
    assert "big.log" in errors
    assert "empty.log" in errors
    assert "fine.log" not in errors


@override_settings(HANDRAIL_ATTACHMENTS_PER_MESSAGE=1)
def test_too_many_files_are_refused() -> None:
    form = _form(TYPED, SimpleUploadedFile("a.log", b"a"), SimpleUploadedFile("b.log", b"b"))
    assert "only 1 file" in form.errors["attachments"][0]


def test_a_text_that_is_too_long_is_kept_whole_and_the_browser_never_cuts_it() -> None:
    form = ReplyForm({"message": "x" * (MAX_TEXT + 1)})
    assert "attach" in form.errors["message"][0]
    assert "x" * (MAX_TEXT + 1) in str(form["message"])
    assert "maxlength" not in str(form["message"])


def test_an_error_is_tied_to_its_field_for_screen_readers() -> None:
    page = str(_form({**TYPED, "email": "nobody"})["email"].as_field_group())
    assert 'aria-invalid="true"' in page
    assert 'aria-describedby="id_email_helptext id_email_error"' in page
    assert 'id="id_email_error"' in page
    assert 'id="id_email_helptext"' in page
