"""Looks whether the message speaks to a machine, so that a rep is told. Nothing hears of it but the record.

A hint and no defence: no step takes its output, and a text that it overlooks is obeyed as little as one that it names.
"""

from haystack import component

from triage.addressed import Addressed, read_addressed
from triage.facts import Request


@component
class Warn:
    """Reads subject and message as they were written, quotations and signature included."""

    @component.output_types(addressed=Addressed)
    def run(self, request: Request) -> dict[str, Addressed]:
        return {"addressed": read_addressed(f"{request.subject}\n{request.text}")}
