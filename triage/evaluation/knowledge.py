"""Puts a corpus into the throw-away database as articles, the way an editor does: publish, and let the index follow.

Celery runs the tasks on the spot and in this process, so nothing of an evaluation ever reaches the site's own queue.
"""

import contextlib
import html
import logging
from collections.abc import Iterator, Sequence

from celery import current_app
from django.db import connection
from wagtail.models import Page

from kb.models import ArticleIndexPage, ArticlePage
from portal.database import throwaway_database
from triage.evaluation.datasets import Document
from triage.evaluation.runner import with_progress

TITLE_LENGTH = 255


@contextlib.contextmanager
def throwaway_site(*, also: tuple[str, ...] = ()) -> Iterator[str]:
    """An empty site of its own, whose tasks run at once; yields its database's name. `also`: roles that may connect."""
    eager = current_app.conf.task_always_eager
    current_app.conf.task_always_eager = True
    logging.disable(logging.INFO)  # an event for each article would hide the progress
    try:
        with throwaway_database(also=also) as name:
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit = off")  # nobody will miss these rows after a crash
            yield name
    finally:
        logging.disable(logging.NOTSET)
        current_app.conf.task_always_eager = eager


def import_documents(documents: Sequence[Document]) -> dict[int, str]:
    """Publish each document as an article; the document's id by the article's."""
    section = ArticleIndexPage(title="Evaluation", slug="evaluation")
    Page.get_first_root_node().add_child(instance=section)
    ids: dict[int, str] = {}
    for number, document in enumerate(with_progress(documents, "articles"), 1):
        article = ArticlePage(title=document.title[:TITLE_LENGTH] or "Untitled", slug=f"document-{number}")
        article.body = [("text", f"<p>{line}</p>") for line in _paragraphs(document.text)]
        section.add_child(instance=article)
        article.save_revision().publish()
        ids[article.pk] = document.document_id
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE kb_passage, kb_passagevector, kb_indexedarticle, kb_termstatistic")
    return ids


def _paragraphs(text: str) -> list[str]:
    return [html.escape(line) for line in text.split("\n") if line.strip()]
