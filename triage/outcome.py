"""What a run of the pipeline gives back: the output of every step, typed, and how long each took."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from triage.addressed import Addressed
from triage.facts import Drafted, Evidence, FileCoverage, FileReading, Priority, Proposal, Screening, Step


@dataclass(frozen=True)
class Outcome:
    """`timings` are milliseconds by step; `dropped` counts the sentences that did not stand up.

    `unfiled` says why no category is proposed. `withheld` counts the sentences that named a link, an address or a
    number which the site does not allow.
    """

    screening: Screening
    readings: tuple[FileReading, ...]
    category: Proposal | None
    vector: tuple[float, ...]
    priority: Priority
    evidence: Evidence
    drafted: Drafted
    reworded: Drafted
    grounded: Drafted
    dropped: int
    steps: tuple[Step, ...]
    coverages: tuple[FileCoverage, ...] = ()
    withheld: int = 0
    unfiled: str = ""
    addressed: Addressed = field(default_factory=Addressed)
    timings: Mapping[str, float] = field(default_factory=dict)
