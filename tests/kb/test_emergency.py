"""One person publishes alone only where the site allows it, with the right and a reason; nobody calls it reviewed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import PageLogEntry

from kb.editors import ensure_lead_editors
from kb.emergency import as_listed, emergencies, publish_in_emergency, review_afterwards
from kb.errors import EmergencyError, OwnWorkError
from kb.models import ArticleApproval, ArticlePage, EditorialPolicy, EmergencyFinding
from portal.models import AuditEvent, User
from tests.conftest import Site
from tests.kb.library import approve, draft, editor_named, paragraphs, reloaded, reviewed, submit

pytestmark = pytest.mark.usefixtures("site")

REASON = "The step deletes the vault."


@pytest.fixture
def edda(site: Site) -> User:
    return editor_named("Edda")


@pytest.fixture
def lena(site: Site) -> User:
    person = editor_named("Lena")
    person.groups.add(ensure_lead_editors())
    return person


@pytest.fixture
def allowed(site: Site) -> None:
    with site.as_role("owner"):
        EditorialPolicy.objects.create(pk=EditorialPolicy.ROW, emergency_allowed=True)


def saved(page: ArticlePage, author: User) -> ArticlePage:
    page.save_revision(user=author)
    return reloaded(page)


def alone(page: ArticlePage, person: User, reason: str = REASON) -> ArticleApproval:
    return publish_in_emergency(actor=person, article=page, revision_id=page.latest_revision_id or 0, reason=reason)


@pytest.mark.usefixtures("allowed")
def test_it_is_live_at_once_and_claims_no_review(edda: User, lena: User) -> None:
    page = reviewed(draft(edda), author=edda, reviewer=lena)
    page.body = paragraphs("Do not press the button.")
    approval = alone(saved(page, lena), lena)
    page = reloaded(page)
    assert (page.live_revision_id, page.reviewed_by, page.reviewed_on) == (approval.revision_id, None, None)
    assert (approval.approved_by, approval.published_by) == (None, lena)
    entry = PageLogEntry.objects.get(action="kb.emergency")
    assert (entry.user, REASON in entry.formatter.format_message(entry)) == (lena, True)
    event = AuditEvent.objects.get(verb="article.published_alone")
    assert (event.actor, event.details["article"]) == (lena, page.pk)
    assert REASON not in str(event.details)


def test_it_is_off_unless_the_site_allows_it(lena: User) -> None:
    page = saved(draft(lena), lena)
    with pytest.raises(EmergencyError):
        alone(page, lena)
    assert not reloaded(page).live


@pytest.mark.usefixtures("allowed")
def test_without_the_right_or_a_reason_or_on_another_text_nothing_goes_out(edda: User, lena: User) -> None:
    page = saved(draft(edda), edda)
    with pytest.raises(EmergencyError, match="not yours"):
        alone(page, edda)
    with pytest.raises(EmergencyError, match="why it cannot wait"):
        alone(page, lena, "   now   ")
    read = page.latest_revision_id or 0
    saved(page, edda)
    with pytest.raises(EmergencyError, match="has changed"):
        publish_in_emergency(actor=lena, article=page, revision_id=read, reason=REASON)
    assert (reloaded(page).live, ArticleApproval.objects.count()) == (False, 0)


def by_hand(page: ArticlePage, person: User, reason: str = REASON, **more: object) -> None:
    with transaction.atomic():
        ArticleApproval.objects.create(
            article_id=page.pk,
            revision_id=page.latest_revision_id,
            basis="emergency",
            published_by=person,
            reason=reason,
            **more,
        )


@pytest.mark.usefixtures("allowed")
def test_the_database_asks_for_right_reason_and_truth_itself(edda: User, lena: User) -> None:
    page = saved(draft(edda), edda)
    with pytest.raises(IntegrityError, match="may not publish alone"):
        by_hand(page, edda)
    with pytest.raises(IntegrityError, match="says why"):
        by_hand(page, lena, "  .       ")
    with pytest.raises(IntegrityError, match="names_its_word"):
        by_hand(page, lena, approved_by=lena)
    User.objects.filter(pk=lena.pk).update(is_active=False)
    with pytest.raises(IntegrityError, match="may not publish alone"):
        by_hand(page, lena)


def test_the_database_asks_whether_the_site_allows_it(lena: User) -> None:
    with pytest.raises(IntegrityError, match="nobody publishes alone"):
        by_hand(saved(draft(lena), lena), lena)


@pytest.mark.usefixtures("allowed")
def test_a_second_person_finds_it_right_and_is_the_reviewer(edda: User, lena: User) -> None:
    page = saved(draft(edda), edda)
    approval = alone(page, lena)
    for own in (edda, lena):
        with pytest.raises(OwnWorkError):
            review_afterwards(actor=own, emergency=approval, was_right=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            EmergencyFinding.objects.create(emergency=approval, found_by=own, was_right=True)
    third = editor_named("Tomas")
    assert [e.is_own for e in as_listed(emergencies(lena, waiting=True))] == [True]
    assert [e.is_own for e in as_listed(emergencies(third, waiting=True))] == [False]
    review_afterwards(actor=third, emergency=approval, was_right=True)
    assert (reloaded(page).reviewed_by, list(emergencies(third, waiting=True))) == (third, [])
    assert AuditEvent.objects.filter(verb="article.found_right", actor=third).exists()


@pytest.mark.usefixtures("allowed")
def test_found_wrong_it_is_taken_down_first_and_does_not_come_back(edda: User, lena: User) -> None:
    page = saved(draft(lena), lena)
    approval = alone(page, lena)
    with pytest.raises(EmergencyError, match="still see"):
        review_afterwards(actor=edda, emergency=approval, was_right=False)
    reloaded(page).unpublish(user=edda)
    assert emergencies(edda, waiting=True).get() == approval
    review_afterwards(actor=edda, emergency=approval, was_right=False)
    assert not emergencies(edda, waiting=True).exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        reloaded(page).get_latest_revision().publish(user=lena)


@pytest.mark.usefixtures("allowed")
def test_what_went_out_alone_counts_as_nobodys_approval_of_what_comes_next(edda: User, lena: User) -> None:
    page = saved(draft(edda), edda)
    alone(page, lena)
    page = reloaded(page)
    page.body = paragraphs("Better words.")
    third, fourth = editor_named("Tomas"), editor_named("Ravi")
    state = submit(page, author=third)
    for own in (edda, lena):
        with pytest.raises(OwnWorkError), transaction.atomic():
            approve(state, reviewer=own)
    approve(state, reviewer=fourth)
    assert (reloaded(page).reviewed_by, emergencies(fourth, waiting=True).exists()) == (fourth, False)


@pytest.mark.usefixtures("allowed")
def test_an_emergency_ends_the_review_that_was_under_way_and_is_never_scheduled(edda: User, lena: User) -> None:
    page = draft(edda)
    submit(page, author=edda)
    alone(reloaded(page), lena)
    page = reloaded(page)
    assert (page.live, page.current_workflow_state) == (True, None)
    page.go_live_at = timezone.now() + timedelta(days=1)
    with pytest.raises(EmergencyError, match="Schedule"):
        alone(saved(page, edda), lena)


def browser_of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.mark.usefixtures("allowed")
def test_the_pages_publish_list_and_review(edda: User, lena: User) -> None:
    page = saved(draft(edda), edda)
    edit, publish = reverse("wagtailadmin_pages:edit", args=[page.pk]), reverse("article_emergency", args=[page.pk])
    lead, other = browser_of(lena), browser_of(editor_named("Tomas"))
    assert publish in lead.get(edit).content.decode()
    assert publish not in other.get(edit).content.decode()
    assert other.get(publish).status_code == 404
    posted = {"revision": page.latest_revision_id, "reason": "now"}
    assert lead.post(publish, posted).status_code == 422
    lead.post(publish, posted | {"reason": REASON})
    assert reloaded(page).live
    waiting = reverse("article_emergencies")
    assert "It is right" not in lead.get(waiting).content.decode()
    html = other.get(waiting).content.decode()
    assert REASON in html
    reviewed_at = reverse("article_emergency_reviewed", args=[ArticleApproval.objects.get().pk])
    lead.post(reviewed_at, {"found": "right"})
    assert reloaded(page).reviewed_by is None
    other.post(reviewed_at, {"found": "right"})
    assert reloaded(page).reviewed_by is not None
    assert "found right" in other.get(waiting, {"show": "all"}).content.decode()


@pytest.mark.usefixtures("allowed")
def test_staff_read_that_it_went_out_alone_and_customers_that_it_is_not_reviewed(edda: User, lena: User) -> None:
    page = saved(draft(edda), edda)
    alone(page, lena)
    root = User.objects.create_superuser("root@example.org", "a-password")
    staff, customer = browser_of(root).get(page.url).content.decode(), Client().get(page.url).content.decode()
    assert "Lena published this alone" in staff
    assert REASON not in customer
    for html in (staff, customer):
        assert "Not reviewed yet" in html
        assert "Reviewed by" not in html


def test_without_the_setting_there_is_no_page_and_no_way_to_it(edda: User, lena: User) -> None:
    page = saved(draft(edda), edda)
    client = browser_of(lena)
    address = reverse("article_emergency", args=[page.pk])
    assert address not in client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    assert client.get(address).status_code == 404
