"""The start page tells an editor what asks for them, of their own alone; no list asks more for more articles."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kb.models import ArticlePage
from portal.models import User
from tests.kb.library import Blocks, editor_named, publish

pytestmark = pytest.mark.django_db

DEAD = '<p><a linktype="page" id="999999">the manual</a></p>'


@pytest.fixture
def edda() -> User:
    cache.clear()
    return editor_named("Edda")


def browser_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def start_page(person: User) -> str:
    return browser_of(person).get(reverse("wagtailadmin_home")).content.decode()


def article(title: str, *, owner: User | None = None, body: Blocks | None = None, is_due: bool = False) -> None:
    """By a script; its owner is given afterwards."""
    page = publish(title, "It is full.", body=body)
    late = timezone.localdate() - timedelta(days=1)
    ArticlePage.objects.filter(pk=page.pk).update(owner=owner, **({"review_by": late} if is_due else {}))


def test_it_counts_what_is_ones_own_and_says_so_when_there_is_nothing(edda: User) -> None:
    assert "you own no article yet" in start_page(edda)
    article("Fine", owner=edda)
    article("Somebody else's", owner=editor_named("Lena"), is_due=True)
    assert "your articles are reviewed" in start_page(edda)
    article("Mine", owner=edda, is_due=True)
    article("Broken", body=[("text", DEAD)], owner=edda)
    article("Nobody's", is_due=True)
    cache.clear()
    html = start_page(edda)
    for words in ("1 article of yours is due", "1 link in your articles leads nowhere", "that nobody owns is due"):
        assert words in html


def test_each_list_can_be_of_ones_own(edda: User) -> None:
    article("Mine and due", owner=edda, is_due=True)
    article("Mine and broken", body=[("text", DEAD)], owner=edda)
    article("Not mine", is_due=True)
    article("Not mine, broken", body=[("text", DEAD)])
    client = browser_of(edda)
    for name, title in (("article_reviews_due", "Mine and due"), ("article_dead_links", "Mine and broken")):
        mine, everything = (client.get(reverse(name), {"whose": whose}).content.decode() for whose in ("mine", ""))
        assert title in mine
        assert "Not mine" not in mine
        assert "Not mine" in everything
        assert "Not mine" in client.get(reverse(name), {"whose": "nobody"}).content.decode()


@pytest.mark.parametrize(
    "name", ["article_reviews_due", "article_dead_links", "article_missing_pictures", "article_emergencies"]
)
def test_a_longer_list_asks_the_database_no_more_often(edda: User, name: str) -> None:
    client, address = browser_of(edda), reverse(name)
    picture: tuple[str, object] = ("picture", {"image": None, "alt": "The lamp", "caption": ""})

    def more(number: int) -> None:
        for turn in range(number):
            article(f"{number}-{turn}", owner=edda, body=[("text", DEAD), picture], is_due=True)

    more(1)
    client.get(address)
    few = _queries(client, address)
    more(4)
    assert _queries(client, address) <= few


def _queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return len(asked)
