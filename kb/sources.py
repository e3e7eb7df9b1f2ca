"""A folder of Markdown files read from disk: each file a parsed document or the reason why it is none. No database.

Nothing outside the folder is read, whatever a link, an image or a symbolic link points at.
"""

import hashlib
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kb.documents import ArticleError, Block, Document, Image, Steps
from kb.markdown import parse_article

SUFFIXES = frozenset({".md", ".markdown"})
FILE_BYTES = 2_000_000
PICTURE_BYTES = 10_000_000
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp"})


@dataclass(frozen=True)
class SourceFile:
    """`document` or `reason` is set, never both; `digest` is of the bytes."""

    path: str
    digest: str = ""
    document: Document | None = None
    reason: str = ""


@dataclass(frozen=True)
class Picture:
    """An image file named by a document; `data` is None when the file is absent or not a picture we take."""

    source: str
    alt: str
    data: bytes | None
    reason: str = ""


def list_paths(directory: Path) -> list[str]:
    """Paths of the Markdown files relative to the folder, sorted; hidden folders and files are left out."""
    paths = []
    for file in directory.rglob("*"):
        relative = file.relative_to(directory)
        if file.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in relative.parts):
            paths.append(relative.as_posix())
    return sorted(paths)


def read_source(directory: Path, path: str, known_paths: frozenset[str]) -> SourceFile:
    file = directory / path
    try:
        if not _is_inside(directory, file):
            return SourceFile(path, reason="it points outside the folder")
        if file.stat().st_size > FILE_BYTES:
            return SourceFile(path, reason=f"larger than {FILE_BYTES // 1_000_000} MB")
        data = file.read_bytes()
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return SourceFile(path, reason="not UTF-8 text")
    except OSError as error:
        return SourceFile(path, reason=f"cannot be read ({error.strerror})")
    digest = hashlib.sha256(data).hexdigest()
    try:
        return SourceFile(path, digest, parse_article(text, path=path, known_paths=known_paths))
    except ArticleError as error:
        return SourceFile(path, digest, reason=str(error))


def read_pictures(directory: Path, path: str, document: Document) -> list[Picture]:
    images = {image.source: image for image in _images(document.blocks)}
    return [_read_picture(directory, path, image) for image in images.values()]


def _images(blocks: tuple[Block, ...]) -> Iterator[Image]:
    for block in blocks:
        if isinstance(block, Image):
            yield block
        elif isinstance(block, Steps):
            for item in block.items:
                yield from _images(item)


def _read_picture(directory: Path, path: str, image: Image) -> Picture:
    if ":" in image.source or image.source.startswith("/"):
        return Picture(image.source, image.alt, None, "not in the folder")
    file = directory / posixpath.join(posixpath.dirname(path), image.source)
    try:
        if not _is_inside(directory, file) or not file.is_file():
            return Picture(image.source, image.alt, None, "the file is absent")
        if file.suffix.lower() not in PICTURE_SUFFIXES or file.stat().st_size > PICTURE_BYTES:
            return Picture(image.source, image.alt, None, "not a PNG, JPEG, GIF or WebP of up to 10 MB")
        return Picture(image.source, image.alt, file.read_bytes())
    except (OSError, ValueError):
        return Picture(image.source, image.alt, None, "the file cannot be read")


def _is_inside(directory: Path, file: Path) -> bool:
    return file.resolve().is_relative_to(directory.resolve())
