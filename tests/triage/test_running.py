"""A message becomes a run, as the worker, with everything on record: findings, sourced sentences, proposals."""

import gzip
import io
import zipfile
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from portal.actions.tickets import add_customer_message
from portal.models import Attachment, AuditEvent
from tests.conftest import Site
from tests.factories import make_category, make_ticket
from tests.triage.asking import SUBJECT, TEXT, draft_texts, triage_first
from triage.choices import NoDraftReason, RunState, SentenceKind
from triage.gathering import is_readable
from triage.models import Container, DraftSentence, FieldProposal, Run
from triage.pipeline import STEPS
from triage.reading import latest_run, latest_runs
from triage.running import run_triage


def test_a_plain_request_is_triaged_whole_by_the_worker(stocked: Site) -> None:
    billing, exports = make_category(), make_category("Exports", "Exporting orders, nightly export jobs, queues")
    log = SimpleUploadedFile("export.log", b"2024-03-01 10:00:00 ERROR EXP-4711: queue is full\n", "text/plain")
    ticket = make_ticket(subject=SUBJECT, text=TEXT, files=[log])
    run = triage_first(stocked, ticket)
    assert run is not None
    run = latest_run(ticket)
    assert run is not None
    assert run.state == RunState.DONE
    assert set(run.outputs) == set(STEPS)
    assert set(run.timings) == {*STEPS, "embedding"}
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
    quoted = draft_texts(run)
    assert "Open Tools > Export queue." in quoted
    assert any("bin/export run --resume" in text for text in quoted)
    assert AuditEvent.objects.filter(verb="triage.run_done", target_id=run.pk).count() == 1


def test_an_archive_of_logs_leaves_findings_by_member_and_says_what_was_not_read(stocked: Site) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("logs/export.log", b"2024-03-01 10:00:00 ERROR EXP-4711: queue is full\n")
        archive.writestr("screen.png", b"\x89PNG\r\n\x1a\n" + bytes(80))
    file = SimpleUploadedFile("support.zip", packed.getvalue(), "application/zip")
    run = triage_first(
        stocked, make_ticket(subject="Exports", text="Please look into the attached logs.", files=[file])
    )
    assert run is not None
    (finding,) = run.findings.filter(attachment__isnull=False)
    assert (finding.member, finding.line_no, finding.head) == ("logs/export.log", 1, "EXP-4711: queue is full")
    coverage = run.coverages.get()
    assert (coverage.container, coverage.members, coverage.members_read) == (Container.ZIP, 2, 1)
    assert coverage.remarks == [["screen.png", "binary"]]
    assert "Open Tools > Export queue." in draft_texts(run), "the code in the packed log leads to the article"


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
    run = triage_first(stocked, ticket)
    assert run is not None
    assert [(one.attachment_id, one.unread) for one in run.coverages.all()] == [(attachment.pk, "missing")]


def test_every_sentence_of_a_draft_is_what_its_source_says_there(stocked: Site) -> None:
    run = triage_first(stocked, make_ticket(subject=SUBJECT, text=TEXT))
    assert run is not None
    sentences = list(DraftSentence.objects.filter(draft__run=run).select_related("source_text").order_by("position"))
    assert sentences[0].kind == sentences[-1].kind == SentenceKind.NEEDS_WORDS
    for sentence in sentences[1:-2]:
        assert sentence.source_text is not None
        assert sentence.source_text.text[sentence.start : sentence.end] == sentence.quote == sentence.text
        assert sentence.digest == sentence.source_text.digest


def test_a_category_without_measured_cases_has_no_confidence(stocked: Site) -> None:
    make_category("Exports", "Exporting orders, nightly export jobs, queues")
    run = triage_first(stocked, make_ticket(subject=SUBJECT, text=TEXT))
    proposal = FieldProposal.objects.get(run=run, field="category")
    assert (proposal.confidence, proposal.n, proposal.measured_on) == (None, 0, "")
    assert proposal.reasons


def test_a_request_about_nothing_we_know_is_not_drafted(stocked: Site) -> None:
    run = triage_first(
        stocked, make_ticket(subject="Parking", text="Where may our guests park their bicycles in winter?")
    )
    assert run is not None
    assert run.no_draft_reason in (NoDraftReason.NOTHING_RELEVANT, NoDraftReason.LOW_CONFIDENCE)
    assert not hasattr(run, "draft")


def test_a_draft_is_stale_when_its_article_changes_or_the_customer_writes_again(stocked: Site, library: Path) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    run = triage_first(stocked, ticket)
    assert run is not None
    assert not run.draft.is_stale()
    changed = (library / "export.md").read_text().replace("Press **Clear", "Press twice **Clear")
    (library / "export.md").write_text(changed)
    call_command("import_articles", str(library), verbosity=0)
    assert run.draft.is_stale()
    other = make_ticket(subject="Colours", text="How do I change the colours of the storefront theme?")
    second = triage_first(stocked, other)
    assert second is not None
    assert not second.draft.is_stale()
    add_customer_message(actor=other.requester, ticket=other, text="I mean the dark palette.")
    assert second.draft.is_stale()


def test_a_second_message_is_triaged_by_itself_and_the_first_is_superseded(stocked: Site) -> None:
    ticket = make_ticket(subject=SUBJECT, text=TEXT)
    second = add_customer_message(actor=ticket.requester, ticket=ticket, text="It is version 3.1.0 by the way.")
    first_run = triage_first(stocked, ticket)
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
