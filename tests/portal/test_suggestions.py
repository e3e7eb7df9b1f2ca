"""The token of what was shown, and suggestions beside the form: they help or are silent, and never stand in the way."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from kb.models import ArticlePage
from kb.retrieval.indexing import index_article
from kb.retrieval.reconcile import recount_statistics
from kb.search import Hit
from kb.tree import ensure_home
from portal.actions.suggestions import MOST_REMEMBERED, SALT, add_shown, read_shown, shown_articles, sign_shown
from portal.models import AuditEvent, DeflectionShown
from portal.views import suggestions as view
from tests.conftest import Site

WORDS = {"subject": "Backups stop", "message": "The nightly backup stops at 40 percent."}


def _hit(article_id: int, **changes: object) -> Hit:
    fields: dict[str, object] = {
        "article_id": article_id,
        "revision_id": 1,
        "title": f"Article {article_id}",
        "url": f"/articles/{article_id}/",
        "heading_path": (),
        "passage_id": 1,
        "source_text_id": 1,
        "start": 0,
        "end": 10,
        "snippet": "Free some <b>space</b> first.",
        "score": 0.8,
        "matched": ("words",),
        "written_by": "Ada Writer",
        "reviewed_on": None,
        "language": "en",
    }
    return Hit(**{**fields, **changes})  # type: ignore[arg-type]


def test_the_token_remembers_what_was_shown_in_order_and_once() -> None:
    token = add_shown(add_shown("", [3, 1]), [1, 2])
    assert read_shown(token) == (3, 1, 2)


def test_nothing_shown_makes_no_token() -> None:
    assert sign_shown([]) == ""
    assert read_shown("") == ()


@pytest.mark.parametrize("token", ["[1,2]", "1,2", "a:b:c", "another salt"])
def test_a_token_that_is_not_ours_says_nothing(token: str) -> None:
    assert read_shown(token) == ()


def test_a_token_from_weeks_ago_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    token = sign_shown([1])
    monkeypatch.setattr("portal.actions.suggestions.VALID_SECONDS", -1)
    assert read_shown(token) == ()


def test_the_token_stays_small() -> None:
    assert len(read_shown(add_shown("", range(500)))) == MOST_REMEMBERED


def test_an_article_counts_as_opened_only_if_it_was_shown() -> None:
    shown = shown_articles(sign_shown([7, 8]), "8, 99,'; drop")
    assert [(one.article_id, one.position, one.opened) for one in shown] == [(7, 1, False), (8, 2, True)]


def test_the_salt_is_its_own() -> None:
    assert SALT != "django.core.signing"


def _publish(title: str, words: str, *, audience: str = "public") -> int:
    """An article that a worker has indexed, as in production; its id."""
    page = ArticlePage(
        title=title,
        audience=audience,
        author="Ada Writer",
        body=json.dumps([{"type": "text", "value": f"<p>{words}</p>"}]),
    )
    ensure_home().add_child(instance=page)
    page.save_revision().publish()
    return int(page.pk)


def test_a_real_search_finds_the_article_and_filing_remembers_it(site: Site, client: Client) -> None:
    shown = _publish("Backups stop at 40 percent", "When the nightly backup stops, free space on the backup volume.")
    secret = _publish("Backups stop: for staff", "The nightly backup stops when billing locks it.", audience="staff")
    with site.as_role("worker"):
        for article_id in (shown, secret):
            index_article(article_id)
        recount_statistics()
    page = client.post(reverse("portal:suggestions"), WORDS).content.decode()
    assert "Backups stop at 40 percent" in page
    assert "written by Ada Writer" in page
    assert "for staff" not in page
    token = page.split('name="shown" value="')[1].split('"')[0]
    filed = {**WORDS, "email": "mara@example.org", "shown": token, "opened": str(shown)}
    assert client.post(reverse("portal:file_ticket"), filed).status_code == 302
    assert list(DeflectionShown.objects.values_list("article_id", "opened")) == [(shown, True)]


def test_what_is_about_nothing_we_know_is_left_alone(site: Site, client: Client) -> None:
    article = _publish("Backups stop at 40 percent", "When the nightly backup stops, free space on the backup volume.")
    with site.as_role("worker"):
        index_article(article)
        recount_statistics()
    words = {"subject": "Invoice address", "message": "Please change our postal address to Lyon."}
    assert "suggestion__title" not in client.post(reverse("portal:suggestions"), words).content.decode()


@pytest.mark.django_db
class TestTheView:
    def test_each_suggestion_says_what_it_is_and_whose(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(view, "search", lambda *_, **__: [_hit(5), _hit(6)])
        page = client.post(reverse("portal:suggestions"), WORDS).content.decode()
        assert page.count("<strong>Article</strong>") == 2
        assert "written by Ada Writer" in page
        assert "not reviewed yet" in page
        assert "2 matching articles" in page
        assert "&lt;b&gt;space" in page
        token = page.split('name="shown" value="')[1].split('"')[0]
        assert read_shown(token) == (5, 6)

    def test_typing_writes_nothing(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(view, "search", lambda *_, **__: [_hit(5)])
        client.post(reverse("portal:suggestions"), WORDS)
        assert not DeflectionShown.objects.exists()
        assert not AuditEvent.objects.exists()
        assert not client.session.items()

    def test_a_stranger_costs_one_query_besides_the_search(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: object
    ) -> None:
        monkeypatch.setattr(view, "search", lambda *_, **__: [_hit(5)])
        client.post(reverse("portal:suggestions"), WORDS)
        with django_assert_num_queries(1):  # type: ignore[operator]
            client.post(reverse("portal:suggestions"), WORDS)

    def test_a_broken_search_is_silence_and_a_log_line(
        self, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def broken(*_: object, **__: object) -> list[Hit]:
            raise RuntimeError("the nightly backup")

        monkeypatch.setattr(view, "search", broken)
        token = sign_shown([4])
        response = client.post(reverse("portal:suggestions"), {**WORDS, "shown": token})
        assert response.status_code == 200
        assert "suggestion__title" not in response.content.decode()
        assert token in response.content.decode()
        assert "suggestions_unavailable" in caplog.text
        assert "nightly" not in caplog.text

    def test_a_word_too_short_to_mean_anything_is_not_searched(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def never(*_: object, **__: object) -> list[Hit]:
            raise AssertionError

        monkeypatch.setattr(view, "search", never)
        assert client.post(reverse("portal:suggestions"), {"subject": "hi"}).status_code == 200

    def test_it_is_asked_by_post_only(self, client: Client) -> None:
        assert client.get(reverse("portal:suggestions")).status_code == 405

    def test_a_flood_is_refused_without_a_word(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(view, "PER_MINUTE", 1)
        monkeypatch.setattr(view, "search", lambda *_, **__: [])
        assert client.post(reverse("portal:suggestions"), WORDS).status_code == 200
        refused = client.post(reverse("portal:suggestions"), WORDS)
        assert (refused.status_code, refused.content) == (429, b"")

    def test_without_scripts_the_button_shows_them_and_keeps_everything(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(view, "search", lambda *_, **__: [_hit(5)])
        typed = {**WORDS, "email": "mara@example.org", "name": "Mara", "action": "suggest"}
        page = client.post(reverse("portal:file_ticket"), typed).content.decode()
        assert "Article 5" in page
        assert "field__error" not in page
        for words in (*WORDS.values(), "mara@example.org", "Mara"):
            assert words in page

    def test_without_scripts_no_match_is_said_and_sending_stays_the_way(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(view, "search", lambda *_, **__: [])
        page = client.post(reverse("portal:file_ticket"), {**WORDS, "action": "suggest"}).content.decode()
        assert "No article matches" in page
        assert "Send the request" in page


@pytest.mark.django_db
class TestTheForm:
    """What the browser is told to do; that it does is walked in the journeys."""

    def _page(self, client: Client) -> str:
        return client.get(reverse("portal:file_ticket")).content.decode()

    def test_it_asks_a_quarter_of_a_second_after_the_last_key_and_drops_stale_questions(self, client: Client) -> None:
        page = self._page(client)
        asking = page[page.index('id="suggestions"') :].split(">", 1)[0]
        assert asking.count("delay:250ms") == 2
        assert 'hx-sync="this:replace"' in asking
        assert "[name='shown']" in asking
        assert "[name='email']" not in asking

    def test_only_the_count_is_announced(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        page = self._page(client)
        live = page[page.index('id="suggestions-status"') :].split("</p>", 1)[0]
        assert 'aria-live="polite"' in live
        assert live.endswith(">")  # empty until something is found
        assert page.count("aria-live") == 1
        monkeypatch.setattr(view, "search", lambda *_, **__: [_hit(1), _hit(2)])
        fragment = client.post(reverse("portal:suggestions"), WORDS).content.decode()
        assert 'data-count-text="2 matching articles"' in fragment
        assert "aria-live" not in fragment
        assert "role=" not in fragment

    def test_nothing_relevant_is_silence(self, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(view, "search", lambda *_, **__: [])
        fragment = client.post(reverse("portal:suggestions"), WORDS).content.decode()
        assert fragment.split() == ["<input", 'type="hidden"', 'name="shown"', 'value="">']

    def test_the_way_to_send_never_depends_on_them(self, client: Client) -> None:
        page = self._page(client)
        sending = page[page.index("Send the request", page.index("request-rest")) - 200 :].split("</button>", 1)[0]
        assert "disabled" not in sending
        assert "hx-" not in sending
