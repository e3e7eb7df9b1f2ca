"""Reads the message and its text attachments for what went wrong, within a time for all of them together."""

import time

from haystack import component

from triage.facts import FileReading, Request
from triage.logs import Limits, LogReading, read_log, read_message


@component
class ReadLogs:
    """`seconds`: wall time for all inputs of a message; each file may take what the ones before it left."""

    def __init__(self, *, seconds: float = 6.0, seconds_per_file: float = 2.0) -> None:
        self.seconds = seconds
        self.seconds_per_file = seconds_per_file

    @component.output_types(readings=list[FileReading])
    def run(self, request: Request) -> dict[str, list[FileReading]]:
        deadline = time.monotonic() + self.seconds
        readings = [FileReading(None, "", read_message(request.text, limits=self._limits(deadline)))]
        for file in request.files:
            data = file.data or b""
            readings.append(FileReading(file.attachment_id, file.name, read_log(data, limits=self._limits(deadline))))
        return {"readings": readings}

    def _limits(self, deadline: float) -> Limits:
        return Limits(seconds=max(0.0, min(self.seconds_per_file, deadline - time.monotonic())))


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
