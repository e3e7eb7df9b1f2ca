"""Which tests of a run follow one another on one worker, and which begin.

The pieces of few long tests begin, so that at the end no worker waits long for another; what comes later is as
collected. Invariant: no test needs another before it.
"""

from xdist.scheduler import LoadFileScheduling

# All journeys share one site. They begin beside what needs no prepared site, and so prepare it while nobody waits.
TOGETHER = "tests/journeys/"
# These ask of the whole cluster who is a member of the guard's roles; one makes the owner one while it migrates.
OF_THE_CLUSTER = (
    "tests/agents/test_demo.py",
    "tests/guard/test_privileges.py",
    "tests/guard/test_sql.py",
    "tests/guard/test_unmigrated.py",
)
FIRST = (
    TOGETHER,
    "tests/agents/test_bench_pages.py",
    "tests/agents/test_containers.py",
    "tests/agents/test_start.py",
    "tests/guard/test_restore.py",
    "tests/faults/",
    "tests/agents/test_demo.py",
    "tests/kb/test_demo.py",
    "tests/agents/test_bench.py",
    "tests/guard/test_stateful.py",
)


def place(nodeid: str) -> int:
    """Where a test stands in the run's order, by its piece."""
    return next((n for n, piece in enumerate(FIRST) if nodeid.startswith(piece)), len(FIRST))


class Piecewise(LoadFileScheduling):  # type: ignore[misc]
    """A file to a worker, all journeys to one, and to one what concerns the whole cluster."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(OF_THE_CLUSTER):
            return OF_THE_CLUSTER[0]
        return TOGETHER if nodeid.startswith(TOGETHER) else str(super()._split_scope(nodeid))
