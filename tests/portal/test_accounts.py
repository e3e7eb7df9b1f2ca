"""Accounts as people meet them: pages in our look, links that no longer work, requests that find their owner."""

import re
from pathlib import Path

import allauth
import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.urls import NoReverseMatch, get_resolver, reverse

from portal.actions.accounts import ensure_guest
from portal.mail.compose import mail_of_notice
from portal.models import AuditEvent, Notice, OutboxEntry, User
from portal.templatetags.portal_words import browser_in_words
from tests.factories import PASSWORD, make_ticket, make_user, sign_in

pytestmark = pytest.mark.django_db

NEW = "stairs landing banister rail"
OURS = Path(__file__).resolve().parents[2] / "portal/templates"
# Nothing leads there: codes, phones and passkeys are switched off.
OFF = {
    "confirm_login_code.html",
    "request_login_code.html",
    "signup_by_passkey.html",
    "phone_change.html",
    "email.html",
}


def _mailed_link(notice: Notice) -> str:
    """The path of the link in the newest mail of this kind."""
    mail = mail_of_notice(OutboxEntry.objects.filter(notice=notice).latest("pk"))
    found = re.search(rf"{re.escape(settings.HANDRAIL_PUBLIC_URL)}(\S+)", mail.text)
    assert found is not None
    return found.group(1)


def _sign_up(client: Client, email: str, **more: str) -> str:
    typed = {"email": email, "password1": NEW, "password2": NEW, **more}
    return client.post(reverse("account_signup"), typed, follow=True).content.decode()


def test_no_page_of_allauth_that_can_be_reached_is_left_in_its_own_look() -> None:
    theirs = Path(allauth.__file__).parent / "templates"
    pages = {
        page.relative_to(theirs)
        for folder in ("account", "usersessions")
        for page in (theirs / folder).glob("*.html")
        if not page.name.startswith("base_") and "confirm_" not in page.name and page.name not in OFF
    }
    assert {page for page in pages if not (OURS / page).exists()} <= {Path("account/email.html")}


def test_somebody_signs_up_confirms_and_is_let_in(client: Client) -> None:
    assert "Look in your mail" in _sign_up(client, "Nora@example.org", display_name="Nora Berg")
    user = User.objects.get(email="nora@example.org")
    assert user.display_name == "Nora Berg"
    link = _mailed_link(Notice.EMAIL_CONFIRMATION)
    page = client.get(link).content.decode()
    assert "Is nora@example.org yours?" in page
    client.post(link)
    assert EmailAddress.objects.get(user=user).verified
    response = Client().post(reverse("account_login"), {"login": user.email, "password": NEW})
    assert response.status_code == 302


def test_before_the_address_is_confirmed_nobody_is_let_in(client: Client) -> None:
    _sign_up(client, "nora@example.org")
    page = Client().post(reverse("account_login"), {"login": "nora@example.org", "password": NEW}, follow=True)
    assert "Look in your mail" in page.content.decode()
    assert not page.context["user"].is_authenticated


def test_whoever_wrote_without_an_account_gets_one_by_the_link_and_finds_their_requests(client: Client) -> None:
    guest = ensure_guest(actor=None, email="mara@example.org", name="Mara")
    make_ticket(guest, subject="From before", verified=False)
    assert "Look in your mail" in _sign_up(client, "mara@example.org")
    assert not OutboxEntry.objects.filter(notice=Notice.ACCOUNT_EXISTS).exists()
    chosen = client.get(_mailed_link(Notice.PASSWORD_RESET), follow=True)
    assert "Choose a new password" in chosen.content.decode()
    client.post(chosen.request["PATH_INFO"], {"password1": NEW, "password2": NEW})
    assert "From before" in client.get(reverse("portal:tickets")).content.decode()
    assert EmailAddress.objects.get(user=guest).verified
    assert AuditEvent.objects.filter(verb="user.password_reset", actor=guest).exists()
    assert Client().post(reverse("account_login"), {"login": guest.email, "password": NEW}).status_code == 302


def test_signing_up_with_the_address_of_an_account_tells_its_owner_alone(client: Client) -> None:
    user = make_user(email="mara@example.org")
    assert "Look in your mail" in _sign_up(client, "mara@example.org")
    assert OutboxEntry.objects.get(notice=Notice.ACCOUNT_EXISTS).user == user
    assert User.objects.filter(email="mara@example.org").count() == 1


def test_a_reset_of_an_unknown_address_says_the_same_and_mails_nobody(client: Client) -> None:
    make_user(email="mara@example.org")
    known, unknown = (
        client.post(reverse("account_reset_password"), {"email": email}, follow=True).content.decode()
        for email in ("mara@example.org", "nobody@example.org")
    )
    assert "Look in your mail" in known
    assert "Look in your mail" in unknown
    assert OutboxEntry.objects.filter(notice=Notice.PASSWORD_RESET).count() == 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("account_confirm_email", ["nonsense"]),
        ("account_reset_password_from_key", ["1", "nonsense"]),
    ],
)
def test_a_link_that_no_longer_works_says_so_and_leads_on(client: Client, name: str, arguments: list[str]) -> None:
    page = client.get(reverse(name, args=arguments), follow=True).content.decode()
    assert "This link no longer works" in page
    assert reverse("portal:file_ticket") in page
    assert "Bad Token" not in page


class TestChangingTheAddress:
    def test_the_new_one_counts_once_it_is_confirmed(self) -> None:
        user = make_user(email="old@example.org")
        client = sign_in(user)
        url = reverse("account_email")
        page = client.post(url, {"email": "new@example.org", "action_add": ""}, follow=True).content.decode()
        assert "new@example.org waits to be confirmed" in page
        user.refresh_from_db()
        assert user.email == "old@example.org"
        client.post(_mailed_link(Notice.EMAIL_CONFIRMATION))
        user.refresh_from_db()
        assert user.email == "new@example.org"
        assert AuditEvent.objects.filter(verb="user.email_changed", actor=user).exists()

    def test_it_can_be_taken_back_and_its_mail_stays_on_record(self) -> None:
        client = sign_in(make_user(email="old@example.org"))
        url = reverse("account_email")
        client.post(url, {"email": "new@example.org", "action_add": ""})
        client.post(url, {"email": "new@example.org", "action_remove": ""})
        assert "waits to be confirmed" not in client.get(url).content.decode()
        assert OutboxEntry.objects.filter(notice=Notice.EMAIL_CONFIRMATION).count() == 1

    def test_the_address_of_somebody_who_wrote_without_an_account_is_not_handed_over(self) -> None:
        guest = ensure_guest(actor=None, email="mara@example.org", name="Mara")
        make_ticket(guest, subject="Not yours", verified=False)
        user = make_user(email="old@example.org")
        client = sign_in(user)
        client.post(reverse("account_email"), {"email": "mara@example.org", "action_add": ""})
        page = client.post(_mailed_link(Notice.EMAIL_CONFIRMATION), follow=True).content.decode()
        assert "belongs to another account" in page
        user.refresh_from_db()
        assert user.email == "old@example.org"
        assert "Not yours" not in client.get(reverse("portal:tickets")).content.decode()


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("account_login", {"login": "email", "password": "current-password"}),
        ("account_signup", {"email": "email", "password1": "new-password", "display_name": "name"}),
        ("account_reset_password", {"email": "email"}),
    ],
)
def test_the_ways_in_help_password_managers_and_say_each_thing_once(
    client: Client, name: str, fields: dict[str, str]
) -> None:
    page = client.get(reverse(name)).content.decode()
    for field, autocomplete in fields.items():
        control = re.search(rf'<input[^>]*name="{field}"[^>]*>', page)
        assert control is not None
        assert f'autocomplete="{autocomplete}"' in control.group(0)
        assert re.search(rf'<label for="id_{field}"', page)
    assert "placeholder" not in page


def test_a_wrong_password_is_said_in_plain_words(client: Client) -> None:
    user = make_user()
    page = client.post(reverse("account_login"), {"login": user.email, "password": "wrong"}).content.decode()
    assert "do not go together" in page
    assert reverse("account_reset_password") in page


@override_settings(ACCOUNT_RATE_LIMITS={"reset_password": "1/h/ip"})
def test_too_often_is_said_on_a_page_of_ours(client: Client) -> None:
    for _ in range(2):
        response = client.post(reverse("account_reset_password"), {"email": "a@example.org"})
    assert response.status_code == 429
    assert "too often" in response.content.decode()
    assert "portal/handrail.css" in response.content.decode()


def test_where_one_is_signed_in_is_said_in_words_and_others_can_be_signed_out() -> None:
    user = make_user()
    here, there = sign_in(user), sign_in(user)
    url = reverse("usersessions_list")
    page = here.get(url).content.decode()
    assert "Sign out everywhere else" in page
    here.post(url)
    assert there.get(url).status_code == 302
    assert here.get(url).status_code == 200


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36",
            "Chrome on Linux",
        ),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) Version/26.0 Mobile Safari/604.1", "Safari on iPhone"),
        ("curl/8", "An unknown browser"),
    ],
)
def test_browsers_have_names(user_agent: str, words: str) -> None:
    assert browser_in_words(user_agent) == words


def test_a_changed_password_is_said_and_needs_the_present_one() -> None:
    user = make_user()
    client = sign_in(user)
    url = reverse("account_change_password")
    typed = {"password1": NEW, "password2": NEW}
    assert "not your present password" in client.post(url, {**typed, "oldpassword": "wrong"}).content.decode()
    page = client.post(url, {**typed, "oldpassword": PASSWORD}, follow=True).content.decode()
    assert "Your password is changed" in page


def test_every_account_address_answers_in_our_frame() -> None:
    client = sign_in(make_user())
    names = [name for name in get_resolver().reverse_dict if isinstance(name, str) and name.startswith("account_")]
    assert len(names) > 10
    for name in names:
        try:
            url = reverse(name)
        except NoReverseMatch:  # those that need a key are tested above
            continue
        for visitor in (client, Client()):
            response = visitor.get(url, follow=True)
            assert "portal/handrail.css" in response.content.decode(), url
