"""What an evaluation is to the command that runs it, and how it says how far it is."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from typing import TypeVar

from triage.evaluation.report import Report

Item = TypeVar("Item")


@dataclass(frozen=True)
class Evaluation:
    """One subcommand of `manage.py evaluate`. `run` gets the parsed options by name."""

    name: str
    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Mapping[str, object]], Report]


def with_progress(items: Iterable[Item], label: str) -> Iterator[Item]:
    """The items, with a count on stderr."""
    total = f" of {len(items)}" if isinstance(items, Sized) else ""
    number = 0
    for number, item in enumerate(items, 1):
        if number % 10 == 1:
            sys.stderr.write(f"\r{label} {number}{total}   ")
            sys.stderr.flush()
        yield item
    sys.stderr.write(f"\r{label} {number}{total}   \n")
