"""Makes one line of a log the lines that it stands for: a JSON record, key=value pairs, a trace written on one line.

Pure. A record becomes "stamp LEVEL message key=value …" and the lines of its stack trace, as a plain log has them, so
that one reading serves all. Whatever does not parse stays as it is.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from triage.headers import header_end

LONGEST = 65_536  # a longer record is no record
_MOST_LINES = 400
_MOST_FIELDS = 8
_VALUE = 120
_STAMPS = ("@timestamp", "timestamp", "time", "ts", "@t", "datetime", "date", "eventtime", "__realtime_timestamp")
_LEVELS = ("level", "severity", "lvl", "@l", "levelname", "loglevel", "log.level", "severitytext", "priority")
_MESSAGES = ("message", "msg", "@m", "@mt", "short_message", "event", "text", "body", "log", "error.message")
_STACKS = (
    "stack", "stack_trace", "stacktrace", "error.stack_trace", "exception.stacktrace", "exc_info", "exception",
    "traceback", "backtrace", "full_message", "@x", "err", "error",
)  # fmt: skip
_WORDS = {"trace": "TRACE", "debug": "DEBUG", "warn": "WARN", "warning": "WARN", "err": "ERROR", "fail": "ERROR"}
_PAIR = re.compile(r'([A-Za-z_@][\w.@/-]{0,60})=("(?:[^"\\]|\\.){0,4000}"|[^\s"]\S{0,1000}|)(?=\s|$)')
_IS_PAIRS = re.compile(r"(?:^|\s)(?:msg|message|level|lvl|severity)=")
_TRACE_LINE = r"at |File \\?\"|Traceback|Caused by|from |#\d|[\w.]{0,80}(?:Error|Exception)\b"
_ESCAPED = re.compile(rf"(?:\\r)?\\n(?=\s*(?:\\t)?\s*(?:{_TRACE_LINE}))|#012")
_CONTAINER = re.compile(r"^(\d{4}-\d{2}-\d{2}T[\d:.]{8,20}(?:Z|[+-]\d{2}:\d{2})) (?:stdout|stderr) [FP] ")


def unfold(line: str) -> list[str] | None:
    """Return the lines that the line stands for, or None where it stands for itself."""
    if len(line) > LONGEST:
        return None
    body = line.strip()
    if body.startswith("{") and body.endswith("}"):
        return _from_json(body)
    if _IS_PAIRS.search(body[:400]) and _PAIR.match(body):
        return _from_pairs(body)
    if "\\n" in body or "#012" in body:
        parts = _ESCAPED.split(body)
        return [_unescaped(part) for part in parts[:_MOST_LINES]] if len(parts) > 1 else None
    container = _CONTAINER.match(body)
    return [f"{container[1]} {body[container.end() :]}"] if container else None


def _unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("\\r", "").replace("\\n", "\n").replace("\\t", "\t")


def _from_json(body: str) -> list[str] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return _plain(found) if isinstance(found, dict) and found else None


def _from_pairs(body: str) -> list[str] | None:
    fields: dict[str, object] = {}
    for key, value in _PAIR.findall(body):
        fields[key] = _unescaped(value[1:-1]) if value.startswith('"') else value
    return _plain(fields) if len(fields) > 1 else None


def _plain(fields: Mapping[str, object]) -> list[str] | None:
    by_name = {key.lower(): key for key in fields}
    message, named = _first(fields, by_name, _MESSAGES)
    stamp, stamped = _first(fields, by_name, _STAMPS)
    level, levelled = _first(fields, by_name, _LEVELS)
    stacks = [lines for name in _STACKS if name in by_name and (lines := _stack(fields[by_name[name]]))]
    if message is None and not stacks:
        return None
    said = str(message).splitlines() if message is not None else []
    if named.lower() == "log" and said and header_end(said[0]):
        return said[:_MOST_LINES]  # a container's record of a line that is whole by itself
    shown = {key for key in (named, stamped, levelled) if key}
    extra = " ".join(_pairs(fields, shown))
    head = " ".join(part for part in (_stamp(stamp), _level(level), said[0] if said else "", extra) if part)
    rest = [line for stack in stacks[:2] for line in stack]
    return [head, *said[1:], *(line for line in rest if line not in said)][:_MOST_LINES]


def _first(fields: Mapping[str, object], by_name: Mapping[str, str], names: tuple[str, ...]) -> tuple[object, str]:
    for name in names:
        key = by_name.get(name)
        if key is not None and isinstance(fields[key], str | int | float) and fields[key] != "":
            return fields[key], key
    return None, ""


def _stack(value: object) -> list[str]:
    """The lines of a stack trace, or the words of an error, that stands in a field."""
    if isinstance(value, Mapping):
        trace = next(
            (value[key] for key in ("stack", "stacktrace", "stack_trace", "backtrace") if value.get(key)), None
        )
        if trace is not None:
            return _stack(trace)
        kind = value.get("type") or value.get("name") or value.get("class") or ""
        return [f"{kind}: {value['message']}" if kind else str(value["message"])] if value.get("message") else []
    if isinstance(value, list):
        return [str(line) for line in value if isinstance(line, str)]
    return value.splitlines() if isinstance(value, str) and ("\n" in value or len(value) > _VALUE) else []


def _pairs(fields: Mapping[str, object], shown: set[str]) -> Iterator[str]:
    count = 0
    for key, value in fields.items():
        is_short = isinstance(value, str | int | float) and len(str(value)) <= _VALUE and "\n" not in str(value)
        if key not in shown and is_short and value != "" and count < _MOST_FIELDS:
            count += 1
            yield f"{key}={value}"


def _stamp(value: object) -> str:
    number = float(value) if isinstance(value, int | float) or (isinstance(value, str) and value.isdigit()) else 0.0
    while number > 1e11:  # milliseconds, microseconds or nanoseconds
        number /= 1_000
    if number < 1e8:
        return str(value)[:40] if isinstance(value, str) else ""
    return datetime.fromtimestamp(number, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _level(value: object) -> str:
    """The level in capitals. Numbers are syslog's up to 7 (the worst is 0), above it those of Node's loggers."""
    word = str(value).strip() if value is not None else ""
    if not word.isdigit():
        return _WORDS.get(word.lower(), word.upper())[:20]
    number = int(word[:4])
    if number <= 7:
        return "CRITICAL" if number <= 2 else ("ERROR", "WARN")[number - 3] if number <= 4 else "INFO"
    return "FATAL" if number >= 60 else "ERROR" if number >= 50 else "WARN" if number >= 40 else "INFO"
