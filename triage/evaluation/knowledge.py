"""Puts a corpus into the throw-away database as articles, the way an editor does: publish, and let the index follow.

Celery runs the tasks on the spot and in this process, so nothing of an evaluation ever reaches the site's own queue.
Embedding a large corpus takes minutes, so it is kept beside the template, and used again by exactly the same code.
"""

import contextlib
import hashlib
import html
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from celery import current_app
from django.db import connection
from wagtail.models import Page

import kb
from kb.models import ArticleIndexPage, ArticlePage
from kb.retrieval.embedder import EmbedderUnavailable, get_embedder
from portal import database
from portal.database import throwaway_database
from portal.environment import TEMPLATE_DATABASE_NAME
from triage.evaluation.datasets import Document
from triage.evaluation.runner import with_progress

TITLE_LENGTH = 255
LIBRARY = "handrail_library_"
KEEP_FROM = 100  # documents
MOST_KEPT = 6


@contextlib.contextmanager
def throwaway_site(*, also: tuple[str, ...] = (), template: str = TEMPLATE_DATABASE_NAME) -> Iterator[str]:
    """An empty site of its own, whose tasks run at once; yields its database's name. `also`: roles that may connect."""
    eager = current_app.conf.task_always_eager
    current_app.conf.task_always_eager = True
    logging.disable(logging.INFO)  # an event for each article would hide the progress
    try:
        with throwaway_database(also=also, template=template) as name:
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit = off")  # nobody will miss these rows after a crash
            yield name
    finally:
        logging.disable(logging.NOTSET)
        current_app.conf.task_always_eager = eager


@contextlib.contextmanager
def stocked_site(documents: Sequence[Document]) -> Iterator[dict[int, str]]:
    """A throw-away site that holds the documents as articles; yields the documents' ids by the articles'."""
    if len(documents) < KEEP_FROM:
        with throwaway_site():
            yield import_documents(documents)
        return
    what = [repr((document.document_id, document.title, document.text)) for document in documents]
    with kept_site(f"{len(documents)} articles", what, lambda: import_documents(documents)):
        yield _imported(documents)


@contextlib.contextmanager
def kept_site(
    label: str, what: Iterable[str], fill: Callable[[], object], *, also: tuple[str, ...] = ()
) -> Iterator[str]:
    """A throw-away site that holds what `fill` writes; yields its database's name.

    It is filled once, and then copied for as long as `what`, this code, this schema and this embedder are the same.
    """
    database.ensure_template()
    library = _library_of(what)
    if library not in database.databases_like(LIBRARY):
        with throwaway_site() as name:
            fill()
            connection.close()  # a database is copied while nobody is connected to it
            database.clone_template(library, roles=("eval",), template=name)
        for old in database.databases_like(LIBRARY)[MOST_KEPT:]:
            database.drop_database(old)
    else:
        sys.stderr.write(f"{label}, indexed before by this very code\n")
    with throwaway_site(also=also, template=library) as name:
        yield name


def _library_of(what: Iterable[str]) -> str:
    """The name under which this is kept, as this code, this schema and this embedder index it."""
    digest = hashlib.sha256(database.schema_fingerprint().encode())
    for file in sorted(Path(kb.__file__).parent.rglob("*.py")):
        digest.update(file.read_bytes())
    try:
        get_embedder()
    except EmbedderUnavailable:
        digest.update(b"without an embedder")
    for part in what:
        digest.update(part.encode())
    return LIBRARY + digest.hexdigest()[:24]


def _imported(documents: Sequence[Document]) -> dict[int, str]:
    slugs = {_slug(number): document.document_id for number, document in enumerate(documents, 1)}
    return {pk: slugs[slug] for pk, slug in ArticlePage.objects.order_by("pk").values_list("pk", "slug")}


def _slug(number: int) -> str:
    return f"document-{number}"


def import_documents(documents: Sequence[Document]) -> dict[int, str]:
    """Publish each document as an article; the document's id by the article's."""
    section = ArticleIndexPage(title="Evaluation", slug="evaluation")
    Page.get_first_root_node().add_child(instance=section)
    ids: dict[int, str] = {}
    for number, document in enumerate(with_progress(documents, "articles"), 1):
        article = ArticlePage(title=document.title[:TITLE_LENGTH] or "Untitled", slug=_slug(number))
        article.body = [("text", f"<p>{line}</p>") for line in _paragraphs(document.text)]
        section.add_child(instance=article)
        article.save_revision().publish()
        ids[article.pk] = document.document_id
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE kb_passage, kb_passagevector, kb_indexedarticle, kb_termstatistic")
    return ids


def _paragraphs(text: str) -> list[str]:
    return [html.escape(line) for line in text.split("\n") if line.strip()]
