"""Reads docker-compose.yml and the Dockerfile as Docker would: anchors merged, variables put in, instructions split."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml

from portal.environment import BASE_DIR

T = TypeVar("T")
# What somebody who deploys writes into .env.
OPERATOR = {"HANDRAIL_PUBLIC_URL": "https://support.example.org", "HANDRAIL_SMTP_HOST": "smtp.example.org"}
_VARIABLE = re.compile(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}")


def put_in(value: T, variables: Mapping[str, str]) -> T:
    """Replace ${NAME}, ${NAME:-default} and ${NAME:?message} everywhere in `value`, as compose does."""

    def one(match: "re.Match[str]") -> str:
        name, rule, rest = match.groups()
        if found := variables.get(name, ""):
            return found
        assert rule != ":?", f"{name} is not set: {rest}"
        return rest or ""

    return json.loads(_VARIABLE.sub(lambda match: json.dumps(one(match))[1:-1], json.dumps(value)))  # type: ignore[no-any-return]


def compose_file(variables: Mapping[str, str] = OPERATOR) -> dict[str, Any]:
    """The whole file with its anchors merged and its variables put in."""
    read: dict[str, Any] = yaml.safe_load((BASE_DIR / "docker-compose.yml").read_text())
    return put_in(read, variables)


@dataclass(frozen=True)
class Instruction:
    """A line of the Dockerfile."""

    word: str
    rest: str

    @property
    def arguments(self) -> list[str]:
        """The words of a command or a COPY, in either form, without flags."""
        if self.rest.startswith("["):
            return [str(part) for part in json.loads(self.rest)]
        return [part for part in shlex.split(self.rest) if not part.startswith("--")]


def dockerfile() -> list[Instruction]:
    """Its instructions in their order."""
    lines = (BASE_DIR / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    split = (line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#"))
    return [Instruction(word.upper(), rest.strip()) for word, rest in split]


def image_environment() -> dict[str, str]:
    """What the image tells every process."""
    pairs = (pair for line in dockerfile() if line.word == "ENV" for pair in line.arguments)
    return dict(pair.split("=", 1) for pair in pairs)


def image_command() -> list[str]:
    """What a container runs when compose names no command."""
    return next(line.arguments for line in dockerfile() if line.word == "CMD")
