"""What triage refuses to do, and why a run failed; the edges put these into words for people."""


class TriageError(Exception):
    """Base of what triage raises by itself."""


class RunTakenOver(TriageError):  # noqa: N818 - a state that callers expect, not a fault
    """Another attempt works on this run, or finished it: this one's result is not stored."""
