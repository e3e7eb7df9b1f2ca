"""Find the error signatures in a text: codes and messages that name one fault exactly.

Pure. `value` is normalised, so that two texts about the same fault hold equal values: case and spacing are folded and
what varies between two occurrences (numbers, quoted names, paths, ids) is replaced by a sign of its shape.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class SignatureKind(StrEnum):
    CODE = "code"  # an identifier that somebody issued: SQLSTATE[42S02], 0x80070005, ORA-00942, ENOENT, CVE-2021-44228
    HTTP = "http"  # a status said to be one: HTTP 503, status code 404
    EXCEPTION = "exception"  # the class alone: Magento\Framework\Exception\LocalizedException
    MESSAGE = "message"  # class or level with the shape of its message


@dataclass(frozen=True)
class Signature:
    """`value` is for comparing, `text[start:end]` for showing."""

    kind: SignatureKind
    value: str
    start: int
    end: int


MESSAGE_WORDS = 12
MESSAGE_MINIMUM_WORDS = 3

_ERRNO = (
    "E2BIG EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF EBUSY ECANCELED ECONNABORTED "
    "ECONNREFUSED ECONNRESET EDEADLK EDESTADDRREQ EDOM EDQUOT EEXIST EFAULT EFBIG EHOSTDOWN EHOSTUNREACH "
    "EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR ELOOP EMFILE EMLINK EMSGSIZE ENAMETOOLONG ENETDOWN ENETUNREACH "
    "ENFILE ENOBUFS ENODEV ENOENT ENOEXEC ENOLCK ENOMEM ENOSPC ENOSYS ENOTCONN ENOTDIR ENOTEMPTY ENOTFOUND "
    "ENOTSUP ENXIO EOVERFLOW EPERM EPIPE EPROTO ERANGE EROFS ESHUTDOWN ESRCH ESTALE ETIMEDOUT ETXTBSY EXDEV "
    "SIGABRT SIGBUS SIGFPE SIGILL SIGKILL SIGSEGV SIGTERM "
)


@dataclass(frozen=True)
class Pattern:
    kind: SignatureKind
    expression: re.Pattern[str]
    normalise: Callable[[re.Match[str]], str]


def _upper(match: re.Match[str]) -> str:
    return match.group().upper()


def _hexadecimal(match: re.Match[str]) -> str:
    return "0x" + match.group(1).upper().zfill(8)


def _numbered_error(match: re.Match[str]) -> str:
    """ "error 404" and "HTTP 404" are one fault to people, so they share a value."""
    number = match[1]
    return f"HTTP {number}" if len(number) == 3 and number[0] in "45" else f"ERROR {number}"


def _exception(match: re.Match[str]) -> str:
    return re.split(r"[\\.:]+", match.group("name"))[-1].lower()


CODES: tuple[Pattern, ...] = (
    Pattern(
        SignatureKind.CODE,
        re.compile(r"\bSQLSTATE\s?\[(\w{5})\]", re.IGNORECASE),
        lambda m: f"SQLSTATE[{m[1].upper()}]",
    ),
    Pattern(
        SignatureKind.CODE,
        re.compile(r"\bSQLSTATE[\s:=]{1,3}(\d\w{4})\b", re.IGNORECASE),
        lambda m: f"SQLSTATE[{m[1].upper()}]",
    ),
    Pattern(SignatureKind.CODE, re.compile(r"\b0x([0-9a-f]{8})\b", re.IGNORECASE), _hexadecimal),
    # PREFIX-digits as vendors issue them: ORA-00942, TS1005, MDVA-43395, CVE-2021-44228, KB5005565, AADSTS50011.
    Pattern(SignatureKind.CODE, re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE), _upper),
    Pattern(
        SignatureKind.CODE,
        re.compile(
            r"\b(?!(?:CVE|UTF|ISO|RFC|SHA|MD|HTTP|TLS|AES|IPV|ARM|COVID|UTC|GMT|SSL|PHP|CSS|MP|USB|HDMI)-?\d)[A-Z]{2,8}-\d{3,6}\b"
        ),
        _upper,
    ),
    Pattern(SignatureKind.CODE, re.compile(r"\b(?:AADSTS|KB|TS|CS|BC|LNK|NU|MSB|DNS|PGRST|JS|WP)\d{4,7}\b"), _upper),
    Pattern(
        SignatureKind.CODE,
        re.compile(r"\b(?:ERR|E|NS_ERROR|STATUS|STOP|DXGI_ERROR|SEC_ERROR|SSL_ERROR|PR)_[A-Z][A-Z0-9_]{4,60}\b"),
        _upper,
    ),
    Pattern(SignatureKind.CODE, re.compile(rf"\b(?:{'|'.join(_ERRNO.split())})\b"), _upper),
    Pattern(
        SignatureKind.CODE,
        re.compile(
            r"\b(?:error|errno|exit|return|fault|stop)(?:\s(?:code|status|number|no\.?))?\s?[:=#(\[]{0,2}\s?(-?\d{3,10})\b(?![.:]\d)",
            re.IGNORECASE,
        ),
        _numbered_error,
    ),
    Pattern(
        SignatureKind.HTTP,
        re.compile(
            r"\b(?:HTTPS?(?:/[\d.]+)?|status\scode|response\scode)\s?[:=(]?\s?([1-5]\d\d)\b(?!\.\d)", re.IGNORECASE
        ),
        lambda m: f"HTTP {m[1]}",
    ),
    Pattern(
        SignatureKind.HTTP,
        re.compile(
            r"\b([45]\d\d)\s(?:error|bad\sgateway|service\s(?:temporarily\s)?unavailable|gateway\stime-?out|not\sfound|forbidden|unauthorized|internal\sserver)",
            re.IGNORECASE,
        ),
        lambda m: f"HTTP {m[1]}",
    ),
)

EXCEPTION = re.compile(
    r"(?<![\w$])(?P<name>(?:[A-Za-z_]\w{0,60}(?:\\|\.|::)){0,8}[A-Z]\w{1,60}(?:Exception|Error|Warning|Fault|Failure))\b"
    r"(?P<rest>(?:\(\w*\))?:[ \t]+[^\n]{3,400})?"
)
LEVEL_MESSAGE = re.compile(
    r"(?:^|[\s\[(\"'.])(?P<name>(?:PHP )?(?:Fatal|Parse|Catchable fatal|Uncaught|Critical|Syntax|Runtime) error"
    r"|FATAL|CRITICAL|SEVERE|(?:\w+\.)?(?:ERROR|CRITICAL|EMERGENCY))[\]:)]{0,2}[:\s][ \t]*(?P<rest>[^\n]{8,400})"
)

_VARYING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "*"),
    (re.compile(r"https?://\S+"), "*"),
    (re.compile(r"'[^'\n]{0,120}'|\"[^\"\n]{0,120}\"|`[^`\n]{0,120}`|“[^”\n]{0,120}”"), "*"),
    (re.compile(r"(?:[A-Za-z]:)?(?:[\\/][\w.@ -]*\w){2,}"), "*"),
    (re.compile(r"\b0x[0-9a-f]+\b|\b[0-9a-f]{12,}\b"), "*"),
    (re.compile(r"\d+"), "#"),
)


def message_shape(message: str) -> str:
    """The first sentence without what varies, folded: `table * doesn't exist`. Empty when too little is left."""
    shape = message.lower()
    for expression, sign in _VARYING:
        shape = expression.sub(sign, shape)
    words = re.findall(r"[^\W\d_][\w'’.-]*|[*#]", re.split(r"(?<=\w)[.;!]\s", shape)[0])
    named = [word for word in words if word not in "*#"]
    return " ".join(words[:MESSAGE_WORDS]) if len(named) >= MESSAGE_MINIMUM_WORDS else ""


def _exceptions(text: str) -> Iterator[Signature]:
    for match in EXCEPTION.finditer(text):
        name = _exception(match)
        yield Signature(SignatureKind.EXCEPTION, name, match.start("name"), match.end("name"))
        shape = message_shape(match["rest"] or "")
        if shape:
            yield Signature(SignatureKind.MESSAGE, shape, match.start("rest") + 1, match.end("rest"))


def _messages(text: str) -> Iterator[Signature]:
    for match in LEVEL_MESSAGE.finditer(text):
        shape = message_shape(match["rest"])
        if shape:
            yield Signature(SignatureKind.MESSAGE, shape, match.start("rest"), match.end("rest"))


def find_signatures(text: str) -> tuple[Signature, ...]:
    """Every signature once per value, in order of appearance."""
    found: dict[tuple[SignatureKind, str], Signature] = {}
    for pattern in CODES:
        for match in pattern.expression.finditer(text):
            value = pattern.normalise(match)
            kind = SignatureKind.HTTP if value.startswith("HTTP ") else pattern.kind
            signature = Signature(kind, value, match.start(), match.end())
            found.setdefault((signature.kind, signature.value), signature)
    for signature in (*_exceptions(text), *_messages(text)):
        found.setdefault((signature.kind, signature.value), signature)
    return tuple(sorted(found.values(), key=lambda signature: (signature.start, signature.end)))
