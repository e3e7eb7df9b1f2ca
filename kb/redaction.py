"""Take secrets and personal data out of a text before it is embedded, logged or shown to a model.

Pure. Patterns with checks (Luhn, IBAN lengths, telephone shapes), no model: each span has a reason one can read here.
Versions, hashes, error codes, private network addresses and time stamps are left alone: a diagnosis needs them.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    PRIVATE_KEY = "PRIVATE_KEY"
    SECRET = "SECRET"  # noqa: S105 - a label, not a password
    EMAIL_ADDRESS = "EMAIL_ADDRESS"
    CREDIT_CARD = "CREDIT_CARD"
    IBAN_CODE = "IBAN_CODE"
    US_SSN = "US_SSN"
    IP_ADDRESS = "IP_ADDRESS"
    PHONE_NUMBER = "PHONE_NUMBER"
    PERSON = "PERSON"
    STREET_ADDRESS = "STREET_ADDRESS"


PLACEHOLDERS = {
    Kind.PRIVATE_KEY: "[PRIVATE KEY]",
    Kind.SECRET: "[SECRET]",
    Kind.EMAIL_ADDRESS: "[EMAIL]",
    Kind.CREDIT_CARD: "[CARD]",
    Kind.IBAN_CODE: "[IBAN]",
    Kind.US_SSN: "[SSN]",
    Kind.IP_ADDRESS: "[IP]",
    Kind.PHONE_NUMBER: "[PHONE]",
    Kind.PERSON: "[NAME]",
    Kind.STREET_ADDRESS: "[ADDRESS]",
}


@dataclass(frozen=True)
class Span:
    """A half-open range of the original text, in characters."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True)
class Redacted:
    text: str
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Candidate:
    """What a pattern matched, and the forty characters before it in lower case."""

    value: str
    before: str


@dataclass(frozen=True)
class Rule:
    """A pattern; its last group, where it has one, is the part to take out. `check` refuses look-alikes."""

    kind: Kind
    pattern: re.Pattern[str]
    check: Callable[[Candidate], bool] | None = None


def passes_luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    doubled = [int(d) * 2 if i % 2 else int(d) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def is_card(candidate: Candidate) -> bool:
    digits = re.sub(r"\D", "", candidate.value)
    return 12 <= len(digits) <= 19 and len(set(digits)) > 1 and digits[0] in "123456" and passes_luhn(digits)


def is_iban(candidate: Candidate) -> bool:
    """Country, two check digits and the right length. The remainder itself is not insisted on: people mistype."""
    compact = re.sub(r"\s", "", candidate.value)
    return 15 <= len(compact) <= 34 and sum(c.isdigit() for c in compact) >= 8


def is_public_address(candidate: Candidate) -> bool:
    """Addresses of a private network name nobody; a dotted version after "version" or "v" is not an address."""
    try:
        address = ipaddress.ip_address(candidate.value)
    except ValueError:
        return False
    looks_like_version = address.version == 4 and re.search(r"(version|release|build|ver|v)[\s.:=]*$", candidate.before)
    return address.is_global and not looks_like_version


def is_phone(candidate: Candidate) -> bool:
    """Seven to fifteen digits in a shape people write; a bare run of digits needs a word like "call" before it."""
    digits = re.sub(r"\D", "", candidate.value)
    if not 7 <= len(digits) <= 15 or len(set(digits)) < 3 or _NOT_PHONE.search(candidate.value):
        return False
    said = bool(_PHONE_WORD.search(candidate.before))
    if candidate.value.startswith("+") or said:
        return True
    groups = re.findall(r"\d+", candidate.value)
    if _NUMBER_WORD.search(candidate.before) or max(map(len, groups)) > 4:
        return False
    return (len(groups) >= 3 and len(digits) >= 8) or bool(_THREE_FOUR.fullmatch(candidate.value))


_NOT_PHONE = re.compile(  # dates, times, ranges of versions
    r"(?:19|20)\d\d[-./ ][01]\d[-./ ][0-3]\d|[0-3]?\d[-./][01]?\d[-./](?:19|20)\d\d|\d\d:\d\d|\d\.\d+\.\d+\s*-\s*\d"
)
_PHONE_WORD = re.compile(
    r"(phone|mobile|cell|call|tel|fax|dial|reach|ring|text me|sms|whatsapp|contact"
    r"|number is|numbers?:?)\W*(\w+\W+){0,3}$"
)
_NUMBER_WORD = re.compile(
    r"(order|ticket|case|invoice|sku|serial|version|build|patch|port|pid|uid|id|ref|error|code|line|limit|card)\W*$"
)
_THREE_FOUR = re.compile(r"\d{3}[- ]\d{4}|\(\d{2,4}\)\s?\d{3}-\d{3,4}")
_NAME = r"[^\W\d_a-zß-ÿ][^\W\d_]+(?:['’-][^\W\d_]+)?"
_FULL_NAME = rf"{_NAME}(?:[ ](?:[A-Z]\.?[ ])?{_NAME}){{0,2}}"
_KEY_WORD = (
    r"(?<![A-Za-z])(?:(?:db|user|root|admin)?pass(?:word|wd|phrase)?|pwd|secret(?:[_-]?(?:access)?[_-]?key)?|(?:api|access|auth|private|account|shared)[_-]?"
    r"(?:key|token|secret)|token|credential|client[_-]?secret|session[_-]?id|sid|cookie)"
)
_STREET = (
    r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Squares|Streets|Way|Terrace|Parkway|Pkwy"
    r"|Highway|Hwy|Circle|Straße|Strasse|straße|strasse|gasse)"
)

RULES: tuple[Rule, ...] = (
    Rule(
        Kind.PRIVATE_KEY,
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    ),
    # Tokens whose shape alone says what they are: AWS, GitHub, GitLab, Slack, Stripe, Google, npm, JSON Web Tokens.
    Rule(
        Kind.SECRET,
        re.compile(
            r"\b((?:AKIA|ASIA)[0-9A-Z]{16}|gh[opsur]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|xox[abposr]-[\w-]{10,}"
            r"|(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][\w-]{10,}|AIza[\w-]{35}|npm_[A-Za-z0-9]{36}|SG\.[\w-]{16,}\.[\w-]{16,}"
            r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,})"
        ),
    ),
    Rule(Kind.SECRET, re.compile(r"\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{0,200}:([^\s/@]{1,400})(?=@)", re.IGNORECASE)),
    Rule(
        Kind.SECRET,
        re.compile(r"\b(?:authorization\W{1,3})?(?:bearer|basic)\s+([A-Za-z0-9+/._~-]{12,}=*)", re.IGNORECASE),
        lambda candidate: any(c.isdigit() for c in candidate.value) or candidate.value.endswith("="),
    ),
    Rule(
        Kind.SECRET,
        re.compile(
            rf"{_KEY_WORD}[\"']?\s*(?:[:=]|=>|\bis\b)\s*(?:[\"'](?=\S))?([^\s\"',;<>\[\]]{{6,}})", re.IGNORECASE
        ),
        lambda candidate: looks_secret(candidate),
    ),
    Rule(Kind.EMAIL_ADDRESS, re.compile(r"(?<![\w.+-])([\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24})(?![\w@])")),
    Rule(
        Kind.IBAN_CODE,
        re.compile(r"\b([A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?)\b", re.IGNORECASE),
        is_iban,
    ),
    Rule(Kind.CREDIT_CARD, re.compile(r"(?<![\w./=-])(\d(?:[ -]?\d){11,18})(?![\w-])"), is_card),
    Rule(Kind.US_SSN, re.compile(r"(?<![\w-])((?!000|666)\d{3}-(?!00)\d{2}-(?!0000)\d{4})(?![\w-])")),
    Rule(Kind.IP_ADDRESS, re.compile(r"(?<![\w.:/-])(\d{1,3}(?:\.\d{1,3}){3})(?![\w-]|\.\d)"), is_public_address),
    Rule(
        Kind.IP_ADDRESS,
        re.compile(
            r"(?<![\w:.])((?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4})(?:::?[0-9a-f]{1,4}){0,5})(?![\w:])", re.IGNORECASE
        ),
        is_public_address,
    ),
    Rule(
        Kind.STREET_ADDRESS,
        re.compile(rf"\b(\d{{1,5}}[A-Za-z]?(?:[ ]{_NAME}){{1,3}}[ ]{_STREET}\b\.?(?:\s*(?:Suite|Apt|Unit)\s*\d+)?)"),
    ),
    Rule(
        Kind.PHONE_NUMBER,
        re.compile(r"(?<![\w.:/#=-])(\+?\(?\d(?:[ ().-]{0,2}\d){6,14}(?:x\d{1,6}\b)?)(?![\w:=-]|\.\w|/\d)"),
        is_phone,
    ),
    # Names only where the text itself says that a name follows.
    Rule(Kind.PERSON, re.compile(rf"(?i:\bmy name(?:'s| is)|\bMrs?\.|\bMs\.|\bDr\.|\bProf\.)[ ]+({_FULL_NAME})")),
    Rule(
        Kind.PERSON,
        re.compile(
            rf"(?i:\b(?:kind |best |warm )?regards|\bsincerely|\bcheers|\bthanks|\byours truly)"
            rf",?[ ]*\n+[ ]*({_FULL_NAME})[ ]*(?=\n|\Z)"
        ),
    ),
    Rule(
        Kind.PERSON,
        re.compile(
            rf"(?:^|\n)(?i:dear|hi|hello)[ ]+(?!(?i:all|team|support|everyone|there|sir|madam)\b)"
            rf"({_FULL_NAME})(?=[ ]*[,\n])"
        ),
    ),
)


def looks_secret(candidate: Candidate) -> bool:
    """Prose after "password:" ("Password: required") is none; digits, mixed case or symbols inside a word are."""
    value = candidate.value
    if value.startswith(("$", "{", "%", "<", "*", "(", "[")) or set(value) <= set("*x.•-"):
        return False
    inner = value.rstrip(".,;:!?)")
    has_digit = any(c.isdigit() for c in inner)
    has_symbol = any(not c.isalnum() and c not in "._-/()" for c in inner)
    mixed = any(c.islower() for c in inner) and any(c.isupper() for c in inner[1:])
    letters = any(c.isalpha() for c in inner)
    return letters and len(inner) >= 6 and (has_digit or has_symbol or (mixed and len(inner) >= 16))


def find_spans(text: str) -> Iterator[Span]:
    for rule in RULES:
        for match in rule.pattern.finditer(text):
            group = match.lastindex or 0
            start, end = match.span(group)
            candidate = Candidate(match.group(group), text[max(0, start - 40) : start].lower())
            if rule.check is None or rule.check(candidate):
                yield Span(start, end, rule.kind)


def redact(text: str) -> Redacted:
    """The text with placeholders, and where the original held what. Earlier rules win over later ones on overlap."""
    taken: list[Span] = []
    covered = bytearray(len(text))
    for span in find_spans(text):
        if not any(covered[span.start : span.end]):
            taken.append(span)
            covered[span.start : span.end] = b"\1" * (span.end - span.start)
    taken.sort(key=lambda span: span.start)
    parts: list[str] = []
    position = 0
    for span in taken:
        parts += [text[position : span.start], PLACEHOLDERS[span.kind]]
        position = span.end
    return Redacted("".join([*parts, text[position:]]), tuple(taken))
