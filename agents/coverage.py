"""How much of each attached file was read, in words for a rep: what is not among the findings may only be unread.

Reads only. A file of which something was left out says what, and why.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.models import Ticket
from triage.models import Container, LogCoverage
from triage.wall import bar_of

_CUT = {
    "bytes": gettext_lazy("Its beginning and its end were read, the middle was left out."),
    "unpacked": gettext_lazy("Reading stopped at the limit; what comes later was not read."),
    "members": gettext_lazy("No more files of one archive are read."),
    "lines": gettext_lazy("It has more lines than are read."),
    "line_length": gettext_lazy("Very long lines were cut short."),
    "time": gettext_lazy("The time for reading was up; a part was not read."),
    "findings": gettext_lazy("Only the worst of what was found is listed."),
}
_UNREAD = {
    "empty": gettext_lazy("Not read: there is no text in it."),
    "binary": gettext_lazy("Not read: it is not text."),
    "missing": gettext_lazy("Not read: its bytes are missing here."),
    "packed": gettext_lazy("Not read: an archive inside a packed file is not opened."),
    "damaged": gettext_lazy("Not read: it is damaged, and nothing in it could be unpacked."),
}
_DAMAGE = {
    "truncated": gettext_lazy("It breaks off; it was read up to there."),
    "checksum": gettext_lazy("Its checksum is wrong: some of it may not be as it was written."),
    "corrupt": gettext_lazy("It is damaged; it was read up to the damage."),
}
_LIST_BROKEN = gettext_lazy("Its list of contents is missing or breaks off; the files found without it were read.")
_MEMBER = {
    "binary": gettext_lazy("not read, not text"),
    "empty": gettext_lazy("empty"),
    "encrypted": gettext_lazy("not read, locked with a password"),
    "nested": gettext_lazy("not read, an archive inside the archive"),
    "packing": gettext_lazy("not read, packed in a way that is not read here"),
    "unreadable": gettext_lazy("not read, damaged"),
    "truncated": gettext_lazy("breaks off, read up to there"),
    "checksum": gettext_lazy("wrong checksum, may not be as it was written"),
    "corrupt": gettext_lazy("damaged, read up to the damage"),
    "long": gettext_lazy("long, a part was left out"),
}


_SPAN = ("first", "last")


@dataclass(frozen=True)
class FileRead:
    """One attached file: how much of it was read, what was left out, and the trouble with single members."""

    name: str
    summary: str
    notes: tuple[str, ...]
    members: tuple[tuple[str, str], ...]
    more_members: int
    told: tuple[tuple[str, str], ...] = ()
    """What the log says of itself: its time span, versions, hosts, each with its name."""

    @property
    def is_partial(self) -> bool:
        return bool(self.notes or self.members)


def files_read(ticket: Ticket) -> list[FileRead]:
    """Every attached log of the request, those of the newest message first; none behind the high-touch wall."""
    if bar_of(ticket):
        return []
    found = LogCoverage.objects.filter(run__ticket=ticket).select_related("attachment")
    return [file_read(coverage) for coverage in found.order_by("-run__message_id", "attachment_id")]


def file_read(coverage: LogCoverage) -> FileRead:
    """The words for one file."""
    members = tuple((str(name), str(_MEMBER.get(trouble, trouble))) for name, trouble in coverage.remarks)
    return FileRead(
        name=coverage.attachment.name,
        summary=_summary(coverage),
        notes=tuple(_notes(coverage)),
        members=members,
        more_members=coverage.remarks_left_out,
        told=tuple(_told(coverage)),
    )


def _told(coverage: LogCoverage) -> Iterator[tuple[str, str]]:
    if coverage.first_stamp:
        span = (coverage.first_stamp, coverage.last_stamp)
        yield (
            _("Time"),
            span[0] if span[0] == span[1] else _("%(first)s to %(last)s") % dict(zip(_SPAN, span, strict=True)),
        )
    if coverage.versions:
        yield _("Versions"), ", ".join(coverage.versions)
    if coverage.hosts:
        yield _("Hosts"), ", ".join(coverage.hosts)


def _summary(coverage: LogCoverage) -> str:
    size = filesizeformat(coverage.bytes_read)
    if coverage.unread == "empty" and coverage.cut:
        return _("Not read: the first %(size)s of it hold no text.") % {"size": size}
    if coverage.unread:
        return str(_UNREAD.get(coverage.unread, coverage.unread))
    if coverage.container in {Container.ZIP, Container.TAR}:
        counts = {"read": coverage.members_read, "members": number_format(coverage.members), "size": size}
        if coverage.has_more:
            return _("%(read)d of more than %(members)s files in it read, %(size)s.") % counts
        return _("%(read)d of %(members)s files in it read, %(size)s.") % counts
    if coverage.cut or coverage.damage:
        return _("%(size)s looked at.") % {"size": size}
    return _("Read whole, %(size)s.") % {"size": size}


def _notes(coverage: LogCoverage) -> list[str]:
    notes = []
    if coverage.damage and not coverage.unread:
        is_list = coverage.container == Container.ZIP and coverage.damage == "truncated"
        notes.append(str(_LIST_BROKEN if is_list else _DAMAGE.get(coverage.damage, coverage.damage)))
    return notes + [str(_CUT[bound]) for bound in coverage.cut if bound in _CUT]
