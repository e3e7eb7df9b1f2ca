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
    DRIVER_LICENSE = "US_DRIVER_LICENSE"
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
    Kind.DRIVER_LICENSE: "[LICENSE]",
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
    begins_like_one = _ISSUED.fullmatch(digits) or _CARD_WORD.search(candidate.before)
    return len(set(digits)) > 1 and bool(begins_like_one) and passes_luhn(digits)


def is_iban(candidate: Candidate) -> bool:
    """A country with such accounts, and either its length or the right remainder: people mistype.

    In small letters without a space it is a hash as often as not, so that there the remainder decides.
    """
    compact = re.sub(r"\s", "", candidate.value).upper()
    length = _IBAN_LENGTHS.get(compact[:2])
    if length is None or sum(c.isdigit() for c in compact) < 8:
        return False
    if candidate.value == candidate.value.lower() and " " not in candidate.value:
        return len(compact) == length and has_iban_remainder(compact)
    return len(compact) == length or (15 <= len(compact) <= 34 and has_iban_remainder(compact))


def has_iban_remainder(iban: str) -> bool:
    """ISO 13616: the first four characters moved to the end, letters as numbers, modulo 97 is 1."""
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def is_public_address(candidate: Candidate) -> bool:
    """Addresses of a private network name nobody; a dotted version after "version" or "v" is not an address."""
    try:
        address = ipaddress.ip_address(candidate.value)
    except ValueError:
        return False
    looks_like_version = address.version == 4 and _BEFORE_VERSION.search(candidate.before)
    return address.is_global and not looks_like_version


def is_phone(candidate: Candidate) -> bool:
    """Seven to fifteen digits in a shape people write; a bare run of digits needs a word like "call" before it."""
    number = candidate.value.partition("x")[0]
    digits = re.sub(r"\D", "", number)
    if not 7 <= len(digits) <= 15 or len(set(digits)) < 3 or _NOT_PHONE.search(number):
        return False
    if _DOTTED.fullmatch(number) and not _DOTTED_PHONE.fullmatch(number):
        return False
    said = bool(_PHONE_WORD.search(candidate.before))
    if number.startswith("+") or said:
        return True
    groups = re.findall(r"\d+", number)
    if _NUMBER_WORD.search(candidate.before):
        return False
    if _TRUNK.fullmatch(number) or _THREE_FOUR.fullmatch(number):
        return True
    lengths = [len(group) for group in groups]
    is_table = lengths.count(1) > 2 or (set(lengths) == {2} and len(lengths) > 5)  # of digits, or of bytes
    return len(groups) >= 3 and len(digits) >= 8 and max(lengths) <= 4 and not is_table


# What issuers of cards begin with, and how long theirs are: American Express, Diners, JCB, Visa, Mastercard, Maestro,
# Discover, UnionPay. A number that only passes Luhn is one in ten of all numbers.
_ISSUED = re.compile(
    r"3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}|35\d{14}|(?:2131|1800)\d{11}|4\d{12}(?:\d{3}){0,2}"
    r"|5[1-5]\d{14}|2(?:2[2-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|(?:50|5[6-9]|6\d)\d{10,17}"
)
_CARD_WORD = re.compile(r"\b(?:cards?|cc|visa|mastercard|amex|maestro|credit|debit)\b")
_IBAN_LENGTHS = {
    entry[:2]: int(entry[2:])
    for entry in re.findall(
        r"\S+",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18"
        " FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20"
        " LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19"
        " SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20",
    )
}
_BEFORE_VERSION = re.compile(
    r"(?:(?:version|release|build|ver|v|cuda|cudnn|driver|firmware|chrom(?:e|ium)|edge|electron|sdk|runtime)[\s.:=]*"
    r"|[=<>~]=\s?|\bnvidia-[\w-]{2,24}[\s=]{1,20})$"
)
_DOTTED = re.compile(r"\d+(?:\.\d+)+")
_DOTTED_PHONE = re.compile(r"(?:\d{1,3}\.)?\d{3}\.\d{3}\.\d{4}|\d\d(?:\.\d\d){4}")
_TRUNK = re.compile(r"0\d{2,4}[- ]\d{6,8}")
_NOT_PHONE = re.compile(  # dates, times, ranges of versions, decimals
    r"(?:19|20)\d\d[-./ ][01]\d[-./ ][0-3]\d|[0-3]?\d[-./][01]?\d[-./](?:19|20)\d\d|\d\d:\d\d|\d\.\d+\.\d+\s*-\s*\d"
    r"|\b\d{1,3}\.\d{3}[ ]\d{1,3}\.\d{3}\b"
)
_PHONE_WORD = re.compile(
    r"(phone|mobile|cell|desk|office|hotline|call|tel|fax|dial|reach|ring|text me|sms|whatsapp|contact"
    r"|number is|numbers?:?)\W*(\w+\W+){0,3}$"
)
_NUMBER_WORD = re.compile(
    r"(licen[cs]e|passport|account|order|ticket|case|invoice|sku|serial|version|build|patch|port|pid|uid|id|ref|error|code|line|limit|card)\W*$"
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
        Kind.DRIVER_LICENSE,
        re.compile(
            r"\bdriver(?:['’]?s)?['’]? licen[cs]e(?: (?:number|no\.?|id))?(?:\s*[:#=]|\s+is)?\s+"
            r"([A-Z]{0,2}\d[\d-]{4,16}\d)(?![\w-])",
            re.IGNORECASE,
        ),
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


# A call ("h5s.create(") or a name in camel case ("CancellationToken") that stands where code has a value or a type.
_CODE = re.compile(r"[A-Za-z_]\w*[._]\w+\(|(?:[A-Z][a-z]+){2,}[):]*$|[a-z]+(?:[A-Z][a-z]+)+[):]*$")


def looks_secret(candidate: Candidate) -> bool:
    """Prose after "password:" ("Password: required") is none; digits, mixed case or symbols inside a word are."""
    value = candidate.value
    if value.startswith(("$", "{", "%", "<", "*", "(", "[")) or set(value) <= set("*x.•-") or _CODE.match(value):
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
