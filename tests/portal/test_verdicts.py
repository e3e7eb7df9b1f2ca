"""“Did this solve it?”: only what is pressed counts, nobody is named, a no leads to a person."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse
from wagtail.models import Page
from wagtail.models import Site as WagtailSite

from kb.models import ArticleIndexPage, ArticlePage
from portal.actions.suggestions import read_shown
from portal.actions.tickets import add_customer_message
from portal.models import ArticleVerdict, AuditEvent, DeflectionShown, Message, ReplyVerdict, Ticket
from portal.permissions import follow_token
from portal.views import verdicts
from tests.conftest import Site
from tests.factories import make_rep, make_ticket, make_user
from tests.guard.conftest import RELEASE, Scene, scene, session  # noqa: F401 - a fixture


@pytest.fixture
def article() -> ArticlePage:
    root = Page.objects.get(depth=1)
    section = root.add_child(instance=ArticleIndexPage(title="Help", slug="help-of-tests"))
    WagtailSite.objects.update_or_create(is_default_site=True, defaults={"hostname": "localhost", "root_page": section})
    page: ArticlePage = section.add_child(instance=ArticlePage(title="Free some space", slug="free-some-space"))
    return page


def _judge(client: Client, article: ArticlePage, solved: str, **more: str) -> object:
    return client.post(reverse("portal:judge_article", args=[article.pk]), {"solved": solved, **more})


@pytest.mark.django_db
class TestArticles:
    def test_every_article_asks_and_reading_it_writes_nothing(self, client: Client, article: ArticlePage) -> None:
        page = client.get(article.url).content.decode()
        assert "Did this solve it?" in page
        assert reverse("portal:judge_article", args=[article.pk]) in page
        assert not ArticleVerdict.objects.exists()
        assert ArticleVerdict.objects.tally().asked == 0

    def test_a_yes_is_kept_without_a_person(self, client: Client, article: ArticlePage) -> None:
        client.force_login(make_user())
        response = client.post(reverse("portal:judge_article", args=[article.pk]), {"solved": "yes"}, follow=True)
        assert "Thank you" in response.content.decode()
        tally = ArticleVerdict.objects.tally()
        assert (tally.solved, tally.unsolved, tally.asked) == (1, 0, 1)
        event = AuditEvent.objects.get(verb="article.judged")
        assert event.actor is None
        fields = {field.name for field in ArticleVerdict._meta.get_fields()}
        assert fields == {"id", "article", "solved", "came_from", "created_at"}

    def test_a_no_leads_to_the_form_with_the_article_and_is_filed_with_it(
        self, client: Client, article: ArticlePage
    ) -> None:
        form = client.post(reverse("portal:judge_article", args=[article.pk]), {"solved": "no"}, follow=True)
        page = form.content.decode()
        assert "Free some space" in page
        assert "did not solve it" in page
        shown = form.context["shown"]
        assert read_shown(shown) == (article.pk,)
        client.post(
            reverse("portal:file_ticket"),
            {"subject": "A", "message": "B", "email": "m@example.org", "shown": shown, "opened": str(article.pk)},
        )
        assert DeflectionShown.objects.get().opened
        assert ArticleVerdict.objects.tally().unsolved == 1

    def test_changing_ones_mind_changes_the_word(self, client: Client, article: ArticlePage) -> None:
        _judge(client, article, "yes")
        _judge(client, article, "no")
        tally = ArticleVerdict.objects.tally()
        assert (tally.solved, tally.unsolved) == (0, 1)
        _judge(Client(), article, "yes")
        assert ArticleVerdict.objects.tally().asked == 2

    @pytest.mark.parametrize(("said", "kept"), [("search", "search"), ("suggestion", "suggestion"), ("<x>", "other")])
    def test_where_the_reader_came_from_is_one_of_three(
        self, client: Client, article: ArticlePage, said: str, kept: str
    ) -> None:
        _judge(client, article, "yes", came_from=said)
        assert ArticleVerdict.objects.get().came_from == kept

    @pytest.mark.parametrize(
        ("came", "kept"), [("portal:file_ticket", "suggestion"), ("kb:search", "search"), ("portal:home", "other")]
    )
    def test_the_page_knows_where_its_reader_came_from(
        self, client: Client, article: ArticlePage, came: str, kept: str
    ) -> None:
        page = client.get(article.url, headers={"referer": f"http://testserver{reverse(came)}?q=x"}).content.decode()
        assert f'name="came_from" value="{kept}"' in page

    def test_what_one_may_not_read_one_cannot_judge(self, client: Client, article: ArticlePage) -> None:
        article.audience = "staff"
        article.save()
        url = reverse("portal:judge_article", args=[article.pk])
        assert client.post(url, {"solved": "no"}).status_code == 404
        assert (
            "Free some space"
            not in client.get(f"{reverse('portal:file_ticket')}?article={article.pk}").content.decode()
        )
        assert not ArticleVerdict.objects.exists()
        client.force_login(make_rep())
        assert client.post(url, {"solved": "no"}).status_code == 302

    @pytest.mark.parametrize("number", ["x", "-1", "9" * 30, "987654"])
    def test_a_mistyped_article_opens_the_plain_form(self, client: Client, number: str) -> None:
        assert client.get(f"{reverse('portal:file_ticket')}?article={number}").status_code == 200

    def test_it_takes_a_post(self, client: Client, article: ArticlePage) -> None:
        assert client.get(reverse("portal:judge_article", args=[article.pk])).status_code == 405

    def test_a_flood_is_not_counted_and_still_led_on(
        self, client: Client, article: ArticlePage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(verdicts, "PER_TEN_MINUTES", 2)
        for _ in range(4):
            assert (
                Client().post(reverse("portal:judge_article", args=[article.pk]), {"solved": "no"}).status_code == 302
            )
        assert ArticleVerdict.objects.count() == 2


def _answer(scene: Scene, text: str = "Please restart the agent.") -> Message:  # noqa: F811
    with session(scene.site, "web") as web:
        web.execute(RELEASE, scene.arguments(scene.payload(text)))
        web.commit()
    return Message.objects.get(payload__text=text)


class TestReplies:
    @pytest.fixture
    def customer(self, scene: Scene) -> Client:  # noqa: F811
        client = Client()
        client.force_login(scene.ticket.requester)
        return client

    def _page(self, client: Client, ticket: Ticket) -> str:
        return client.get(reverse("portal:ticket", args=[ticket.reference])).content.decode()

    def _press(self, client: Client, ticket: Ticket, message: int, solved: str) -> str:
        url = reverse("portal:judge_reply", args=[ticket.reference])
        response = client.post(url, {"message": message, "solved": solved}, follow=True)
        ticket.refresh_from_db()
        return response.content.decode()

    def test_it_is_asked_once_an_answer_is_there_and_silence_changes_nothing(
        self,
        scene: Scene,  # noqa: F811
        customer: Client,
    ) -> None:
        assert "Did this solve it?" not in self._page(customer, scene.ticket)
        _answer(scene)
        assert "Did this solve it?" in self._page(customer, scene.ticket)
        assert not ReplyVerdict.objects.exists()

    def test_yes_solves_the_request(self, scene: Scene, customer: Client) -> None:  # noqa: F811
        message = _answer(scene)
        assert "marked as solved" in self._press(customer, scene.ticket, message.pk, "yes")
        assert scene.ticket.status == Ticket.Status.SOLVED
        assert ReplyVerdict.objects.get(message=message).solved
        assert AuditEvent.objects.get(verb="reply.judged").actor == scene.ticket.requester
        assert "Did this solve it?" not in self._page(customer, scene.ticket)

    def test_no_keeps_it_open_and_says_that_a_person_reads_it(self, scene: Scene, customer: Client) -> None:  # noqa: F811
        message = _answer(scene)
        assert "a person reads it" in self._press(customer, scene.ticket, message.pk, "no")
        assert scene.ticket.status == Ticket.Status.OPEN
        assert not ReplyVerdict.objects.get(message=message).solved

    def test_the_last_word_counts_and_a_second_press_is_one(self, scene: Scene, customer: Client) -> None:  # noqa: F811
        message = _answer(scene)
        for solved in ("no", "yes", "yes"):
            self._press(customer, scene.ticket, message.pk, solved)
        assert ReplyVerdict.objects.get().solved
        assert AuditEvent.objects.filter(verb="reply.judged").count() == 2

    def test_what_was_not_read_cannot_be_judged(self, scene: Scene, customer: Client) -> None:  # noqa: F811
        first = _answer(scene)
        add_customer_message(actor=scene.ticket.requester, ticket=scene.ticket, text="Hm.")
        _answer(scene, "Then update it.")
        assert "newer answer" in self._press(customer, scene.ticket, first.pk, "yes")
        assert scene.ticket.status == Ticket.Status.WAITING
        assert "newer answer" in self._press(customer, scene.ticket, 0, "yes")
        assert not ReplyVerdict.objects.exists()

    def test_only_the_requester_judges_and_a_link_holder_stands_for_them(self, scene: Scene) -> None:  # noqa: F811
        message = _answer(scene)
        url = reverse("portal:judge_reply", args=[scene.ticket.reference])
        for somebody in (None, make_user("Eve"), scene.rep):
            client = Client()
            if somebody:
                client.force_login(somebody)
            assert client.post(url, {"message": message.pk, "solved": "yes"}).status_code == 404
        assert not ReplyVerdict.objects.exists()
        holder = Client()
        holder.get(reverse("portal:follow", args=[follow_token(scene.ticket)]))
        assert holder.post(url, {"message": message.pk, "solved": "yes"}).status_code == 302
        assert ReplyVerdict.objects.get().solved

    def test_a_rep_who_reads_the_page_is_not_asked(self, scene: Scene) -> None:  # noqa: F811
        _answer(scene)
        client = Client()
        client.force_login(scene.rep)
        assert "Did this solve it?" not in self._page(client, scene.ticket)


def test_two_presses_of_one_reply_at_once_store_one_message(site: Site) -> None:
    ticket = make_ticket()
    key = uuid.uuid4()
    with session(site, "web") as other:
        row = (
            "INSERT INTO portal_message"
            " (ticket_id, direction, author_id, visible_from, automatic, created_at, form_key)"
            " VALUES (%s, 'inbound', %s, now(), 'none', now(), %s)"
        )
        other.execute(row, [ticket.pk, ticket.requester_id, key])
        other.commit()
    message = add_customer_message(actor=ticket.requester, ticket=ticket, text="Again.", form_key=key)
    assert message.form_key == key
    assert ticket.messages.count() == 2
