"""What is kept of a long stream of bytes, so that a log of any length costs the same: its head and its tail.

Pure. Logs end with what went wrong, so the tail is three quarters of what is kept; the lines between are counted, for
a finding in the tail to name its line in the whole.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

SAMPLE = 8_192
KEPT = 2_000_000
LONGEST = 512_000_000  # of a plain log; what comes later is not even looked at
_BLANK = b"\x00 \t\r\n"
_MAGIC = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"%PDF",
    b"\x7fELF",
    b"MZ\x90",
    b"BZh",
    b"7z\xbc\xaf",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`head` is all of the stream unless `is_cut`; then `tail` is its end and `lines_before_tail` lines come first."""

    head: bytes
    size: int
    is_cut: bool = False
    tail: bytes = b""
    lines_before_tail: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.head.strip(_BLANK) or self.tail.strip(_BLANK))

    def texts(self, encoding: str) -> Iterator[tuple[int, str]]:
        """Yield (lines before it, text) for the head and the tail, cut at line ends."""
        if not self.is_cut:
            yield 0, decoded(self.head, encoding)
        elif encoding.startswith("utf-16"):  # a tail may begin in the middle of a character
            yield 0, self.head[: len(self.head) // 2 * 2].decode(encoding, "replace")
        else:
            quarter = len(self.head) // 4
            yield 0, decoded(self.head[: self.head.rfind(b"\n", 0, quarter) + 1 or quarter], encoding)
            yield self.lines_before_tail, decoded(self.tail, encoding)

    def ends(self, encoding: str) -> tuple[str, str]:
        """The first and the last few lines, where the time window is read from."""
        last = self.tail if self.is_cut else self.head
        if encoding.startswith("utf-16"):
            text = (
                self.head[:SAMPLE].decode(encoding, "replace") + "\n" + self.head[-SAMPLE:].decode(encoding, "replace")
            )
            return text, text
        return decoded(self.head[: 2 * SAMPLE], encoding), decoded(last[-2 * SAMPLE :], encoding)


class Keeper:
    """Takes a stream in chunks and keeps `max_bytes` of its head and, once it is longer, as much of its end."""

    def __init__(self, max_bytes: int) -> None:
        self._most = max(1, max_bytes)
        self._head = bytearray()
        self._rest = bytearray()
        self._size = 0
        self._lines = 0

    @property
    def size(self) -> int:
        return self._size

    def add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        self._lines += chunk.count(b"\n")
        room = self._most - len(self._head)
        self._head += chunk[:room]
        self._rest += chunk[room:]
        if len(self._rest) > 4 * self._most:
            del self._rest[: -self._most]

    def excerpt(self) -> Excerpt:
        head = bytes(self._head)
        if self._size <= self._most:
            return Excerpt(head, self._size)
        wanted = self._most * 3 // 4
        recent = head + bytes(self._rest) if len(self._rest) < wanted else bytes(self._rest)
        start = len(recent) - wanted
        tail = recent[recent.find(b"\n", start) + 1 or start :]
        return Excerpt(head, self._size, is_cut=True, tail=tail, lines_before_tail=self._lines - tail.count(b"\n"))


def decoded(data: bytes, encoding: str) -> str:
    """The text of the bytes. Programs that write one log write in different encodings: each line has its own."""
    if encoding.startswith("utf-16"):
        return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "\n".join(_line(line) for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"))


def _line(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def excerpt_of(data: bytes, max_bytes: int) -> Excerpt:
    """The excerpt of what is already in memory."""
    keeper = Keeper(max_bytes)
    keeper.add(data)
    return keeper.excerpt()


def excerpt_of_stream(chunks: Iterable[bytes], *, max_bytes: int = KEPT, longest: int = LONGEST) -> Excerpt:
    """The excerpt of what comes in chunks, of no more than `longest` bytes; only what is kept is ever held."""
    keeper = Keeper(max_bytes)
    for chunk in chunks:
        keeper.add(chunk[: longest - keeper.size])
        if keeper.size >= longest:
            break
    return keeper.excerpt()


def encoding_of(data: bytes) -> str | None:
    """Return the codec to read the bytes with, or None for a binary file."""
    sample = data.lstrip(b"\x00")[:SAMPLE]  # log rotation leaves a run of NULs at the head
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    if sample.startswith(_MAGIC):
        return None
    nuls = sample.count(0)
    if nuls > len(sample) // 3 and nuls in (sample[1::2].count(0), sample[::2].count(0)):
        return "utf-16-le" if data[1:2] == b"\x00" else "utf-16-be"
    control = sum(sample.count(bytes([code])) for code in range(32) if code not in (9, 10, 12, 13, 27))
    if control > len(sample) // 10:
        return None
    try:
        sample.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < len(sample) - 3 or len(sample) < SAMPLE:
            return "cp1252"
    return "utf-8-sig"
