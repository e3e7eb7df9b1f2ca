"""What went wrong according to the logs of a request, as a rep reads it: the lines, how often, and whether it is new.

Reads only. New is what no published article names and no other request showed, of those that may be compared: never
one of a high-touch account. Behind the high-touch wall nothing is read.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Count

from kb.known import articles_naming
from portal.models import Ticket
from triage.models import LogFinding, LogFindingKind, Run
from triage.wall import bar_of

MOST_FINDINGS = 60
_WORST_FIRST = [LogFindingKind.STACK_TRACE, LogFindingKind.ERROR, LogFindingKind.CODE, LogFindingKind.WARNING]


@dataclass(frozen=True)
class Found:
    """A finding with how many published articles name it and how many other requests showed it."""

    finding: LogFinding
    articles: int = 0
    requests: int = 0

    @property
    def is_new(self) -> bool:
        """Of a warning nobody writes an article; of what was read before marks were kept, nothing is known."""
        is_judged = bool(self.finding.mark) and self.finding.kind != LogFindingKind.WARNING
        return is_judged and not (self.articles or self.requests)


def found_in(ticket: Ticket) -> list[Found]:
    """What was found in every log and message of the request, the newest message's first, the worst first."""
    if bar_of(ticket):
        return []
    rows = (
        LogFinding.objects.filter(run__ticket=ticket)
        .select_related("attachment", "run")
        .defer("run__embedding", "run__outputs")
    )
    latest = rows.order_by("-run__message_id", "position")[:MOST_FINDINGS]
    findings = sorted(
        latest, key=lambda one: (-one.run.message_id, _WORST_FIRST.index(LogFindingKind(one.kind)), one.position)
    )
    named = articles_naming({mark for finding in findings for mark in finding.marks})
    seen = _requests_with({finding.mark for finding in findings if finding.mark}, ticket)
    return [Found(finding, _most(named, finding.marks), seen[finding.mark]) for finding in findings]


def _most(named: Counter[str], marks: Sequence[str]) -> int:
    return max((named[mark] for mark in marks), default=0)


def _requests_with(marks: Collection[str], ticket: Ticket) -> Counter[str]:
    """Return in how many other requests each mark was found, high-touch accounts' left out."""
    if not marks:
        return Counter()
    rows = LogFinding.objects.filter(mark__in=marks, run__in=Run.objects.shareable()).exclude(run__ticket=ticket)
    counted = rows.values("mark").annotate(requests=Count("run__ticket", distinct=True))
    return Counter({row["mark"]: row["requests"] for row in counted.order_by()})
