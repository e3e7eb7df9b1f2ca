"""Reads the message and its attached logs, packed ones too, for what went wrong: within a time for all together."""

import time
from dataclasses import replace

from haystack import component

from triage.bundles import BundleLimits, Coverage, read_attachment, read_kept
from triage.facts import FileCoverage, FileReading, LogFile, Request
from triage.logs import Cut, Limits, LogReading, Unread, read_message


@component
class ReadLogs:
    """`seconds`: wall time for all inputs of a message; each file may take what the ones before it left."""

    def __init__(self, *, seconds: float = 6.0, seconds_per_file: float = 3.0) -> None:
        self.seconds = seconds
        self.seconds_per_file = seconds_per_file

    @component.output_types(readings=list[FileReading], coverages=list[FileCoverage])
    def run(self, request: Request) -> dict[str, object]:
        deadline = time.monotonic() + self.seconds
        readings = [FileReading(None, "", read_message(request.text, limits=Limits(seconds=self._share(deadline))))]
        coverages = []
        for file in request.files:
            found, coverage = _read(file, BundleLimits(seconds=self._share(deadline)))
            readings += found
            coverages.append(FileCoverage(file.attachment_id, coverage))
        return {"readings": readings, "coverages": coverages}

    def _share(self, deadline: float) -> float:
        return max(0.0, min(self.seconds_per_file, deadline - time.monotonic()))


def _read(file: LogFile, limits: BundleLimits) -> tuple[list[FileReading], Coverage]:
    if file.kept is not None:
        found = read_kept(file.kept, limits=limits)
    elif file.data is not None:
        found = read_attachment(file.data, limits=limits)
    else:
        return [], Coverage(unread=Unread.MISSING)
    coverage = found.coverage
    if file.is_cut:
        coverage = replace(coverage, cut=tuple(sorted({*coverage.cut, Cut.UNPACKED})))
    return [FileReading(file.attachment_id, file.name, one.reading, one.member) for one in found.readings], coverage


def signatures_of(readings: list[FileReading], *, limit: int = 6) -> tuple[str, ...]:
    """Return the distinct codes of all readings, the message's own first."""
    found = [code for reading in readings for code in reading.reading.signatures]
    return tuple(dict.fromkeys(found))[:limit]


def telling_lines(readings: list[FileReading], *, limit: int = 3) -> tuple[str, ...]:
    """Return the redacted heads of the attachments' worst findings: what a person would type into a search."""
    findings = [
        finding
        for reading in readings
        if reading.attachment_id is not None
        for finding in sorted(reading.reading.findings, key=LogReading.severity)
    ]
    return tuple(dict.fromkeys(finding.cause or finding.head for finding in findings))[:limit]
