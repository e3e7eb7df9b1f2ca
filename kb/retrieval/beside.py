"""Runs a function in another thread while this one goes on: the embedder computes while PostgreSQL answers.

Invariant: the threads begin with the first use in a process, so a fork never inherits a pool whose threads it lacks.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import ParamSpec, TypeVar

# As many as a web process has threads of its own: a search never waits for another's turn.
MOST_AT_ONCE = 8

P = ParamSpec("P")
R = TypeVar("R")


def run_beside(function: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> Future[R]:
    """Begin; what it raises comes out of `result()`. It must not use the database: that is bound to the thread."""
    return _pool().submit(function, *arguments, **named)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="beside")


os.register_at_fork(after_in_child=_pool.cache_clear)
