"""Who writes a draft: nobody but the quotation, or a configured chat model that puts the quotation in better words.

Reads the settings and says in one line what they mean. The model's client itself is in `triage.chat`, which a worker
imports only when a model is configured.
"""

import ipaddress
import json
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from portal.environment import ConfigurationError, secret
from triage.answers import SCHEMA
from triage.rewording import NumberedPassage

LEAST_SECONDS, MOST_SECONDS = 1, 30  # the task that waits for it has a limit of its own
PARAMETERS = {
    "temperature",
    "top_p",
    "seed",
    "max_tokens",
    "max_completion_tokens",
    "reasoning_effort",
    "response_format",
}
KEY = "HANDRAIL_LLM_API_KEY"


class Writer(Protocol):
    """Something that answers with JSON as `triage.answers` reads it. It is never trusted, whoever it is."""

    @property
    def model(self) -> str: ...

    def write(self, request: str, passages: tuple[NumberedPassage, ...]) -> str:
        """Return the answer; raises NotWordedError with the reason, within the time it was given."""


@dataclass(frozen=True, slots=True)
class ChatEndpoint:
    """An OpenAI-compatible endpoint: `url` is what `/chat/completions` is appended to."""

    url: str
    model: str
    seconds: float
    parameters: dict[str, object]
    api_key: str = field(repr=False)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


def configured_endpoint() -> ChatEndpoint | None:
    """Return the endpoint that the settings name, or None; raises ConfigurationError in one line for people."""
    url, model = settings.HANDRAIL_LLM_URL.rstrip("/"), settings.HANDRAIL_LLM_MODEL
    if not url and not model:
        return None
    if not url or not model:
        raise ConfigurationError(_("HANDRAIL_LLM_URL and HANDRAIL_LLM_MODEL are set together or not at all."))
    _check_address(url.removesuffix("/chat/completions"))
    seconds = settings.HANDRAIL_LLM_SECONDS
    if not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise ConfigurationError(f"HANDRAIL_LLM_SECONDS must be {LEAST_SECONDS} to {MOST_SECONDS}.")
    return ChatEndpoint(url.removesuffix("/chat/completions"), model, seconds, _parameters(), secret(KEY))


def describe_generator() -> str:
    """Return in one line who writes drafts here; raises ConfigurationError where the settings contradict themselves."""
    endpoint = configured_endpoint()
    if not settings.HANDRAIL_DRAFTING:
        return _("Drafts: none, drafting is switched off (HANDRAIL_DRAFTING=0).")
    if endpoint is None:
        return _("Drafts: quotations of articles; no chat model is configured (HANDRAIL_LLM_URL).")
    line = _("Drafts: worded by %(model)s at %(host)s, %(key)s, from quotations; where it fails they stay quotations.")
    key = _("with a key") if endpoint.api_key else _("without a key")
    return line % {"model": endpoint.model, "host": endpoint.host, "key": key}


def configured_writer() -> Writer | None:
    """Return the client of the configured endpoint, or None; raises ConfigurationError."""
    endpoint = configured_endpoint()
    if endpoint is None:
        return None
    # The client takes two seconds to import and 25 MB to hold: a worker without a model needs neither.
    from triage.chat import ChatWriter

    return ChatWriter(endpoint=endpoint)


def _check_address(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigurationError(_("HANDRAIL_LLM_URL must look like https://host/v1."))
    if parts.username or parts.password:
        raise ConfigurationError(_("HANDRAIL_LLM_URL must hold no password: the key is HANDRAIL_LLM_API_KEY."))
    if parts.scheme == "http" and not _is_this_machine(parts.hostname) and not settings.HANDRAIL_LLM_ALLOW_HTTP:
        raise ConfigurationError(
            _("HANDRAIL_LLM_URL is http to another machine, so requests would travel in the open. Use https, or set ")
            + _("HANDRAIL_LLM_ALLOW_HTTP=1 on a network that you trust.")
        )


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _parameters() -> dict[str, object]:
    """Return what is sent along with each question: a JSON object, a null in it leaves a default of ours out."""
    try:
        given = json.loads(settings.HANDRAIL_LLM_PARAMETERS or "{}")
    except ValueError as error:
        raise ConfigurationError(_("HANDRAIL_LLM_PARAMETERS must be a JSON object.")) from error
    if not isinstance(given, dict) or not set(given) <= PARAMETERS:
        allowed = ", ".join(sorted(PARAMETERS))
        raise ConfigurationError(_("HANDRAIL_LLM_PARAMETERS must be a JSON object with no keys but: ") + allowed)
    schema = {"name": "reply", "strict": True, "schema": SCHEMA}
    sent = {"response_format": {"type": "json_schema", "json_schema": schema}, **given}
    return {name: value for name, value in sent.items() if value is not None}
