"""What the console says of findings: counts per template, what the log tells of itself, and what nobody knows yet."""

import pytest

from agents.coverage import file_read
from agents.found import Found, found_in
from kb.known import articles_naming
from kb.models import Generation, Passage
from portal.models import Attachment, Organisation, Ticket
from tests.agents.conftest import Desk
from tests.conftest import Site
from tests.factories import make_ticket
from triage.models import LogCoverage, LogFinding, Run, RunState

NEW = "No article names it and no other request showed it."


def _find(site: Site, ticket: Ticket, *marks: str, **fields: object) -> LogFinding:
    """What a worker stores of one line of the ticket's only message."""
    with site.as_role("worker"):
        run, _made = Run.objects.get_or_create(
            message=ticket.messages.get(),
            ticket=ticket,
            defaults={"state": RunState.DONE, "finished_at": ticket.created_at},
        )
        values: dict[str, object] = {
            "position": run.findings.count(),
            "line_no": 7,
            "kind": "error",
            "head": "queue full",
            "text": "ERROR queue full",
            "marks": list(marks),
            "mark": marks[0] if marks else "",
        }
        return LogFinding.objects.create(run=run, **{**values, **fields})


def _only(ticket: Ticket) -> Found:
    (found,) = found_in(ticket)
    return found


def test_what_no_article_and_no_other_request_knows_is_new(site: Site, real_desk: Desk) -> None:
    ticket = make_ticket()
    _find(site, ticket, "code:QX-90210", count=1_204, template="queue <*> full")
    assert _only(ticket).is_new
    page = real_desk.client.get(f"/console/tickets/{ticket.pk}/").content.decode()
    assert NEW in page
    assert "1,204 lines like it" in page
    assert "queue &lt;*&gt; full" in page


def test_what_another_request_showed_is_not_new_and_their_number_is_said(site: Site, real_desk: Desk) -> None:
    ticket, other = make_ticket(), make_ticket()
    _find(site, ticket, "code:QX-90210")
    for _ in range(2):
        _find(site, other, "code:QX-90210")
    assert (_only(ticket).is_new, _only(ticket).requests) == (False, 1)
    page = real_desk.client.get(f"/console/tickets/{ticket.pk}/").content.decode()
    assert NEW not in page
    assert "1 other request showed it." in page


def test_what_a_high_touch_account_showed_makes_nothing_known(site: Site) -> None:
    ticket, touched = make_ticket(), make_ticket()
    for one in (ticket, touched):
        _find(site, one, "code:QX-90210")
    assert _only(ticket).requests == 1
    Organisation.objects.filter(tickets=touched).update(kind=Organisation.Kind.HIGH_TOUCH)
    touched = Ticket.objects.select_related("organisation", "requester").get(pk=touched.pk)
    assert found_in(touched) == []
    assert (_only(ticket).is_new, _only(ticket).requests) == (True, 0)


def test_what_a_published_article_names_is_not_new(stocked_desk: Desk) -> None:
    side = Generation.objects.get(is_live=True).side
    passage = Passage.objects.filter(side=side, article__live=True).exclude(signatures=[]).first()
    assert passage is not None
    ticket = make_ticket()
    _find(stocked_desk.site, ticket, "template:a b c", passage.signatures[0])
    assert (_only(ticket).is_new, _only(ticket).articles >= 1) == (False, True)
    assert articles_naming(["code:QX-90210"]) == {}


@pytest.mark.parametrize("fields", [{"kind": "warning"}, {"mark": "", "marks": []}])
def test_a_warning_and_what_has_no_mark_are_never_called_new(site: Site, fields: dict[str, object]) -> None:
    ticket = make_ticket()
    _find(site, ticket, "code:QX-90210", **fields)
    assert not _only(ticket).is_new


def test_the_worst_of_a_message_comes_first(site: Site) -> None:
    ticket = make_ticket()
    for kind in ("warning", "error", "stack_trace"):
        _find(site, ticket, kind=kind)
    assert [found.finding.kind for found in found_in(ticket)] == ["stack_trace", "error", "warning"]


def test_a_file_tells_its_time_its_versions_and_its_hosts() -> None:
    coverage = LogCoverage(
        attachment=Attachment(name="a.log"), first_stamp="10:00", last_stamp="11:00", versions=["a 1"], hosts=["x", "y"]
    )
    assert file_read(coverage).told == (("Time", "10:00 to 11:00"), ("Versions", "a 1"), ("Hosts", "x, y"))
    assert file_read(LogCoverage(attachment=Attachment(name="a.log"))).told == ()
