"""What machines read is redacted; the person who may see the request sees what was written, and nobody else does."""

import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import FileResponse

from portal.actions.tickets import add_customer_message
from tests.agents.conftest import Desk
from tests.factories import make_user, sign_in
from triage.models import LogFinding, Run
from triage.running import run_triage

SECRET, MAIL = "hunter2!x9", "cora.private@example.org"
LOG = f"2024-03-01 10:00:00 ERROR EXP-4711 sign-in of {MAIL} failed password={SECRET}\n".encode()


def _triaged(desk: Desk) -> LogFinding:
    file = SimpleUploadedFile("export.log", LOG, "text/plain")
    text = f"The export fails for {MAIL}, my password is {SECRET}. The log is attached."
    message = add_customer_message(actor=desk.ticket.requester, ticket=desk.ticket, text=text, attachments=[file])
    with desk.site.as_role("worker"):
        assert run_triage(message.pk, task_id="t") is not None
    return LogFinding.objects.get(run__message=message, attachment__isnull=False)


def _link_to(finding: LogFinding, page: str) -> str:
    assert finding.attachment is not None
    return next(part for part in page.split('"') if f"/{finding.attachment.public_id}" in part)


def test_a_rep_sees_the_original_words_where_a_machine_saw_placeholders(real_desk: Desk) -> None:
    finding = _triaged(real_desk)
    assert "[EMAIL]" in finding.text
    assert "[SECRET]" in finding.text
    recorded = json.dumps([run.outputs for run in Run.objects.all()]) + finding.text + finding.head + finding.template
    assert SECRET not in recorded
    assert MAIL not in recorded
    page = real_desk.open().content.decode()
    assert f"my password is {SECRET}" in page
    link = _link_to(finding, page)
    assert page.count(f'"{link}"') == 2, "from the conversation and from the finding"
    response = real_desk.client.get(link)
    assert isinstance(response, FileResponse)
    assert response.getvalue() == LOG


def test_nobody_else_sees_them(real_desk: Desk) -> None:
    link = _link_to(_triaged(real_desk), real_desk.open().content.decode())
    stranger = sign_in(make_user("Sven"))
    assert stranger.get(real_desk.url()).status_code in {302, 403, 404}
    assert stranger.get(link).status_code in {302, 403, 404}
