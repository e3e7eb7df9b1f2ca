"""Asks an OpenAI-compatible chat endpoint, through Haystack's generator, within one deadline for all attempts.

Every way of failing becomes a `NotWordedError` with a fixed reason: what was sent, what came back and the key are in no
message, log or record. After several failures in a row the endpoint is left alone for a while.
"""

import logging
import time
from collections.abc import Iterator

import httpcore
import openai
from billiard.exceptions import SoftTimeLimitExceeded
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage
from haystack.utils import Secret

from triage.choices import NotWorded
from triage.errors import NotWordedError
from triage.generators import ChatEndpoint
from triage.prompts import RULES, data_message
from triage.rewording import NumberedPassage
from triage.wire import Allowance, AnswerTooLongError, BoundedTransport, OutOfTimeError

# These say what an endpoint sent, which may be a customer's words.
for _name in ("openai", "httpx", "httpcore", "haystack.components.generators"):
    logging.getLogger(_name).setLevel(logging.ERROR)

MOST_ATTEMPTS = 2
PAUSE_SECONDS = 0.7
_PASSING = {NotWorded.BUSY, NotWorded.ERROR, NotWorded.UNREACHABLE}
_FAILING = {*_PASSING, NotWorded.SLOW, NotWorded.REFUSED}
FAILURES_BEFORE_REST = 3
REST_SECONDS = 60.0

_TOO_LATE = (OutOfTimeError, openai.APITimeoutError, httpcore.TimeoutException, SoftTimeLimitExceeded)
_TOO_LONG = (AnswerTooLongError, openai.LengthFinishReasonError)


class ChatWriter:
    """One endpoint, asked by one process, one question at a time."""

    def __init__(self, *, endpoint: ChatEndpoint) -> None:
        self.endpoint = endpoint
        self._transport = BoundedTransport(send_key=bool(endpoint.api_key))
        self._generator = OpenAIChatGenerator(
            api_key=Secret.from_token(endpoint.api_key or "none"),
            model=endpoint.model,
            api_base_url=endpoint.url,
            generation_kwargs=endpoint.parameters,
            timeout=endpoint.seconds,
            max_retries=0,  # its own waits as long as the endpoint says
            http_client_kwargs={"transport": self._transport, "follow_redirects": False, "trust_env": False},
        )
        self._failures = 0
        self._rests_until = 0.0

    @property
    def model(self) -> str:
        return self.endpoint.model

    def write(self, request: str, passages: tuple[NumberedPassage, ...]) -> str:
        """Return the text of the answer, unread; raises NotWordedError."""
        if time.monotonic() < self._rests_until:
            raise NotWordedError(NotWorded.RESTING)
        messages = [ChatMessage.from_system(RULES), ChatMessage.from_user(data_message(request, passages))]
        try:
            answer = self._ask(messages)
        except NotWordedError as error:
            self._count(failed=error.reason in _FAILING)
            raise
        self._count(failed=False)
        return answer

    def _ask(self, messages: list[ChatMessage]) -> str:
        allowance = Allowance(self.endpoint.seconds)
        attempt = 1
        while True:
            self._transport.allow(Allowance(max(0.0, allowance.seconds_left)))
            try:
                replies = self._generator.run(messages)["replies"]
            except Exception as error:  # noqa: BLE001 - whatever it sent, the draft is a quotation and says why
                reason = _reason_of(error)
                if reason not in _PASSING or attempt == MOST_ATTEMPTS or allowance.seconds_left < 2 * PAUSE_SECONDS:
                    raise NotWordedError(reason) from None  # the cause may quote what was sent or read
                attempt += 1
                time.sleep(PAUSE_SECONDS)
            else:
                return _text_of(replies)

    def _count(self, *, failed: bool) -> None:
        self._failures = self._failures + 1 if failed else 0
        if self._failures >= FAILURES_BEFORE_REST:
            self._failures = 0
            self._rests_until = time.monotonic() + REST_SECONDS


def _text_of(replies: list[ChatMessage]) -> str:
    if not replies:
        return ""
    if replies[0].meta.get("finish_reason") == "length":
        raise NotWordedError(NotWorded.TOO_LONG)
    return replies[0].text or ""


def _reason_of(error: Exception) -> NotWorded:
    chain = list(_causes(error))
    if any(isinstance(cause, _TOO_LATE) for cause in chain):
        return NotWorded.SLOW
    if any(isinstance(cause, _TOO_LONG) for cause in chain):
        return NotWorded.TOO_LONG
    if isinstance(error, openai.RateLimitError):
        return NotWorded.BUSY
    if isinstance(error, openai.APIStatusError):
        return NotWorded.ERROR if error.status_code >= 500 else NotWorded.REFUSED
    if any(isinstance(cause, (httpcore.NetworkError, httpcore.ProtocolError, OSError)) for cause in chain):
        return NotWorded.UNREACHABLE
    return NotWorded.MALFORMED


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and what it came from, outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
