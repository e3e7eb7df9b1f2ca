"""Cited passages: only what the customer may read, with its source, and recorded with the reply that carries it."""

from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError

from agents.actions.citations import cite_passage
from agents.errors import PassageGoneError
from agents.models import Citation, Composition, CompositionCitation
from agents.passages import citable_passage, find_passages
from kb.models import ArticlePage, Passage
from portal.models import AuditEvent, DeflectionShown, Organisation
from tests.agents.conftest import Desk
from tests.factories import make_organisation, make_ticket, make_user
from tests.triage.library import LIBRARY, reindex, stock

ASKED = "nightly export stops after one hundred orders"
QUOTE = "The queue keeps finished jobs until somebody clears it."


@pytest.fixture
def library_desk(real_desk: Desk, tmp_path: Path) -> Desk:
    """A desk with articles for everybody and one for staff alone."""
    folder = tmp_path / "library"
    folder.mkdir()
    stock(real_desk.site, folder, LIBRARY)
    return real_desk


def _passage(text: str = QUOTE) -> Passage:
    return next(p for p in Passage.objects.select_related("source_text") if text in p.source_text.text[p.start : p.end])


def _send(desk: Desk) -> None:
    assert desk.post("send", text=Composition.objects.get().text).status_code == 302


def test_what_only_staff_may_read_stands_apart_and_cannot_be_inserted(library_desk: Desk) -> None:
    desk = library_desk
    found = find_passages(desk.ticket, desk.rep, ASKED)
    citable = [passage.title for passage in found.citable]
    assert citable[0] == "Nightly export stops after one hundred orders"
    assert "Raise the export queue limit for a customer" not in citable
    assert [passage.title for passage in found.for_you] == ["Raise the export queue limit for a customer"]
    page = desk.client.get(desk.url("passages"), {"find": ASKED}).content.decode()
    assert page.index("For you only") < page.index("Raise the export queue limit")
    assert page.count("Insert with source") == len(citable)
    staff_only = _passage("Set the limit to five hundred")
    assert citable_passage(desk.ticket, staff_only.pk) is None
    with pytest.raises(PassageGoneError):
        cite_passage(actor=desk.rep, ticket=desk.ticket, passage_id=staff_only.pk)
    answer = desk.post("cite", staff_only.pk, text="kept")
    assert answer.status_code == 422
    assert "five hundred" not in Composition.objects.get().text
    assert desk.post("cite", staff_only.pk, place="cursor").status_code == 422
    assert not CompositionCitation.objects.exists()


def test_an_organisations_own_article_is_cited_to_nobody_else(library_desk: Desk) -> None:
    desk, passage = library_desk, _passage()
    own = desk.ticket.organisation
    assert own is not None
    ArticlePage.objects.filter(pk=passage.article_id).update(audience=f"org:{own.pk}")
    assert citable_passage(desk.ticket, passage.pk) is not None
    stranger = make_ticket(make_user(organisation=make_organisation()))
    unproven = make_ticket(desk.ticket.requester, verified=False)
    assert citable_passage(stranger, passage.pk) is None
    assert citable_passage(unproven, passage.pk) is None


def test_a_passage_goes_in_with_its_source_and_is_recorded_with_the_reply(library_desk: Desk) -> None:
    desk, passage = library_desk, _passage()
    desk.post("cite", passage.pk, text="Hello Cora,", note="")
    kept = Composition.objects.get()
    article = ArticlePage.objects.get(pk=passage.article_id)
    assert kept.text.startswith("Hello Cora,\n\n")
    assert QUOTE in kept.text
    assert f"From “{article.title}”: http" in kept.text
    assert AuditEvent.objects.filter(verb="passage.cited", actor=desk.rep, ticket_id=desk.ticket.pk).exists()
    assert "Cites:" in desk.open().content.decode()
    _send(desk)
    citation = Citation.objects.get()
    assert (citation.message, citation.verbatim) == (desk.outbound()[0], True)
    assert (citation.quote, citation.digest) == (
        passage.source_text.text[passage.start : passage.end].strip(),
        passage.source_text.digest,
    )
    assert not CompositionCitation.objects.exists()
    assert "Rests on:" in desk.open().content.decode()


def test_only_what_the_words_still_carry_is_recorded(library_desk: Desk) -> None:
    desk, passage, theme = library_desk, _passage(), _passage("Open the theme editor.")
    for cited in (passage, theme):
        cite_passage(actor=desk.rep, ticket=desk.ticket, passage_id=cited.pk)
    address = CompositionCitation.objects.get(source_text=passage.source_text_id).address
    assert desk.post("send", text=f"Clear the queue, see {address}").status_code == 302
    assert [(c.source_text_id, c.verbatim) for c in Citation.objects.all()] == [(passage.source_text_id, False)]
    assert "in the rep's own words" in desk.open().content.decode()


def test_a_script_gets_the_words_and_the_citation_is_kept(library_desk: Desk) -> None:
    desk, passage = library_desk, _passage()
    answer = desk.post("cite", passage.pk, text="Hello", note="", place="cursor")
    assert QUOTE in answer.json()["text"]
    assert Composition.objects.get().text == "Hello"
    assert CompositionCitation.objects.get().source_text == passage.source_text


def test_a_reply_taken_back_brings_its_citations_back(library_desk: Desk) -> None:
    desk = library_desk
    desk.post("cite", _passage().pk, text="", note="")
    _send(desk)
    desk.post("withdraw", desk.outbound()[0].pk)
    assert CompositionCitation.objects.get().quote == Citation.objects.get().quote


def test_a_cited_article_that_changed_is_marked_in_the_editor_and_not_citable_when_gone(library_desk: Desk) -> None:
    desk, passage = library_desk, _passage()
    desk.post("cite", passage.pk, text="", note="")
    assert "changed since" not in desk.open().content.decode()
    ArticlePage.objects.filter(pk=passage.article_id).update(live=False)
    assert "changed since" in desk.open().content.decode()
    assert desk.post("cite", passage.pk).status_code == 422
    ArticlePage.objects.filter(pk=passage.article_id).update(live=True)
    reindex(desk.site)
    assert citable_passage(desk.ticket, Passage.objects.filter(article=passage.article_id)[0].pk) is not None


def test_the_search_works_without_scripts_and_keeps_the_words(library_desk: Desk) -> None:
    desk = library_desk
    answer = desk.post("look_up", text="half a reply", note="", find=ASKED)
    page = desk.client.get(answer["Location"].partition("#")[0]).content.decode()
    assert "half a reply</textarea>" in page
    assert "Insert with source" in page
    assert desk.post("keep", text="half a reply", note="", find=ASKED)["Location"].count("find=") == 1, (
        "Enter looks up too"
    )
    assert "find=" not in desk.post("send", text="half a reply", find=ASKED)["Location"]


def test_nothing_found_is_said_and_nothing_asked_is_nothing_found(library_desk: Desk) -> None:
    desk = library_desk
    assert (
        "No article that this customer may read"
        in desk.client.get(desk.url("passages"), {"find": "zebra"}).content.decode()
    )
    assert "No article" not in desk.client.get(desk.url("passages"), {"find": "  "}).content.decode()


def test_results_say_what_the_customer_saw_before_writing(library_desk: Desk) -> None:
    desk, passage = library_desk, _passage()
    DeflectionShown.objects.create(ticket=desk.ticket, article_id=passage.article_id, position=0, opened=True)
    page = desk.client.get(desk.url("passages"), {"find": ASKED}).content.decode()
    assert "the customer opened it" in page


def test_nobody_cites_where_they_may_not_reply(library_desk: Desk) -> None:
    desk = library_desk
    desk.ticket = make_ticket(make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH)))
    assert "Insert with source" not in desk.client.get(desk.url("passages"), {"find": ASKED}).content.decode()
    assert desk.post("cite", _passage().pk).status_code == 403
    assert not Composition.objects.exists()


def test_a_recorded_citation_is_permanent(library_desk: Desk) -> None:
    desk = library_desk
    desk.post("cite", _passage().pk, text="", note="")
    _send(desk)
    for statement in ("DELETE FROM agents_citation", "UPDATE agents_citation SET quote = 'x'"):
        with pytest.raises((ProgrammingError, IntegrityError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
