"""What a file is and what it may be called, from its own bytes and name. Pure.

Invariant: the sender's claim about the type is never believed, and no file is called a type that a browser would run.
"""

import unicodedata
from pathlib import PurePosixPath

SNIFFED_BYTES = 4096
LONGEST_NAME = 255
UNKNOWN = "application/octet-stream"
TEXT = "text/plain"

# Beginnings of files, as in the WHATWG's MIME Sniffing standard and the formats' own specifications.
_SIGNATURES = (
    (b"\x1f\x8b", "application/gzip"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_TEXT_CONTROLS = frozenset(b"\t\n\x0b\x0c\r\x1b")  # ESC: logs carry terminal colours


def sniff_type(head: bytes) -> str:
    """Return the type that the first bytes of a file show: a known format, plain text, or unknown."""
    for beginning, content_type in _SIGNATURES:
        if head.startswith(beginning):
            return content_type
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    if head and (head.startswith(_UTF16) or all(byte >= 0x20 or byte in _TEXT_CONTROLS for byte in head)):
        return TEXT
    return UNKNOWN


def clean_name(name: str) -> str:
    """Return a file's name as its owner knows it, without folders, control characters and invisible marks.

    Marks that turn the direction of reading would let `exe.gpj` look like `jpg.exe`; they go too.
    """
    base = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    seen = "".join(c for c in unicodedata.normalize("NFC", base) if unicodedata.category(c) not in {"Cc", "Cf", "Cs"})
    seen = " ".join(seen.split())
    if not seen.strip("."):
        return "file"
    if len(seen) <= LONGEST_NAME:
        return seen
    suffix = PurePosixPath(seen).suffix[-20:]
    return seen[: LONGEST_NAME - len(suffix)] + suffix
