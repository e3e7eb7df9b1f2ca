"""Is this text an error message as a product prints it? Pure; a wrong "no" leaves it an ordinary code block."""

import re

_SHAPE = re.compile(
    r"SQLSTATE\[|\bORA-\d{4,5}\b|\b0x[0-9A-Fa-f]{8}\b|\bE[A-Z]{4,}\b:|\bHTTP(?:/\d(?:\.\d)?)? [45]\d\d\b"
    r"|\b[A-Z][\w\\.]*(?:Error|Exception)\b\s*[:(]|\bTraceback \(most recent|\bFatal error\b|\bSegmentation fault\b"
    r"|\breport\.(?:ERROR|CRITICAL)\b"
    r"|^\s*(?:\[?(?:error|fatal|critical|err!)\]?|npm ERR!|PHP (?:Fatal|Warning|Notice))\b"
    r"|\b[A-Z]{2,6}-?E?\d{3,5}\b:",
    re.IGNORECASE | re.MULTILINE,
)
_PROMISE = re.compile(
    r"\b(?:errors?|exceptions?|error messages?|fails? with|message)\b[^.\n]{0,120}[:.]?\s*$", re.IGNORECASE
)
_COMMAND = re.compile(
    r"^\s*(?:[$#>]\s|sudo |php |bin/|\./|curl |wget |git |composer |npm |pip |apt|yum |mysql |select |insert |"
    r"update |delete |alter |create |drop |show |cd |chmod |chown |rm |cat |ls |ssh |systemctl |docker )",
    re.IGNORECASE,
)
_SOURCE = re.compile(
    r"^\s*(?:<\?php|<\?xml|function\b|class\b|use [\w\\]+;|import\b|\{|\[|[\w.-]+:\s*$)", re.IGNORECASE
)
LONGEST = 4000


def promises_error(introduction: str) -> bool:
    """Do the words before it announce an error message ("the following error is displayed:")?"""
    last = introduction.strip().rsplit("\n", 1)[-1][-200:].strip()
    return last.endswith(":") and _PROMISE.search(last) is not None


def is_error_message(text: str, *, announced: bool, language: str = "text") -> bool:
    if len(text) > LONGEST or _COMMAND.match(text):
        return False
    if announced:
        return not _SOURCE.match(text) or _SHAPE.search(text) is not None
    return language in {"text", "bash", "log"} and _SHAPE.match(text.lstrip()) is not None
