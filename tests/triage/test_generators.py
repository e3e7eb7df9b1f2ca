"""Who writes drafts, read from the settings: two together or none, over a safe way, and said in one line."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from portal.environment import ConfigurationError, secret
from triage.generators import configured_endpoint, configured_writer, describe_generator

KEY = "sk-not-to-be-seen-anywhere"


def _set(settings: object, **values: object) -> None:
    for name, value in {"URL": "https://models.example/v1", "MODEL": "a-model", **values}.items():
        setattr(settings, f"HANDRAIL_LLM_{name}", value)


def test_by_default_there_is_no_model(settings: object) -> None:
    assert configured_endpoint() is None
    assert configured_writer() is None
    assert "no chat model" in describe_generator()


def test_check_says_in_one_line_who_writes(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    _set(settings)
    monkeypatch.setenv("HANDRAIL_LLM_API_KEY", KEY)
    out = StringIO()
    call_command("check", stdout=out, stderr=StringIO())
    line = out.getvalue().strip().splitlines()[-1]
    assert "a-model at models.example, with a key" in line
    assert KEY not in out.getvalue()
    settings.HANDRAIL_DRAFTING = False  # type: ignore[attr-defined]
    assert "switched off" in describe_generator()


def test_the_key_comes_from_a_variable_or_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert secret("HANDRAIL_LLM_API_KEY") == ""
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("HANDRAIL_LLM_API_KEY_FILE", str(tmp_path / "key"))
    assert secret("HANDRAIL_LLM_API_KEY") == KEY
    monkeypatch.setenv("HANDRAIL_LLM_API_KEY", "another")
    assert secret("HANDRAIL_LLM_API_KEY") == "another"
    monkeypatch.delenv("HANDRAIL_LLM_API_KEY")
    monkeypatch.setenv("HANDRAIL_LLM_API_KEY_FILE", str(tmp_path / "absent"))
    with pytest.raises(ConfigurationError, match="cannot be read"):
        secret("HANDRAIL_LLM_API_KEY")


def test_a_key_is_in_no_representation(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    _set(settings)
    monkeypatch.setenv("HANDRAIL_LLM_API_KEY", KEY)
    endpoint = configured_endpoint()
    assert endpoint is not None
    assert endpoint.api_key == KEY
    assert KEY not in repr(endpoint)


@pytest.mark.parametrize(
    "values",
    [
        {"MODEL": ""},
        {"URL": ""},
        {"URL": "models.example/v1"},
        {"URL": "ftp://models.example/v1"},
        {"URL": "https://user:secret@models.example/v1"},
        {"URL": "https://models.example/v1?key=secret"},
        {"URL": "http://models.example/v1"},
        {"SECONDS": 0},
        {"SECONDS": 600},
        {"PARAMETERS": "temperature=0"},
        {"PARAMETERS": "[]"},
        {"PARAMETERS": '{"messages": []}'},
        {"PARAMETERS": '{"tools": []}'},
        {"PARAMETERS": '{"stream": true}'},
    ],
)
def test_what_contradicts_itself_or_is_unsafe_is_refused_in_one_line(
    settings: object, values: dict[str, object]
) -> None:
    _set(settings, **values)
    with pytest.raises(ConfigurationError) as caught:
        configured_endpoint()
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:11434/v1", "http://127.0.0.1/v1/", "http://[::1]:8000/v1"])
def test_plain_http_is_for_this_machine_or_on_demand(settings: object, url: str) -> None:
    _set(settings, URL=url)
    assert configured_endpoint() is not None
    _set(settings, URL="http://models.example/v1/chat/completions", ALLOW_HTTP=True)
    endpoint = configured_endpoint()
    assert endpoint is not None
    assert endpoint.url == "http://models.example/v1"


def test_parameters_are_sent_along_and_a_null_leaves_the_schema_out(settings: object) -> None:
    _set(settings, PARAMETERS='{"temperature": 0}')
    endpoint = configured_endpoint()
    assert endpoint is not None
    assert set(endpoint.parameters) == {"temperature", "response_format"}
    _set(settings, PARAMETERS='{"response_format": null, "max_tokens": 1500}')
    endpoint = configured_endpoint()
    assert endpoint is not None
    assert endpoint.parameters == {"max_tokens": 1500}
