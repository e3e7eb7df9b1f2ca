"""What a rep is told about each attached log: how much was read, and what was not."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from agents import coverage as words
from agents.coverage import file_read
from portal.models import Attachment
from tests.agents.conftest import Desk
from tests.conftest import Site
from tests.factories import make_ticket
from triage.bundles import Trouble
from triage.logs import Cut, Unread
from triage.models import LogCoverage, LogFinding, Run, RunState
from triage.streams import Damage


def _told(**fields: object) -> LogCoverage:
    return LogCoverage(attachment=Attachment(name="support.zip"), **fields)


@pytest.mark.parametrize(
    ("fields", "summary"),
    [
        ({"bytes_read": 2_048}, "Read whole, 2.0\xa0KB."),
        ({"bytes_read": 2_048, "cut": ["bytes"]}, "2.0\xa0KB looked at."),
        ({"container": "gzip", "bytes_read": 2_048, "damage": "truncated"}, "2.0\xa0KB looked at."),
        (
            {"container": "zip", "members": 4, "members_read": 4, "bytes_read": 100},
            "4 of 4 files in it read, 100\xa0bytes.",
        ),
        (
            {"container": "tar", "members": 41, "members_read": 40, "has_more": True, "bytes_read": 100},
            "40 of more than 41 files in it read, 100\xa0bytes.",
        ),
        ({"unread": "binary"}, "Not read: it is not text."),
        (
            {"unread": "empty", "cut": ["time"], "bytes_read": 1_024},
            "Not read: the first 1.0\xa0KB of it hold no text.",
        ),
    ],
)
def test_the_summary_says_how_much_was_read(fields: dict[str, object], summary: str) -> None:
    assert file_read(_told(**fields)).summary == summary


def test_every_bound_trouble_and_damage_has_its_words() -> None:
    assert set(words._CUT) == {str(one) for one in Cut}
    assert set(words._UNREAD) == {str(one) for one in Unread}
    assert set(words._DAMAGE) == {str(one) for one in Damage}
    assert set(words._MEMBER) == {str(one) for one in Trouble}


def test_a_file_read_whole_has_nothing_more_to_say() -> None:
    assert not file_read(_told(bytes_read=10)).is_partial
    told = file_read(_told(bytes_read=10, cut=["unpacked"], remarks=[["a.png", "binary"]], remarks_left_out=2))
    assert told.is_partial
    assert (told.members, told.more_members) == ((("a.png", "not read, not text"),), 2)


def test_the_ticket_page_names_member_and_line_and_what_was_not_read(site: Site, real_desk: Desk) -> None:
    ticket = make_ticket(files=[SimpleUploadedFile("support.zip", b"PK", "application/zip")])
    message = ticket.messages.get()
    attachment = message.attachments.get()
    with site.as_role("worker"):
        run = Run.objects.create(message=message, ticket=ticket, state=RunState.RUNNING)
        LogFinding.objects.create(
            run=run,
            position=0,
            attachment=attachment,
            member="logs/<b>app.log",
            line_no=1_205,
            kind="error",
            head="disk full",
            text="x",
        )
        LogCoverage.objects.create(
            run=run,
            attachment=attachment,
            container="zip",
            members=3,
            members_read=1,
            bytes_read=20_000_000,
            remarks=[["screen.png", "binary"]],
            cut=["unpacked"],
        )
    page = real_desk.client.get(f"/console/tickets/{ticket.pk}/").content.decode()
    assert "logs/&lt;b&gt;app.log</span> · line 1,205" in page
    assert "1 of 3 files in it read, 19.1\xa0MB." in page
    assert "Reading stopped at the limit; what comes later was not read." in page
    assert "screen.png</span>: not read, not text" in page
