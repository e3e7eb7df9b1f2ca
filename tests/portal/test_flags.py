"""Articles called wrong: by reps with a reason and by readers' no, on a list for the editors who may mend them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import GroupPagePermission

from kb.models import ArticlePage
from portal.actions.flags import flag_article, settle_article
from portal.errors import InvalidRequestError, NotAllowedError
from portal.models import ArticleFlag, ArticleSettlement, ArticleVerdict, AuditEvent, User
from tests.factories import make_organisation, make_rep, make_ticket, make_user
from tests.kb.library import editor_named, publish

pytestmark = pytest.mark.django_db
LIST = "/cms/articles/flagged/"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def flag_address(article: ArticlePage, ticket: int | None = None) -> str:
    return reverse("portal:flag_article", args=[article.pk]) + (f"?ticket={ticket}" if ticket else "")


def listed(editor: User) -> str:
    return client_of(editor).get(LIST).content.decode().partition("nice-padding")[2]


def settle(editor: User, article: ArticlePage, up_to: str = "") -> int:
    moment = up_to or timezone.now().isoformat()
    address = reverse("settle_article", args=[article.pk])
    return client_of(editor).post(address, {"up_to": moment}).status_code


def test_a_rep_flags_from_the_article_and_editors_read_who_when_and_why() -> None:
    article, rita, edda = publish("The queue", "It is full."), make_rep("Rita"), editor_named("Edda")
    page = client_of(rita).get(article.url).content.decode()
    assert flag_address(article) in page
    words = {"reason": "outdated", "comment": "Step 2 is <b>gone</b>, write to joe@example.com."}
    assert client_of(rita).post(flag_address(article), words).status_code == 302
    flag = ArticleFlag.objects.get()
    assert (flag.flagged_by, flag.revision_id) == (rita, article.live_revision_id)
    event = AuditEvent.objects.get(verb="article.flagged")
    assert (event.actor, event.details["article"], event.ticket_id) == (rita, article.pk, None)
    html = listed(edda)
    assert "Rita" in html
    assert "the product has changed" in html
    assert "&lt;b&gt;gone" in html
    assert "joe@example.com" not in html
    assert "Rita" in client_of(rita).get(flag_address(article)).content.decode()


def test_customers_neither_see_the_way_nor_find_the_page() -> None:
    article = publish("The queue", "It is full.")
    for client in (Client(), client_of(make_user("Cora")), client_of(editor_named("Edda"))):
        assert flag_address(article) not in client.get(article.url).content.decode()
        assert client.post(flag_address(article), {"reason": "wrong"}).status_code in {302, 404}
    with pytest.raises(NotAllowedError):
        flag_article(actor=make_user("Cleo"), article=article, reason="wrong", comment="")
    assert not ArticleFlag.objects.exists()


def test_what_a_rep_may_not_read_they_flag_only_on_a_request_of_its_readers() -> None:
    company = make_organisation()
    article = publish("The contract", "It is long.", audience=f"org:{company.pk}")
    ticket, other = make_ticket(make_user("Cora", organisation=company)), make_ticket()
    rita = client_of(make_rep("Rita"))
    for address in (flag_address(article), flag_address(article, other.pk), flag_address(article, 987654)):
        assert rita.get(address).status_code == 404
        assert rita.post(address, {"reason": "wrong"}).status_code == 404
    assert rita.post(flag_address(article, ticket.pk), {"reason": "wrong"}).status_code == 302
    assert AuditEvent.objects.get(verb="article.flagged").ticket_id == ticket.pk


def test_a_flag_without_a_reason_is_asked_again_and_keeps_the_words() -> None:
    article, rita = publish("The queue", "It is full."), make_rep("Rita")
    response = client_of(rita).post(flag_address(article), {"reason": "", "comment": "The second step"})
    assert response.status_code == 422
    assert "The second step" in response.content.decode()
    with pytest.raises(InvalidRequestError):
        flag_article(actor=rita, article=article, reason="because", comment="")


def test_a_readers_no_is_listed_without_a_name_and_a_yes_is_not() -> None:
    edda, solved, unsolved = editor_named("Edda"), publish("Solved it", "A."), publish("Did not", "B.")
    for article, verdict in ((solved, True), (unsolved, False), (unsolved, False), (unsolved, True)):
        ArticleVerdict.objects.create(article=article, solved=verdict)
    html = listed(edda)
    assert "Solved it" not in html
    assert "2 said no, 1 said yes" in html


def test_the_newest_word_stands_first() -> None:
    edda, rita = editor_named("Edda"), make_rep("Rita")
    for title in ("First", "Second"):
        flag_article(actor=rita, article=publish(title, "A."), reason="wrong", comment="")
    html = listed(edda)
    assert html.index("Second") < html.index("First")
    first = ArticlePage.objects.get(title="First")
    ArticleVerdict.objects.create(article=first, solved=False, created_at=timezone.now() + timedelta(seconds=5))
    assert listed(edda).index("First") < listed(edda).index("Second")


def test_dealt_with_is_off_the_list_until_somebody_flags_it_again() -> None:
    edda, rita, article = editor_named("Edda"), make_rep("Rita"), publish("The queue", "It is full.")
    early = timezone.now() - timedelta(hours=1)
    for at in (early, early + timedelta(minutes=1)):
        ArticleFlag.objects.create(article_id=article.pk, reason="wrong", flagged_by=rita, created_at=at)
    assert settle(edda, article, early.isoformat()) == 302
    assert "The queue" in listed(edda), "the second flag came after what the editor saw"
    assert settle(edda, article) == 302
    assert "Nothing is flagged" in listed(edda)
    assert AuditEvent.objects.filter(verb="article.settled", actor=edda).count() == 2
    ArticleFlag.objects.create(
        article_id=article.pk, reason="wrong", flagged_by=rita, created_at=timezone.now() + timedelta(seconds=1)
    )
    assert "The queue" in listed(edda)


def test_nobody_deals_with_what_has_not_been_said_yet() -> None:
    edda, article = editor_named("Edda"), publish("The queue", "It is full.")
    settled = settle_article(actor=edda, article=article, up_to=timezone.now() + timedelta(days=900))
    assert settled.up_to <= timezone.now()


def test_only_who_may_change_the_article_sees_it_listed_and_deals_with_it() -> None:
    edda, rita, article = editor_named("Edda"), make_rep("Rita"), publish("The queue", "It is full.")
    flag_article(actor=rita, article=article, reason="wrong", comment="")
    assert settle(rita, article) in {302, 403}
    GroupPagePermission.objects.filter(group__in=edda.groups.all()).delete()
    assert "The queue" not in listed(edda)
    assert settle(edda, article) == 302
    with pytest.raises(NotAllowedError):
        settle_article(actor=edda, article=article, up_to=timezone.now())
    assert not ArticleSettlement.objects.exists()
    assert client_of(rita).get(LIST).status_code in {302, 403}


@pytest.mark.parametrize("moment", ["", "x", "2026-13-45T99:00", "2026-11-23T10:00:00"])
def test_a_moment_that_is_none_settles_nothing(moment: str) -> None:
    edda, article = editor_named("Edda"), publish("The queue", "It is full.")
    assert client_of(edda).post(reverse("settle_article", args=[article.pk]), {"up_to": moment}).status_code == 404
    assert not ArticleSettlement.objects.exists()
