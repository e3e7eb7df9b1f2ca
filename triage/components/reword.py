"""Lets a configured chat model put a finished quotation in better words, and keeps the quotation wherever that fails.

The model sees only what the quotation quotes and the request, both redacted; it decides nothing, and what it writes
passes the same checks again in `ground`. Without a model this step does nothing.
"""

import logging
from dataclasses import replace

from haystack import component

from triage.answers import parse_answer
from triage.choices import NotWorded
from triage.errors import NotWordedError
from triage.facts import Drafted, Request
from triage.generators import Writer
from triage.rewording import number_passages, reword
from triage.wording import with_subject

log = logging.getLogger(__name__)


@component
class Reword:
    """`writer`: who is asked, or None."""

    def __init__(self, *, writer: Writer | None = None) -> None:
        self.writer = writer

    @component.output_types(drafted=Drafted)
    def run(self, request: Request, drafted: Drafted) -> dict[str, Drafted]:
        if self.writer is None or not drafted.sentences:
            return {"drafted": drafted}
        try:
            return {"drafted": self._worded(self.writer, request, drafted)}
        except NotWordedError as error:
            log.warning("draft_not_worded", extra={"message_id": request.message_id, "reason": error.reason.value})
            return {"drafted": replace(drafted, not_worded=error.reason.value)}

    def _worded(self, writer: Writer, request: Request, drafted: Drafted) -> Drafted:
        if request.language.split("-")[0].casefold() != "en":
            raise NotWordedError(NotWorded.OTHER_LANGUAGE)
        passages = number_passages(drafted.sentences)
        answer = writer.write(with_subject(request.subject, request.text), passages)
        sentences = reword(drafted.sentences, parse_answer(answer))
        return replace(drafted, sentences=sentences, model=writer.model)
