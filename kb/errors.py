"""Domain errors of kb; the edges put them into words for people."""


class ImportBusyError(RuntimeError):
    """Another import of articles is running."""
