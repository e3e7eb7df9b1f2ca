"""Reads the members of a tar stream as it passes by, believing nothing that it says beyond where a member ends.

Pure. Only plain files are given out; links, devices and whatever else a tar may hold are passed over unread.
"""

from collections.abc import Iterator

from triage.streams import Damage, Feed, Health

_BLOCK = 512
_MOST_NAME = 8_192
_FILE, _LONG_NAME, _EXTENDED = b"0\x007", b"L", b"x"


def is_tar(head: bytes) -> bool:
    return head[257:262] == b"ustar"


def tar_members(feed: Feed, health: Health) -> Iterator[tuple[str, Feed]]:
    """Yield each file's name with a feed of its bytes; what is left of them unread is passed over."""
    named = ""
    while header := feed.exactly(_BLOCK):
        if not header.strip(b"\x00"):
            return
        size = _size_of(header)
        if len(header) < _BLOCK or size is None:
            health.note(Damage.TRUNCATED if len(header) < _BLOCK else Damage.CORRUPT)
            return
        body = _Body(feed, size)
        kind = header[156:157]
        if kind in (_LONG_NAME, _EXTENDED):
            said = Feed(iter(body)).exactly(min(size, _MOST_NAME))
            named = _extended_path(said) if kind == _EXTENDED else _text(said)
        elif kind in (bytes([code]) for code in _FILE):
            yield named or _name_of(header), Feed(iter(body))
            named = ""
        if not body.pass_over():
            health.note(Damage.TRUNCATED)
            return


class _Body:
    """The bytes of one member, padded to whole blocks."""

    def __init__(self, feed: Feed, size: int) -> None:
        self._feed = feed
        self._left = size
        self._padding = -size % _BLOCK

    def __iter__(self) -> Iterator[bytes]:
        while self._left and (piece := self._feed.some()):
            given = piece[: self._left]
            self._feed.give_back(piece[len(given) :])
            self._left -= len(given)
            yield given

    def pass_over(self) -> bool:
        """Read to where the next header stands; False when the stream ends before."""
        for _piece in self:
            pass
        return not self._left and len(self._feed.exactly(self._padding)) == self._padding


def _size_of(header: bytes) -> int | None:
    """The member's size; None when the header is not one."""
    try:
        stated = int(header[148:156].strip(b" \x00") or b"0", 8)
        size = int.from_bytes(header[125:136], "big") if header[124] & 0x80 else int(_digits(header[124:136]), 8)
    except (ValueError, IndexError):
        return None
    summed = sum(header[:148]) + 8 * ord(" ") + sum(header[156:_BLOCK])
    return size if stated == summed and size >= 0 else None


def _digits(field: bytes) -> bytes:
    return field.strip(b" \x00") or b"0"


def _name_of(header: bytes) -> str:
    prefix, name = _text(header[345:500]), _text(header[:100])
    return f"{prefix}/{name}" if prefix and header[257:263] == b"ustar\x00" else name


def _extended_path(records: bytes) -> str:
    """The path in a pax header: records of "LENGTH KEY=VALUE" and a line end."""
    for record in records.split(b"\n"):
        key, _equals, value = record.partition(b" ")[2].partition(b"=")
        if key == b"path":
            return _text(value)
    return ""


def _text(field: bytes) -> str:
    return field.split(b"\x00", 1)[0].decode("utf-8", "replace")
