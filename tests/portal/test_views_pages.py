"""The start page, the account pages in our look, one's own details, and pages for when something goes wrong."""

import re

import pytest
from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.test.client import RequestFactory
from django.urls import reverse
from pytest_django import Settings
from wagtail.models import Page, Site

from kb.models import ArticleIndexPage, ArticlePage
from portal.middleware import AddressBehindProxy
from portal.models import AuditEvent, Ticket
from portal.views import errors
from tests.factories import make_rep, make_ticket, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def section() -> ArticleIndexPage:
    """The root of the site's articles."""
    root = Page.objects.get(depth=1)
    section: ArticleIndexPage = root.add_child(instance=ArticleIndexPage(title="Help", slug="help-of-tests"))
    Site.objects.update_or_create(is_default_site=True, defaults={"hostname": "localhost", "root_page": section})
    return section


def _add(section: ArticleIndexPage, title: str, **fields: object) -> ArticlePage:
    slug = re.sub(r"\W+", "-", title.lower())
    page: ArticlePage = section.add_child(instance=ArticlePage(title=title, slug=slug, author="Ada Writer", **fields))
    return page


class TestHome:
    def test_both_ways_are_open_to_strangers(self, client: Client) -> None:
        page = client.get("/").content.decode()
        assert reverse("kb:search") in page
        assert reverse("portal:file_ticket") in page

    def test_articles_say_whose_they_are_and_only_readable_ones_are_listed(
        self, client: Client, section: ArticleIndexPage
    ) -> None:
        _add(section, "Free some space")
        _add(section, "For staff eyes", audience="staff")
        _add(section, "Not out yet", live=False)
        page = client.get("/").content.decode()
        assert "Free some space" in page
        assert "written by Ada Writer" in page
        assert "not reviewed yet" in page
        assert "For staff eyes" not in page
        assert "Not out yet" not in page
        client.force_login(make_rep())
        assert "For staff eyes" in client.get("/").content.decode()

    def test_ones_open_requests_are_at_hand(self, client: Client) -> None:
        user = make_user()
        make_ticket(user, subject="Mine")
        make_ticket(subject="Of somebody else")
        client.force_login(user)
        page = client.get("/").content.decode()
        assert "Mine" in page
        assert "Of somebody else" not in page

    def test_only_reps_are_shown_the_way_to_the_console(self, client: Client) -> None:
        assert "/console/" not in client.get("/").content.decode()
        client.force_login(make_user())
        assert "/console/" not in client.get("/").content.decode()
        client.force_login(make_rep())
        assert "/console/" in client.get("/").content.decode()

    def test_a_request_with_markup_in_its_title_is_shown_as_written(self, client: Client) -> None:
        user = make_user()
        make_ticket(user, subject="<img src=x onerror=alert(1)>")
        client.force_login(user)
        assert "&lt;img src=x" in client.get("/").content.decode()


class TestAccountPages:
    @pytest.mark.parametrize("name", ["account_login", "account_signup", "account_reset_password"])
    def test_the_ways_in_wear_our_look(self, client: Client, name: str) -> None:
        page = client.get(reverse(name)).content.decode()
        assert "portal/handrail.css" in page
        assert 'class="field"' in page
        assert "<h1>" in page

    @pytest.mark.parametrize(
        "name", ["account_logout", "account_change_password", "account_email", "usersessions_list", "portal:profile"]
    )
    def test_so_do_the_pages_behind_them(self, client: Client, name: str) -> None:
        client.force_login(make_user())
        page = client.get(reverse(name)).content.decode()
        assert "portal/handrail.css" in page

    def test_a_wrong_password_is_said_beside_the_form(self, client: Client) -> None:
        user = make_user()
        response = client.post(reverse("account_login"), {"login": user.email, "password": "wrong"})
        assert "error-summary" in response.content.decode()


class TestProfile:
    def test_people_change_their_own_name(self, client: Client) -> None:
        user = make_user("Mara")
        client.force_login(user)
        client.post(reverse("portal:profile"), {"display_name": "Mara Lindqvist"})
        user.refresh_from_db()
        assert user.display_name == "Mara Lindqvist"
        assert AuditEvent.objects.filter(verb="user.renamed", actor=user).exists()

    def test_strangers_are_asked_to_sign_in(self, client: Client) -> None:
        assert "login" in client.get(reverse("portal:profile"))["Location"]


class TestErrorPages:
    def test_what_is_not_there_is_said_with_a_way_on(self, client: Client) -> None:
        response = client.get("/nowhere/")
        page = response.content.decode()
        assert response.status_code == 404
        assert "cannot find that page" in page
        assert reverse("portal:file_ticket") in page

    def test_a_server_error_needs_no_database(self, rf: RequestFactory, django_assert_num_queries: object) -> None:
        with django_assert_num_queries(0):  # type: ignore[operator]
            response = errors.server_error(rf.get("/"))
        assert response.status_code == 500
        assert "broke on our side" in response.content.decode()

    def test_too_much_at_once_is_said_plainly(self, client: Client, settings: object) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10  # type: ignore[attr-defined]
        client.raise_request_exception = False
        response = client.post(reverse("portal:file_ticket"), {"subject": "a", "message": "b" * 100})
        assert response.status_code == 413
        assert "too much at once" in response.content.decode()
        assert not Ticket.objects.exists()

    @pytest.mark.parametrize(("error", "status"), [(OperationalError, 503), (ValueError, 500)])
    def test_a_database_that_is_away_is_not_called_broken(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, error: type[Exception], status: int
    ) -> None:
        def broken(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(errors, "render", broken)
        client.raise_request_exception = False
        response = client.get("/nowhere/")
        page = response.content.decode()
        assert response.status_code == status
        assert ("for a moment" in page) is (status == 503)
        assert f"mailto:{settings.DEFAULT_FROM_EMAIL}" in page
        assert response.has_header("Retry-After") is (status == 503)

    @pytest.mark.parametrize("name", ["403.html", "403_csrf.html", "404.html", "429.html"])
    def test_every_error_leads_to_a_person(self, name: str, rf: RequestFactory) -> None:
        page = render_to_string(name, {}, rf.get("/"))
        assert reverse("portal:file_ticket") in page

    def test_another_bad_request_is_not_called_too_much(self, client: Client) -> None:
        response = client.get(reverse("portal:home"), headers={"host": "elsewhere.example"})
        assert response.status_code == 400
        assert "could not be read" in response.content.decode()


class TestAddressBehindProxy:
    def seen(self, rf: RequestFactory, **headers: str) -> str:
        def answer(request: HttpRequest) -> HttpResponse:
            return HttpResponse(request.META["REMOTE_ADDR"])

        return AddressBehindProxy(answer)(rf.get("/", headers=headers)).content.decode()

    def test_it_is_what_the_proxy_saw_not_what_the_visitor_wrote(self, rf: RequestFactory) -> None:
        assert self.seen(rf, x_forwarded_for="10.0.0.1, 203.0.113.7") == "203.0.113.7"

    def test_without_the_header_it_stays(self, rf: RequestFactory) -> None:
        assert self.seen(rf) == "127.0.0.1"

    def test_without_a_proxy_nobody_is_believed(self, settings: Settings) -> None:
        assert not settings.HANDRAIL_BEHIND_PROXY
        assert "portal.middleware.AddressBehindProxy" not in settings.MIDDLEWARE


def test_pages_obey_the_strict_policy(client: Client) -> None:
    response = client.get(reverse("portal:file_ticket"))
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    page = response.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=", page)
    assert '"allowEval": false' in page
