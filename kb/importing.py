"""Import a folder of Markdown as articles: idempotent, and never over what somebody wrote here.

An article whose latest revision is not the one the last import made was edited here: it is a conflict, reported and
left alone. Every file ends up as one `FileReport`; a batch is one transaction, so a stop in the middle is made good.
"""

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from pathlib import Path, PurePosixPath

from django.contrib.auth.models import AbstractBaseUser
from django.core.files.images import ImageFile
from django.db import connection, transaction
from PIL import Image, UnidentifiedImageError
from wagtail.images import get_image_model

from kb.documents import Document, Finding, FindingKind
from kb.errors import ImportBusyError
from kb.models import ArticleIndexPage, ArticlePage
from kb.review import vouch_for_import
from kb.sources import Picture, SourceFile, list_paths, read_pictures, read_source
from kb.stream_data import stream_data
from kb.tree import ensure_home, ensure_section, free_slug

log = logging.getLogger(__name__)

IMPORTER_VERSION = "1"
"""Advance it when the same file should become another article: the next import then makes new revisions."""
BATCH = 25
_LOCK = 7_204_118_001

Progress = Callable[[int, int], None]


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    SKIPPED = "skipped"
    GONE = "gone"


@dataclass(frozen=True)
class FileReport:
    path: str
    outcome: Outcome
    reason: str = ""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class ImportReport:
    section: str
    files: tuple[FileReport, ...]

    def count(self, outcome: Outcome) -> int:
        return sum(file.outcome is outcome for file in self.files)

    def findings(self) -> dict[FindingKind, int]:
        counts = dict.fromkeys(FindingKind, 0)
        for file in self.files:
            for finding in file.findings:
                counts[finding.kind] += 1
        return {kind: count for kind, count in counts.items() if count}


def import_directory(
    directory: Path,
    *,
    actor: AbstractBaseUser | None,
    section: str = "",
    replace: frozenset[str] = frozenset(),
    audiences: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import every Markdown file below `directory` under the section `section` (by default the folder's name).

    `replace` names files that win over an edited article, which stays in its history as a revision. `audiences` gives,
    by path, an audience that no file can know: one organisation's. `actor` is recorded with each revision (None: the
    command line). Raises `ImportBusyError` while another import runs.
    """
    name = section.strip() or _title(directory.resolve().name)
    with _one_at_a_time():
        run = _Import(directory, name, actor, replace, audiences or {}, progress)
        report = ImportReport(name, tuple(run.run()))
    log.info("articles_imported", extra={f"files_{outcome.value}": report.count(outcome) for outcome in Outcome})
    return report


class _Import:
    """One run over one folder."""

    def __init__(
        self,
        directory: Path,
        name: str,
        actor: AbstractBaseUser | None,
        replace: frozenset[str],
        audiences: Mapping[str, str],
        progress: Progress | None,
    ) -> None:
        self.directory = directory
        self.name = name
        self.actor = actor
        self.replace = replace
        self.audiences = audiences
        self.progress = progress or (lambda _done, _total: None)
        self.pages: dict[str, int] = {}
        self.sections: dict[str, ArticleIndexPage] = {}

    def run(self) -> Iterator[FileReport]:
        paths = list_paths(self.directory)
        known = frozenset(paths)
        files = [read_source(self.directory, path, known) for path in paths]
        self.pages = dict(ArticlePage.objects.filter(source_name=self.name).values_list("source_path", "pk"))
        gone = sorted(set(self.pages) - known)
        good = [file for file in files if file.document]
        new = [file for file in good if file.path not in self.pages]
        for batch in _batches(new):
            with transaction.atomic():
                for file in batch:
                    self.pages[file.path] = self._place(file)
        done = 0
        for batch in _batches(good):
            with transaction.atomic():
                reports = [self._write(file) for file in batch]
            yield from reports
            done += len(batch)
            self.progress(done, len(good))
        yield from (FileReport(file.path, Outcome.SKIPPED, file.reason) for file in files if not file.document)
        yield from (FileReport(path, Outcome.GONE, "no longer in the folder; the article stays") for path in gone)

    def _place(self, file: SourceFile) -> int:
        """A page without text yet, so that files can link to one another before any is published."""
        document = _document(file)
        parent = self._section(str(PurePosixPath(file.path).parent))
        page = ArticlePage(
            title=document.title,
            slug=free_slug(parent, PurePosixPath(file.path).stem),
            source_name=self.name,
            source_path=file.path,
            live=False,
        )
        return int(parent.add_child(instance=page).pk)

    def _section(self, folder: str) -> ArticleIndexPage:
        if folder not in self.sections:
            if folder == ".":
                section = ensure_section(ensure_home(), title=self.name, source_name=self.name)
            else:
                path = PurePosixPath(folder)
                parent = self._section(str(path.parent))
                section = ensure_section(parent, title=_title(path.name), source_name=self.name, source_path=folder)
            self.sections[folder] = section
        return self.sections[folder]

    def _write(self, file: SourceFile) -> FileReport:
        document = _document(file)
        page = ArticlePage.objects.select_for_update(of=("self",)).get(pk=self.pages[file.path])
        pictures = read_pictures(self.directory, file.path, document)
        digest = self._digest(file, pictures)
        findings = document.findings + tuple(
            Finding(FindingKind.IMAGE_ABSENT, f"{picture.source} ({picture.reason})")
            for picture in pictures
            if picture.data is None
        )
        refusal = _refusal(page, digest)
        if refusal and file.path not in self.replace:
            return FileReport(file.path, Outcome.CONFLICT, refusal, findings)
        if page.source_digest == digest and not refusal:
            return FileReport(file.path, Outcome.UNCHANGED, "", findings)
        is_new = page.source_revision is None
        images, unreadable = _store_pictures(pictures)
        _fill(page, document, self.pages, images)
        page.audience = self.audiences.get(file.path, document.audience)
        published = self._publish(page, digest, publish=is_new or page.live)
        reason = "" if published else "kept unpublished, as somebody left it"
        return FileReport(file.path, Outcome.CREATED if is_new else Outcome.UPDATED, reason, findings + unreadable)

    def _digest(self, file: SourceFile, pictures: Sequence[Picture]) -> str:
        """Everything that decides what the article becomes: the bytes, what its links lead to, its pictures."""
        links = {path: self.pages.get(path) for path in _document(file).links}
        found = [hashlib.sha256(picture.data).hexdigest() if picture.data else "" for picture in pictures]
        decided = [IMPORTER_VERSION, file.digest, links, found]
        if versions := _document(file).versions:
            decided.append(list(versions))
        if file.path in self.audiences:
            decided.append(self.audiences[file.path])
        return hashlib.sha256(json.dumps(decided).encode()).hexdigest()

    def _publish(self, page: ArticlePage, digest: str, *, publish: bool) -> bool:
        revision = page.save_revision(user=self.actor, log_action=True)
        if publish:
            vouch_for_import(page.pk, revision)
            revision.publish(user=self.actor)
        ArticlePage.objects.filter(pk=page.pk).update(
            source_revision=revision.pk, source_digest=digest, reviewed_on=page.reviewed_on, reviewed_by=None
        )
        return publish


def _document(file: SourceFile) -> Document:
    if file.document is None:
        raise ValueError(file.path)
    return file.document


def _refusal(page: ArticlePage, digest: str) -> str:
    if page.latest_revision_id != page.source_revision:
        changed = "changed in the folder too" if page.source_digest != digest else "not changed in the folder"
        return f"edited here since the import; {changed}"
    if page.locked and page.source_digest != digest:
        return "locked here; changed in the folder"
    return ""


def _fill(page: ArticlePage, document: Document, pages: Mapping[str, int], images: Mapping[str, int]) -> None:
    page.title = document.title
    page.summary = document.summary
    page.search_description = ""
    page.body = json.dumps(stream_data(document.blocks, pages=pages, pictures=images))
    page.labels = list(document.labels)
    page.product = document.product
    page.versions = list(document.versions)
    page.author = document.author
    page.language = document.language
    page.reviewed_on = document.reviewed_on
    page.review_by = document.review_by


def _store_pictures(pictures: Sequence[Picture]) -> tuple[dict[str, int], tuple[Finding, ...]]:
    """Image ids by source; a picture that is already here (same bytes) is used again."""
    model = get_image_model()
    stored: dict[str, int] = {}
    unreadable: list[Finding] = []
    for picture in pictures:
        if picture.data is None:
            continue
        file_hash = hashlib.sha1(picture.data, usedforsecurity=False).hexdigest()  # Wagtail's own file_hash
        image = model.objects.filter(file_hash=file_hash).first()
        if image is None:
            name = PurePosixPath(picture.source).name
            if not _is_picture(picture.data):
                unreadable.append(Finding(FindingKind.IMAGE_ABSENT, f"{picture.source} (not a readable picture)"))
                continue
            image = model(title=picture.alt or name, file=ImageFile(BytesIO(picture.data), name=name))
            image.file_hash, image.file_size = file_hash, len(picture.data)
            image.save()
        stored[picture.source] = image.pk
    return stored, tuple(unreadable)


def _is_picture(data: bytes) -> bool:
    try:
        with Image.open(BytesIO(data)) as image:
            image.verify()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return False
    return True


def _batches(files: Sequence[SourceFile]) -> Iterator[Sequence[SourceFile]]:
    for start in range(0, len(files), BATCH):
        yield files[start : start + BATCH]


def _title(name: str) -> str:
    words = " ".join(name.replace("-", " ").replace("_", " ").split())
    return words[:1].upper() + words[1:] if words else "Imported"


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """A lock of the database session: two imports at once would each make the pages of the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            raise ImportBusyError("another import is running")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
