"""Milliseconds by stage."""

import contextlib
import time
from collections.abc import Iterator


class Stopwatch:
    """`with watch("embed"): …` adds to that stage's time."""

    def __init__(self) -> None:
        self.milliseconds: dict[str, float] = {}

    @contextlib.contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            passed = (time.perf_counter() - started) * 1000
            self.milliseconds[stage] = self.milliseconds.get(stage, 0.0) + passed
