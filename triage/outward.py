"""What in a text leads out of the site: links, mail addresses, telephone and account numbers; and what a site allows.

Pure. Fail-closed: a host that cannot be read for certain, and a character that turns the direction of writing, count as
leading out. Names of the reader's own machine and network (localhost, .local, .internal) lead nowhere.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from kb.redaction import Kind as Personal
from kb.redaction import redact


class Way(StrEnum):
    LINK = "link"
    ADDRESS = "address"
    NUMBER = "number"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Outward:
    """`value` is what stands in the text; `host` where a link leads, empty where that cannot be told."""

    way: Way
    value: str
    host: str = ""


_NOWHERE = ("localhost", "127.0.0.1", "::1", "local", "internal")
_NUMBERS = {Personal.PHONE_NUMBER, Personal.IBAN_CODE, Personal.CREDIT_CARD}
# Endings that mail programs make links of, but for those that end file names and words ("read.me", "setup.sh").
_ENDINGS = (
    "com|net|org|info|biz|edu|gov|mil|int|io|co|ai|app|dev|xyz|top|club|online|site|shop|store|live|link|click|tech"
    "|cloud|page|space|website|email|support|help|onion|test|example|invalid|eu|uk|de|fr|nl|ru|cn|jp|br|es|ch|se|fi|dk"
    "|ca|au|nz|kr|za|mx|tk|ml|ga|cf|gq|tv|ws|ly|gl|gd"
)
_LABELS = r"(?:[^\W_](?:[\w-]{0,62})\.){1,8}"
_SCHEME = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}:[/\\]{2}[^\s<>\"“”]+", re.IGNORECASE)
_BARE_SCHEME = re.compile(
    r"\b(?:mailto|tel|sms|javascript|vbscript|skype|whatsapp|intent|facetime):\S+|\bdata:[a-z]+/\S+", re.IGNORECASE
)
_NO_SCHEME = re.compile(rf"(?<![\w:/\\.])(?://|\\\\)({_LABELS}[^\W\d_]{{2,24}})", re.IGNORECASE)
_WWW = re.compile(r"(?<![\w/.@-])www\d?\.[\w-]+[^\s<>\"“”]*", re.IGNORECASE)
_BARE = re.compile(
    rf"(?<![\w@./\\-])({_LABELS}(?:{_ENDINGS}))(?![\w-]|\.[\w])"  # example.com
    rf"|(?<![\w@./\\-])({_LABELS}[a-z]{{2,24}})(?=(?::\d{{2,5}})?/[\w?#])",  # anything.tld/path
    re.IGNORECASE,
)
_DEFANGED = re.compile(r"\bh(?:xx|\*\*|__)ps?\b\S*|[\w-]\s?[\[({](?:\.|dot)[\])}]\s?[a-z]{2}", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"“”]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W_][\w-]{1,62}")
_SPELT_ADDRESS = re.compile(r"\w\s?[\[({](?:at|@)[\])}]\s?\w", re.IGNORECASE)
_UNSEEN = re.compile("[\u200b-\u200d\u2060-\u2064\ufeff\u00ad]")  # without a width: looked through
_TURNING = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
_WORD_LIKE = re.compile(r"(?:asp|ado|vb)\.net|(?:system|java|socket)\.io", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AllowList:
    """What a draft may name: `hosts` with all below them, mail `addresses`, `numbers` by their digits."""

    hosts: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    def allows(self, found: Outward) -> bool:
        if found.way is Way.ADDRESS:
            return found.value.casefold() in self.addresses
        if found.way is Way.NUMBER:
            return _characters(found.value) in self.numbers
        return found.way is Way.LINK and _is_within(found.host, (*_NOWHERE, *self.hosts))


def allow_list(entries: Iterable[str]) -> AllowList:
    """Read entries as people write them: `docs.acme.com`, `https://acme.com/help`, `help@acme.com`, `+49 30 901820`."""
    hosts, addresses, numbers = set(), set(), set()
    for entry in (one.strip() for one in entries):
        if "@" in entry:
            addresses.add(entry.casefold())
        elif re.fullmatch(r"\+?[\d ().-]{5,}", entry) and entry.count(".") < 3:
            numbers.add(_characters(entry))
        elif entry:
            hosts.add(_host_of(entry if "//" in entry else f"//{entry}"))
    return AllowList(frozenset(hosts - {""}), frozenset(addresses), frozenset(numbers))


def find_outward(text: str) -> tuple[Outward, ...]:
    """Return everything in the text that leads out of it, whoever allows it."""
    seen = _UNSEEN.sub("", text)
    turned = (Outward(Way.HIDDEN, character) for character in _TURNING.findall(seen))
    return (*_links(seen), *_addresses(seen), *_numbers(seen), *turned)


def foreign_to(text: str, allowed: AllowList) -> tuple[Outward, ...]:
    """Return what in the text leads out and is not allowed."""
    return tuple(found for found in find_outward(text) if not allowed.allows(found))


def _links(text: str) -> Iterator[Outward]:
    for pattern in (_SCHEME, _WWW, _NO_SCHEME):
        for match in pattern.finditer(text):
            value = match.group().rstrip(".,;:!?)'’”")
            yield Outward(Way.LINK, value, _host_of(value if "//" in value or "\\" in value else f"//{value}"))
    for match in _BARE_SCHEME.finditer(text):
        yield Outward(Way.LINK, match.group())
    for match in _DEFANGED.finditer(text):
        yield Outward(Way.LINK, match.group())
    for match in _BARE.finditer(text):
        name = match.group(1) or match.group(2)
        if not _WORD_LIKE.fullmatch(name) and not (match.group(2) and _is_file_name(name)):
            yield Outward(Way.LINK, name, name.casefold())


def _is_file_name(name: str) -> bool:
    """Tell whether what stands before a slash is a folder and not a host: "conf.d/site.conf"."""
    return bool(re.search(r"\.(?:d|php|git|py|js|conf|framework|bundle)$", name))


def _addresses(text: str) -> Iterator[Outward]:
    for pattern in (_ADDRESS, _SPELT_ADDRESS):
        for match in pattern.finditer(text):
            yield Outward(Way.ADDRESS, match.group().rstrip("."))


def _numbers(text: str) -> Iterator[Outward]:
    for span in redact(text).spans:
        if span.kind in _NUMBERS:
            yield Outward(Way.NUMBER, text[span.start : span.end])


def _host_of(link: str) -> str:
    """Return where a link leads, or nothing when two programs might read it in two ways."""
    if "\\" in link or "@" in link or "%" in link.split("?", 1)[0]:
        return ""
    try:
        return (urlsplit(link).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_within(host: str, allowed: Iterable[str]) -> bool:
    return bool(host) and any(host == one or host.endswith(f".{one}") for one in allowed)


def _characters(number: str) -> str:
    return "".join(c for c in number if c.isalnum()).casefold()
