"""docker-compose.yml and the Dockerfile by the letter: the schema, and what a schema cannot know."""

import fnmatch
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from agents.processes import programs
from portal import embedded, environment
from portal.environment import BASE_DIR
from tests.agents.containers import OPERATOR, compose_file, dockerfile, image_command, image_environment

SCHEMA = BASE_DIR / "tests" / "vendor" / "compose-spec" / "compose-spec.json"
COMPOSE = compose_file()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SERVING = {name: service for name, service in OURS.items() if name != "bootstrap"}
# Variables of the official PostgreSQL image, the one service that is not ours and is told something.
OF_POSTGRES = {"POSTGRES_PASSWORD_FILE", "POSTGRES_INITDB_ARGS"}
READ = re.compile(r'"((?:HANDRAIL|DATABASE|REDIS|DJANGO)_[A-Z_]+)"')


def variables_read() -> set[str]:
    """Every environment variable that Handrail's code asks for."""
    files = (path for layer in ("kb", "portal", "triage", "agents") for path in (BASE_DIR / layer).rglob("*.py"))
    return {name for path in files for name in READ.findall(path.read_text())}


def command_of(service: dict[str, Any]) -> list[str]:
    return list(service.get("command") or image_command())


def queues_of(command: list[str]) -> set[str]:
    return set(command[command.index("-Q") + 1].split(",")) if "-Q" in command else set()


def test_it_is_a_compose_file() -> None:
    schema = json.loads(SCHEMA.read_text())
    validator = jsonschema.Draft202012Validator(schema)
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []
    broken = {**COMPOSE, "services": {"web": {"comand": ["x"]}}}
    assert not validator.is_valid(broken)  # the schema is awake


def test_it_asks_for_what_nobody_can_guess() -> None:
    for name in OPERATOR:
        with pytest.raises(AssertionError, match=name):
            compose_file({key: value for key, value in OPERATOR.items() if key != name})


@pytest.mark.parametrize("name", SERVICES)
def test_every_name_in_it_leads_somewhere(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert {volume.split(":")[0] for volume in service.get("volumes", [])} <= set(COMPOSE["volumes"])
    for other, how in service.get("depends_on", {}).items():
        assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_shut_in(name: str) -> None:
    service = SERVICES[name]
    user = service.get("user") or next(line.rest for line in dockerfile() if line.word == "USER")
    assert user not in {"root", "0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")
    assert "inside" in service["networks"]
    assert ("outside" in service["networks"]) == (name in {"web", "mailer", "worker"})
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "bootstrap"])
def test_every_service_is_asked_whether_it_works(name: str) -> None:
    test = SERVICES[name]["healthcheck"]["test"]
    assert test[0] == "CMD"
    if name in OURS:
        assert test[1:5] == ["python", "-m", "portal.healthcheck", name]


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned(name: str) -> None:
    if name in OURS:
        assert SERVICES[name]["image"] == "handrail"  # one image, built here
        return
    assert re.search(r":\d+\.\d+\.\d+", SERVICES[name]["image"])


def test_the_base_image_is_pinned_and_of_the_python_that_is_checked() -> None:
    base = next(line.rest for line in dockerfile() if line.word == "FROM")
    version = re.fullmatch(r"python:(\d+\.\d+)\.\d+-slim-\w+", base)
    assert version is not None
    assert f'python_version = "{version.group(1)}"' in (BASE_DIR / "pyproject.toml").read_text()


def test_every_variable_is_one_that_is_read() -> None:
    told = {name for service in OURS.values() for name in service["environment"]}
    told |= {name for name in image_environment() if not name.startswith("PYTHON")}
    assert told <= variables_read()
    assert {name for name, service in SERVICES.items() if name not in OURS and "environment" in service} == {"db"}
    assert set(SERVICES["db"]["environment"]) == OF_POSTGRES


def test_no_secret_is_in_the_environment() -> None:
    text = (BASE_DIR / "docker-compose.yml").read_text()
    assert not re.search(r"(?i)(password|secret|key)\w*:\s*(?!/run/secrets)\S*\$", text)
    assert not re.search(r"://[^/\s]*:[^/\s]*@", text)
    assert all(entry == {"file": f"secrets/{name}"} for name, entry in COMPOSE["secrets"].items())
    assert SERVICES["db"]["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/db_postgres"


@pytest.mark.parametrize("name", SERVING)
def test_a_process_is_given_its_own_role_s_password_and_no_other(name: str) -> None:
    role = SERVING[name]["environment"]["HANDRAIL_DB_ROLE"]
    also = {"mailer": {"smtp_password"}, "worker": {"llm_api_key"}}.get(name, set())
    assert set(SERVING[name]["secrets"]) == {"secret_key", f"db_handrail_{role}", *also}
    assert SERVING[name]["environment"]["HANDRAIL_SECRETS"] == "/run/secrets"


def test_only_what_prepares_the_database_knows_the_superuser() -> None:
    holders = {name for name, service in SERVICES.items() if "db_postgres" in service.get("secrets", [])}
    assert holders == {"db", "bootstrap"}
    assert set(SERVICES["bootstrap"]["secrets"]) >= {f"db_handrail_{role}" for role in environment.ROLES}


def test_the_secrets_are_made_by_one_command(tmp_path: Path) -> None:
    command = ["make", "-f", str(BASE_DIR / "Makefile"), "secrets"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == set(COMPOSE["secrets"])
    assert made.pop("smtp_password") == made.pop("llm_api_key") == ""
    assert all(len(text.strip()) >= 32 for text in made.values())
    assert len(set(made.values())) == len(made)
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    (tmp_path / "secrets" / "smtp_password").write_text("theirs")
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == {
        **made,
        "smtp_password": "theirs",
        "llm_api_key": "",
    }


def test_it_runs_the_processes_of_one_machine() -> None:
    wanted = {p.name: p for p in programs(port=8000, bind="0.0.0.0", run_directory=Path("/tmp"), web_workers=2)}
    assert set(SERVING) == set(wanted)
    for name, program in wanted.items():
        assert SERVING[name]["environment"]["HANDRAIL_DB_ROLE"] == program.role
        assert _essence(command_of(SERVING[name])) == _essence(program.command)
    grace = {name: int(str(s.get("stop_grace_period", "10s")).removesuffix("s")) for name, s in SERVING.items()}
    assert all(grace[name] > wanted[name].stop_seconds for name in wanted)


def _essence(command: Sequence[str]) -> list[str]:
    """A command without its interpreter, and without how many of it run and where it keeps its files."""
    parts = ["python", *command[1:]]
    return [part for part in parts if not part.isdigit() and not part.startswith("/tmp")]


def test_every_queue_has_a_worker_and_people_never_wait_behind_indexing() -> None:
    queues = [queues_of(command_of(service)) for service in SERVING.values()]
    assert sorted(queue for each in queues for queue in each) == ["index", "interactive", "mail", "triage", "watch"]
    assert {"interactive", "triage"} in queues


def test_the_database_is_laid_out_as_our_own_is(tmp_path: Path) -> None:
    given = SERVICES["db"]["environment"]["POSTGRES_INITDB_ARGS"].split()
    ours = Path(embedded.__file__).read_text()
    for option in given:
        assert option.replace("--auth-host", "-A").split("=")[-1] in ours, option


def test_what_the_image_copies_exists() -> None:
    ignored = (BASE_DIR / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    copied = {source for line in dockerfile() if line.word == "COPY" for source in line.arguments[:-1]}
    assert all((BASE_DIR / source).exists() for source in copied)
    assert copied == kept
    assert not any(fnmatch.fnmatch(source, "*secret*") for source in copied)


def test_the_image_runs_as_nobody_and_owns_no_code() -> None:
    words = [line.word for line in dockerfile()]
    assert words.count("USER") == 1
    assert words.index("USER") > max(index for index, word in enumerate(words) if word in {"COPY", "RUN"})
    assert not any("--chown" in line.rest for line in dockerfile())
    run = " ".join(line.rest for line in dockerfile() if line.word == "RUN")
    assert "--require-hashes -r requirements.lock" in run
    assert "HANDRAIL_SECRETS=/tmp/build" in run  # the key that settings make on first use stays out of the layers
    assert "rm -rf /tmp/build" in run


@pytest.mark.parametrize("name", OURS)
def test_every_command_names_a_program_that_exists(name: str) -> None:
    commands = [command_of(OURS[name])]
    if "healthcheck" in OURS[name]:
        commands.append(OURS[name]["healthcheck"]["test"][1:])
    for command in commands:
        for module in re.findall(r"-m (\S+)", " ".join(command)):
            assert importlib.util.find_spec(module) is not None
        for script in re.findall(r"python (\S+\.py)", " ".join(command)):
            assert (BASE_DIR / script).is_file()


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_check_fails_where_nothing_works(name: str, tmp_path: Path) -> None:
    test = [word.replace("/tmp/", f"{tmp_path}/") for word in OURS[name]["healthcheck"]["test"][2:]]
    nowhere = {"REDIS_URL": "redis://127.0.0.1:1/0", "PORT": "1", "HANDRAIL_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, *test],
        env={**os.environ, **nowhere},
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"{name}: ")
    assert done.stderr.count("\n") == 1
