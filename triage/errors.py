"""What triage refuses to do, and why a run failed; the edges put these into words for people."""

from triage.choices import NotWorded


class TriageError(Exception):
    """Base of what triage raises by itself."""


class NotWordedError(TriageError):
    """A chat model's words are not used, for `reason`: the whole message, without what was sent or read."""

    def __init__(self, reason: NotWorded) -> None:
        super().__init__(reason.value)
        self.reason = reason


class RunTakenOver(TriageError):  # noqa: N818 - a state that callers expect, not a fault
    """Another attempt works on this run, or finished it: this one's result is not stored."""
