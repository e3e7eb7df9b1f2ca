"""Synonyms and pins: they add to what is found, show nobody what they may not read, and silence nothing."""

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import ModelLogEntry

from kb.curation import Curation, curate, phrase_key
from kb.models import Pin, Synonym
from kb.search import search
from portal.models import User
from tests.conftest import Site
from tests.kb.library import editor_named, index, publish

PUBLIC = frozenset({"public"})


def titles(question: str, audiences: frozenset[str] = PUBLIC, limit: int = 5) -> list[str]:
    return [hit.title for hit in search(question, audiences=audiences, limit=limit)]


@pytest.mark.parametrize(
    ("typed", "key"), [("NAS", "nas"), ("  Café  Müller ", "cafe muller"), ("HF-2104!", "hf-2104"), ("...", "")]
)
def test_a_phrase_is_kept_folded(typed: str, key: str) -> None:
    assert phrase_key(typed) == key


@pytest.mark.django_db
def test_only_phrases_of_the_question_count_and_pins_only_in_short_ones() -> None:
    article = publish("The queue", "It is full.")
    Synonym.objects.create(phrase="NAS", meaning="network storage")
    Synonym.objects.create(phrase="disk", meaning="drive", is_used=False)
    Pin.objects.create(phrase="my nas", article=article)
    assert curate("Where is my NAS?") == Curation(("network storage",), (article.pk,))
    assert curate("disk of the nasal kind") == Curation()
    assert curate("my nas " + "is full and slow " * 5) == Curation(("network storage",), ())
    with CaptureQueriesContext(
        connection,
    ) as queries:
        curate("where is my nas")
    assert len(queries) == 1


@pytest.mark.django_db
def test_the_same_is_not_said_twice() -> None:
    Synonym.objects.create(phrase="NAS", meaning="network storage")
    page = publish("The queue", "It is full.")
    Pin.objects.create(phrase="queue", article=page)
    for again in (Synonym(phrase=" nas ", meaning="network storage"), Pin(phrase="Queue", article=page)):
        with pytest.raises(ValidationError, match="stands here already"):
            again.full_clean()
    Synonym(phrase="NAS", meaning="box").full_clean()


def test_who_types_a_synonym_finds_what_it_means(site: Site) -> None:
    index(site, publish("Connect network storage", "Choose the network storage under Targets and sign in to it."))
    index(site, publish("Print an invoice", "Choose the invoice and print it."))
    assert titles("zorblax") == []
    Synonym.objects.create(phrase="Zorblax", meaning="connect network storage")
    assert titles("zorblax") == ["Connect network storage"]
    assert titles("quuxly") == []


def test_a_synonym_never_silences_what_the_question_finds(site: Site) -> None:
    index(site, publish("The export queue", "The export queue is full. Empty the queue by hand."))
    assert titles("export queue full") == ["The export queue"]
    Synonym.objects.create(phrase="queue", meaning="zebra giraffe elephant crocodile hippopotamus rhinoceros paint")
    assert titles("export queue full") == ["The export queue"]


def test_a_pinned_article_stands_first_and_once(site: Site) -> None:
    index(site, *[publish(f"Queue {n}", f"The export queue number {n} is full.") for n in range(3)])
    index(site, pinned := publish("Maintenance tonight", "All exports stop at nine."))
    assert titles("export queue is full")[0] != "Maintenance tonight"
    Pin.objects.create(phrase="export queue", article=pinned)
    found = titles("export queue is full")
    assert found[0] == "Maintenance tonight"
    assert (len(found), len(set(found))) == (4, 4)
    assert titles("export queue is full", limit=1) == ["Maintenance tonight"]
    hit = search("export queue is full", audiences=PUBLIC)[0]
    assert "chosen by our editors" in hit.matched


@pytest.mark.parametrize("audience", ["staff", "org:7"])
def test_a_pin_shows_nobody_what_they_may_not_read(site: Site, audience: str) -> None:
    index(site, publish("The export queue", "The export queue is full."))
    index(site, secret := publish("The secret queue", "Known to few.", audience=audience))
    Pin.objects.create(phrase="export queue", article=secret)
    assert titles("export queue is full") == ["The export queue"]
    assert titles("export queue is full", frozenset({"public", audience}))[0] == "The secret queue"
    secret.unpublish()
    assert titles("export queue is full", frozenset({"public", audience})) == ["The export queue"]


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_editor_sees_the_effect_before_it_counts(site: Site) -> None:
    index(site, publish("Connect network storage", "Choose the network storage under Targets."))
    client = client_of(editor_named("Edda"))
    new = {"phrase": "Zorblax", "meaning": "connect network storage"}
    html = client.post(reverse("wagtailsnippets_kb_synonym:add"), new, follow=True).content.decode()
    entry = Synonym.objects.get()
    assert (entry.phrase_key, entry.is_used) == ("zorblax", False)
    before, _, after = html.partition('id="without"')[2].partition('id="with"')
    assert "Nothing is found" in before
    assert "Connect network storage" in after
    assert titles("zorblax") == []
    address = reverse("wagtailsnippets_kb_synonym:inspect", args=[entry.pk])
    assert "It changes nothing" in client.get(address, {"question": "an invoice"}).content.decode()
    client.post(reverse("wagtailsnippets_kb_synonym:edit", args=[entry.pk]), {**new, "is_used": "on"})
    assert titles("zorblax") == ["Connect network storage"]
    assert {entry.user.display_name for entry in ModelLogEntry.objects.all()} == {"Edda"}


@pytest.mark.django_db
def test_only_editors_say_what_searches_mean() -> None:
    plain = User.objects.create_user("plain@example.org", "a-password")
    plain.user_permissions.add(Permission.objects.get(codename="access_admin"))
    for client in (Client(), client_of(User.objects.create_user("c@example.org", "a-password")), client_of(plain)):
        response = client.post(reverse("wagtailsnippets_kb_synonym:add"), {"phrase": "a", "meaning": "b"})
        assert response.status_code in {302, 403}
    assert not Synonym.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("phrase", ["...", "one two three four five"])
def test_a_phrase_that_could_never_count_is_refused(phrase: str) -> None:
    client = client_of(editor_named("Edda"))
    html = client.post(reverse("wagtailsnippets_kb_synonym:add"), {"phrase": phrase, "meaning": "b"}).content.decode()
    assert "Use one to four words" in html
    assert not Synonym.objects.exists()
