"""A message becomes a run: once, as the worker, with everything on record, and never past the high-touch wall."""

import gzip
import io
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone
from haystack.core.errors import PipelineRuntimeError

from portal.actions.tickets import add_customer_message, reopen_ticket, set_category, solve_ticket
from portal.models import Attachment, AuditEvent, Message, Organisation, Ticket
from tests.conftest import Site
from tests.factories import make_category, make_organisation, make_rep, make_ticket, make_user
from triage import pipeline, running
from triage.actions.runs import begin_run
from triage.choices import Failure, NoDraftReason, RunState, SentenceKind
from triage.gathering import is_readable
from triage.models import Container, DraftSentence, FieldProposal, Run
from triage.models.runs import MAX_ATTEMPTS, STALE_AFTER
from triage.pipeline import STEPS
from triage.reading import latest_run, latest_runs
from triage.running import run_triage
from triage.sources import read_examples
from triage.sweeping import missed_messages

SUBJECT = "Nightly export stops"
TEXT = "Our nightly export stops after one hundred orders. The log says EXP-4711: queue is full. Version 3.1.0."


def _first(ticket: Ticket) -> int:
    return Message.objects.filter(ticket=ticket).order_by("id").values_list("pk", flat=True)[0]


def _triage(site: Site, ticket: Ticket, *, task_id: str = "t1") -> Run | None:
    with site.as_role("worker"):
        return run_triage(_first(ticket), task_id=task_id)


def _draft_texts(run: Run) -> list[str]:
    return [sentence.text for sentence in DraftSentence.objects.filter(draft__run=run, kind=SentenceKind.QUOTED)]


def test_a_plain_request_is_triaged_whole_by_the_worker(stocked: Site) -> None:
    billing, exports = make_category(), make_category("Exports", "Exporting orders, nightly export jobs, queues")
    log = SimpleUploadedFile("export.log", b"2024-03-01 10:00:00 ERROR EXP-4711: queue is full\n", "text/plain")
    ticket = make_ticket(subject=SUBJECT, text=TEXT, files=[log])
    run = _triage(stocked, ticket)
    assert run is not None
    run = latest_run(ticket)
    assert run is not None
    assert run.state == RunState.DONE
    assert set(run.outputs) == set(run.timings) == set(STEPS)
    assert run.pipeline_version
    assert run.input_digest
    assert len(run.inputs) == 3
    assert {proposal.field: proposal.value for proposal in run.proposals.all()} == {
        "category": exports.slug,
        "priority": "normal",
    }
    assert billing.slug != exports.slug
    assert [(finding.line_no, finding.head) for finding in run.findings.all() if finding.attachment] == [
        (1, "EXP-4711: queue is full")
    ]
    assert run.next_steps.count() <= 3
    quoted = _draft_texts(run)
    assert "Open Tools > Export queue." in quoted
    assert any("bin/export run --resume" in text for text in quoted)
    assert AuditEvent.objects.filter(verb="triage.run_done", target_id=run.pk).count() == 1


def test_an_archive_of_logs_leaves_findings_by_member_and_says_what_was_not_read(stocked: Site) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("logs/export.log", b"2024-03-01 10:00:00 ERROR EXP-4711: queue is full\n")
        archive.writestr("screen.png", b"\x89PNG\r\n\x1a\n" + bytes(80))
    file = SimpleUploadedFile("support.zip", packed.getvalue(), "application/zip")
    run = _triage(stocked, make_ticket(subject="Exports", text="Please look into the attached logs.", files=[file]))
    assert run is not None
    (finding,) = run.findings.filter(attachment__isnull=False)
    assert (finding.member, finding.line_no, finding.head) == ("logs/export.log", 1, "EXP-4711: queue is full")
    coverage = run.coverages.get()
    assert (coverage.container, coverage.members, coverage.members_read) == (Container.ZIP, 2, 1)
    assert coverage.remarks == [["screen.png", "binary"]]
    assert "Open Tools > Export queue." in _draft_texts(run), "the code in the packed log leads to the article"


@pytest.mark.parametrize(
    ("name", "content_type", "readable"),
    [
        ("app.log", "application/octet-stream", True),
        ("notes", "text/plain", True),
        ("app.log.1.gz", "application/gzip", True),
        ("SUPPORT.ZIP", "application/x-zip-compressed", True),
        ("bundle", "application/zip", True),
        ("letter.docx", "application/zip", False),
        ("picture.png", "image/png", False),
    ],
)
def test_a_log_is_known_by_its_name_or_its_type(name: str, content_type: str, readable: bool) -> None:
    assert is_readable(Attachment(name=name, content_type=content_type)) is readable


def test_an_attachment_whose_bytes_are_gone_is_said_to_be_missing(stocked: Site) -> None:
    file = SimpleUploadedFile("export.log.gz", gzip.compress(b"ERROR one\n"), "application/gzip")
    ticket = make_ticket(subject=SUBJECT, text=TEXT, files=[file])
    attachment = Attachment.objects.get(message__ticket=ticket)
    storages["attachments"].delete(attachment.storage_name)
    run = _triage(stocked, ticket)
    assert run is not None
    assert [(one.attachment_id, one.unread) for one in run.coverages.all()] == [(attachment.pk, "missing")]


def test_every_sentence_of_a_draft_is_what_its_source_says_there(stocked: Site) -> None:
    run = _triage(stocked, make_ticket(subject=SUBJECT, text=TEXT))
    assert run is not None
    sentences = list(DraftSentence.objects.filter(draft__run=run).select_related("source_text").order_by("position"))
    assert sentences[0].kind == sentences[-1].kind == SentenceKind.NEEDS_WORDS
    for sentence in sentences[1:-2]:
        assert sentence.source_text is not None
        assert sentence.source_text.text[sentence.start : sentence.end] == sentence.quote == sentence.text
        assert sentence.digest == sentence.source_text.digest


def test_a_category_without_measured_cases_has_no_confidence(stocked: Site) -> None:
    make_category("Exports", "Exporting orders, nightly export jobs, queues")
    run = _triage(stocked, make_ticket(subject=SUBJECT, text=TEXT))
    proposal = FieldProposal.objects.get(run=run, field="category")
    assert (proposal.confidence, proposal.n, proposal.measured_on) == (None, 0, "")
    assert proposal.reasons


def test_a_redelivered_message_is_triaged_once(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    assert _triage(stocked, ticket) is not None
    assert _triage(stocked, ticket) is None
    assert _triage(stocked, ticket, task_id="another") is None
    assert Run.objects.filter(ticket=ticket).count() == 1
    assert Run.objects.get(ticket=ticket).attempts == 1
    assert AuditEvent.objects.filter(verb="triage.run_done").count() == 1


def test_an_article_that_the_customer_may_not_read_is_never_quoted(stocked: Site) -> None:
    run = _triage(stocked, make_ticket(subject=SUBJECT, text=TEXT))
    assert run is not None
    assert not any("back office" in text for text in _draft_texts(run))
    assert all("Raise" not in article["title"] for article in run.outputs["retrieve"]["articles"])


@pytest.mark.parametrize(
    ("kind", "verified", "reason"),
    [
        (Organisation.Kind.HIGH_TOUCH, True, NoDraftReason.HIGH_TOUCH),
        (Organisation.Kind.HIGH_TOUCH, False, NoDraftReason.HIGH_TOUCH),
        (Organisation.Kind.UNKNOWN, True, NoDraftReason.UNKNOWN_ACCOUNT),
        (Organisation.Kind.STANDARD, False, NoDraftReason.UNKNOWN_ACCOUNT),
        (Organisation.Kind.STANDARD, True, ""),
    ],
)
def test_the_wall_stops_everything_but_the_reason(stocked: Site, kind: str, verified: bool, reason: str) -> None:
    make_category("Exports", "Exporting orders, nightly export jobs, queues")
    ticket = make_ticket(make_user(organisation=make_organisation(kind)), subject=SUBJECT, text=TEXT, verified=verified)
    run = _triage(stocked, ticket)
    assert run is not None
    assert (run.state, run.no_draft_reason) == (RunState.DONE, reason)
    left = [
        run.proposals.exists(),
        run.findings.exists(),
        run.next_steps.exists(),
        hasattr(run, "draft"),
        bool(run.outputs),
    ]
    assert any(left) is (reason == "")
    assert (run.embedding is not None) is (reason == "")


def test_a_site_may_let_unknown_accounts_in_but_never_high_touch_ones(stocked: Site, settings: object) -> None:
    settings.HANDRAIL_AUTOMATE_UNKNOWN = True  # type: ignore[attr-defined]
    stranger = make_ticket(make_user(), subject=SUBJECT, text=TEXT, verified=False)
    run = _triage(stocked, stranger)
    assert run is not None
    assert run.no_draft_reason == ""
    engineer_served = make_user(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH))
    barred = _triage(stocked, make_ticket(engineer_served, subject=SUBJECT, text=TEXT))
    assert barred is not None
    assert barred.no_draft_reason == NoDraftReason.HIGH_TOUCH


def test_an_account_that_becomes_high_touch_while_the_pipeline_runs_gets_nothing(
    stocked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    think = pipeline.run_pipeline

    def turn_high_touch(request: object) -> object:
        outcome = think(request)  # type: ignore[arg-type]
        with stocked.as_role("web"):
            Organisation.objects.filter(tickets=ticket).update(kind=Organisation.Kind.HIGH_TOUCH)
        return outcome

    monkeypatch.setattr(running, "run_pipeline", turn_high_touch)
    run = _triage(stocked, ticket)
    assert run is not None
    assert run.no_draft_reason == NoDraftReason.HIGH_TOUCH
    assert not run.proposals.exists()
    assert run.embedding is None


def test_high_touch_and_unfiled_requests_never_teach(stocked: Site) -> None:
    category, rep = make_category("Exports", "Nightly exports"), make_rep()
    taught = make_ticket(subject=SUBJECT, text=TEXT)
    turned = make_ticket(subject=SUBJECT, text=TEXT)
    unfiled = make_ticket(subject=SUBJECT, text=TEXT)
    for ticket in (taught, turned, unfiled):
        assert _triage(stocked, ticket) is not None
    for ticket in (taught, turned):
        set_category(actor=rep, ticket=ticket, category=category)
    Organisation.objects.filter(tickets=turned).update(kind=Organisation.Kind.HIGH_TOUCH)
    assert read_examples((category.slug,)).tickets == (taught.pk,)


def test_a_request_of_a_high_touch_account_is_no_duplicate_for_others(stocked: Site) -> None:
    person = make_user(organisation=make_organisation())
    earlier = make_ticket(person, subject=SUBJECT, text=TEXT)
    again = _triage(stocked, make_ticket(person, subject=SUBJECT, text=TEXT))
    assert again is not None
    assert (again.verdict, again.duplicate_of_id) == ("duplicate", earlier.pk)
    Ticket.objects.filter(pk=earlier.pk).update(organisation=make_organisation(Organisation.Kind.HIGH_TOUCH))
    third = _triage(stocked, make_ticket(person, subject="Nightly export ends", text=TEXT))
    assert third is not None
    assert third.duplicate_of_id != earlier.pk


def test_drafting_can_be_switched_off_for_the_whole_site(stocked: Site, settings: object) -> None:
    settings.HANDRAIL_DRAFTING = False  # type: ignore[attr-defined]
    run = _triage(stocked, make_ticket(subject=SUBJECT, text=TEXT))
    assert run is not None
    assert run.no_draft_reason == NoDraftReason.DRAFTING_OFF
    assert run.proposals.exists()


def test_a_request_about_nothing_we_know_is_not_drafted(stocked: Site) -> None:
    run = _triage(stocked, make_ticket(subject="Parking", text="Where may our guests park their bicycles in winter?"))
    assert run is not None
    assert run.no_draft_reason in (NoDraftReason.NOTHING_RELEVANT, NoDraftReason.LOW_CONFIDENCE)
    assert not hasattr(run, "draft")


def test_a_draft_is_stale_when_its_article_changes_or_the_customer_writes_again(stocked: Site, library: Path) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    run = _triage(stocked, ticket)
    assert run is not None
    assert not run.draft.is_stale()
    changed = (library / "export.md").read_text().replace("Press **Clear", "Press twice **Clear")
    (library / "export.md").write_text(changed)
    call_command("import_articles", str(library), verbosity=0)
    assert run.draft.is_stale()
    other = make_ticket(subject="Colours", text="How do I change the colours of the storefront theme?")
    second = _triage(stocked, other)
    assert second is not None
    assert not second.draft.is_stale()
    add_customer_message(actor=other.requester, ticket=other, text="I mean the dark palette.")
    assert second.draft.is_stale()


def test_a_failing_step_is_recorded_by_name_and_tried_again_until_exhausted(
    stocked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket(subject=SUBJECT, text="the customer's own words")

    def fail(request: object) -> object:
        raise PipelineRuntimeError("retrieve", object, "broke") from KeyError("the customer's own words")

    monkeypatch.setattr(running, "run_pipeline", fail)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert missed_messages() == [_first(ticket)] or attempt == 1
        run = _triage(stocked, ticket, task_id=f"t{attempt}")
        assert run is not None
        assert (run.state, run.failure, run.attempts) == (RunState.FAILED, Failure.STEP, attempt)
        assert run.failure_detail == "retrieve: KeyError"
        assert run.is_exhausted is (attempt == MAX_ATTEMPTS)
    assert missed_messages() == []
    assert _triage(stocked, ticket, task_id="t9") is None
    monkeypatch.undo()
    with stocked.as_role("worker"):
        again = run_triage(_first(ticket), task_id="t10", asked_again=True)
    assert again is not None
    assert (again.state, again.failure, again.no_draft_reason) != (RunState.FAILED, Failure.STEP, NoDraftReason.FAILED)


def test_a_lost_database_is_left_to_the_retry(stocked: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)

    def lose(request: object) -> object:
        raise PipelineRuntimeError("retrieve", object, "gone") from OperationalError("gone")

    monkeypatch.setattr(running, "run_pipeline", lose)
    with pytest.raises(OperationalError):
        _triage(stocked, ticket, task_id="same")
    monkeypatch.undo()
    run = _triage(stocked, ticket, task_id="same")
    assert run is not None
    assert (run.state, run.attempts) == (RunState.DONE, 2)


def test_a_run_whose_process_was_lost_is_taken_up_again_after_its_time(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    message = Message.objects.get(pk=_first(ticket))
    with stocked.as_role("worker"):
        assert begin_run(message=message, task_id="lost", pipeline_version="1", actor=None) is not None
        assert missed_messages() == []
        assert run_triage(message.pk, task_id="too early") is None
        Run.objects.update(started_at=timezone.now() - STALE_AFTER - timedelta(seconds=1))
        assert missed_messages() == [message.pk]
        run = run_triage(message.pk, task_id="sweep")
        assert run is not None
        assert (run.state, run.attempts) == (RunState.DONE, 2)


def test_a_message_that_kills_its_process_each_time_ends_as_failed_and_visible(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    message = Message.objects.get(pk=_first(ticket))
    with stocked.as_role("worker"):
        for attempt in range(MAX_ATTEMPTS):
            assert begin_run(message=message, task_id=f"lost {attempt}", pipeline_version="1", actor=None) is not None
            Run.objects.update(started_at=timezone.now() - STALE_AFTER - timedelta(seconds=1))
        assert run_triage(message.pk, task_id="last") is None
        run = Run.objects.get(message=message)
        assert (run.state, run.failure, run.is_exhausted) == (RunState.FAILED, Failure.LOST, True)
        assert missed_messages() == []


def test_the_result_of_an_attempt_that_was_given_up_is_not_stored(
    stocked: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    think = pipeline.run_pipeline

    def take_over(request: object) -> object:
        outcome = think(request)  # type: ignore[arg-type]
        Run.objects.update(attempts=2, claimed_by="another")
        return outcome

    monkeypatch.setattr(running, "run_pipeline", take_over)
    assert _triage(stocked, ticket) is None
    run = Run.objects.get(ticket=ticket)
    assert run.state == RunState.RUNNING
    assert not hasattr(run, "draft")


def test_the_sweep_finds_what_no_signal_brought_and_leaves_robots_alone(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    assert missed_messages() == []  # still on its way
    later = timezone.now() + timedelta(minutes=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("triage.sweeping.timezone.now", lambda: later)
        assert missed_messages() == [_first(ticket)]
        assert _triage(stocked, ticket) is not None
        assert missed_messages() == []
        Message.objects.create(
            ticket=ticket, direction="inbound", author=ticket.requester, automatic=Message.Automatic.AUTO_REPLY
        )
        assert missed_messages() == []


def test_the_sweep_reads_later_messages_only_while_the_request_waits_for_us(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    second = add_customer_message(actor=ticket.requester, ticket=ticket, text="It was the queue. Thank you.")
    later = timezone.now() + timedelta(minutes=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("triage.sweeping.timezone.now", lambda: later)
        assert missed_messages() == [_first(ticket), second.pk]
        solve_ticket(actor=ticket.requester, ticket=ticket)
        assert missed_messages() == [_first(ticket)]
        reopen_ticket(actor=ticket.requester, ticket=ticket)
        assert missed_messages() == [_first(ticket), second.pk]


def test_a_second_message_is_triaged_by_itself_and_the_first_is_superseded(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    second = add_customer_message(actor=ticket.requester, ticket=ticket, text="It is version 3.1.0 by the way.")
    first_run = _triage(stocked, ticket)
    assert first_run is not None
    assert first_run.no_draft_reason == NoDraftReason.SUPERSEDED
    with stocked.as_role("worker"):
        assert run_triage(second.pk, task_id="t2") is not None
    newest = latest_runs([ticket.pk])[ticket.pk]
    assert newest.message_id == second.pk
    assert not newest.is_first


def test_notes_and_unknown_ids_are_nothing_to_triage(stocked: Site) -> None:
    with stocked.as_role("worker"):
        assert run_triage(999_999, task_id="t") is None
    assert Run.objects.count() == 0
