"""What varies in a log message, masked: numbers, identifiers, addresses, paths, sizes, dates, quoted texts, values.

Pure. The result is the message as tokens, with `MASK` where something varies. Each token is judged by itself, so that
the judgement can be remembered: logs repeat their words.
"""

import re

MASK = "<*>"
_MOST_REMEMBERED = 50_000
_LONGEST = 300  # a longer token is data

_QUOTED = re.compile(
    r"\"(?:(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\s[^\"]{0,600}|[^\"]{0,300})\"|(?<!\w)'[^']{0,300}'(?!\w)"
)
_OUTER = re.compile(r"([(\[{\"'`]*)(.*?)([)\]}\"'`,.:;!?]*)", re.DOTALL)
_DATE_WORDS = "Mon Tue Wed Thu Fri Sat Sun Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
_VALUE_WORDS = "true false True False TRUE FALSE null NULL None nil NaN undefined"
_UNIT_WORDS = (
    "B KB MB GB TB kB KiB MiB GiB TiB byte bytes Bytes ms us ns s sec secs second seconds min mins minute minutes hour"
    " hours day days %"
)
_VALUES = frozenset([*_DATE_WORDS.split(), *_VALUE_WORDS.split()])
_UNITS = frozenset(_UNIT_WORDS.split())
_WHOLE = re.compile(
    r"[A-Za-z][A-Za-z+.-]{1,20}://.*"
    r"|[^@/\s]{1,64}@(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}"
    r"|(?:[A-Za-z]:)?[\\/].+|(?:[^/\\]*[\\/]){2,40}[^/\\]*"
    r"|/?\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?"
    r"|(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{1,4}(?:%\w+)?|(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
    r"|0[xX][0-9a-fA-F]+|(?=[a-fA-F]*\d)[0-9a-fA-F]{6,}|[0-9a-f]{8,}|[0-9A-F]{8,}"
    r"|(?:[\w-]{1,63}\.){2,8}[a-z]{2,12}(?::\d{1,5})?"
    r"|[-+#$<>~]?\d[\d.,:/x*-]*(?:[KMGT]i?[Bb]?|[kKMG]?[Hh]z|bytes?|[mun]?s|secs?|mins?|h|%)?"
    r"|\*{2,}"
)
_RUN = re.compile(
    r"(?:(?<=\W)[-+])?(?:0[xX][0-9a-fA-F]+"
    r"|(?<![A-Za-z0-9])(?=[a-fA-F]*\d)[0-9a-fA-F]{6,}(?![A-Za-z0-9])|(?:(?<=_)-)?\d+(?:\.\d+)*)"
)

_remembered: dict[str, tuple[str, ...]] = {}


def mask_message(message: str) -> tuple[str, ...]:
    """Return the message's tokens, masked. Lists of like values count as one, and a size counts without its unit."""
    if '"' in message or "'" in message:
        message = _QUOTED.sub(_mask_quoted, message)
    tokens: list[str] = []
    last = ""
    for word in message.split():
        masked = _remembered.get(word)
        if masked is None:
            masked = _remember(word)
        for token in masked:
            if MASK in last and (token == last or _swallows(tokens, token)):
                last = tokens[-1]
                continue
            tokens.append(token)
            last = token
    return tuple(tokens)


def _swallows(tokens: list[str], token: str) -> bool:
    """Tell whether the token is the unit of the masked size before it; "1190 bytes (1.16 KB)" is one size, not two."""
    if token.rstrip(",.;:)") not in _UNITS:
        return False
    if tokens[-2:] == [MASK, f"({MASK}"] and token.rstrip(",.;:").endswith(")"):
        tokens.pop()
    return tokens[-1] in (MASK, f"({MASK}")


def _mask_quoted(match: re.Match[str]) -> str:
    return f'"{match[1]}_{MASK}"' if match[1] else f'"{MASK}"'


def _remember(word: str) -> tuple[str, ...]:
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    masked = _remembered[word] = _mask_word(word)
    return masked


def _mask_word(word: str) -> tuple[str, ...]:
    if len(word) > _LONGEST:
        return (MASK,)
    if word == "()":
        return (f"({MASK})",)  # a value that is absent
    match = _OUTER.fullmatch(word)
    if match is None:
        return (word,)
    before, core, after = match.groups()
    key, equals, value = core.partition("=")
    if equals and key and value and "/" not in key:
        return f"{before}{_mask_core(key)}=", f"{_mask_core(value)}{after}"
    return (f"{before}{_mask_core(core)}{after}",)


def _mask_core(core: str) -> str:
    if core in _VALUES or _WHOLE.fullmatch(core):
        return MASK
    masked = _RUN.sub(MASK, core)
    return MASK if masked.count(MASK) > 1 else masked
