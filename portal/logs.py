"""The shape of a log line: time, level, logger, event name, then scalar fields.

Fields are passed as `extra={...}`; a field is a number, an id or a fixed word, never a customer's text.
"""

import logging

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LineFormatter(logging.Formatter):
    """Writes `2026-01-31T10:00:00 INFO portal.mail mail_sent outbox=7`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Append the record's extra scalar fields, sorted, to its line."""
        line = super().formatMessage(record)
        fields = {
            name: value
            for name, value in vars(record).items()
            if name not in _STANDARD and isinstance(value, str | int | float | bool | None)
        }
        return " ".join([line, *(f"{name}={value}" for name, value in sorted(fields.items()))])
