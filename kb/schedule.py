"""Puts articles out, and takes them down, on the day that their editors and reviewers set.

Runs where pages are served: only that role may write articles. Whatever process comes first does it, alone.
"""

import logging
import threading

from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone
from wagtail.models import Page, Revision

log = logging.getLogger(__name__)

SECONDS = 30
_LOCK = 7_204_118_002


def is_due() -> bool:
    now = timezone.now()
    going_live = Revision.objects.filter(approved_go_live_at__lte=now).exists()
    return bool(going_live or Page.objects.filter(live=True, expire_at__lt=now).exists())


def publish_due() -> bool:
    """Whether there was anything to do; raises nothing for another process that is at it."""
    if not is_due():
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False
        try:
            call_command("publish_scheduled")
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])
    log.info("articles_scheduled")
    return True


def keep_publishing(stop: threading.Event) -> None:
    """Until told to stop; what fails once is tried again at the next round."""
    while not stop.wait(SECONDS):
        try:
            publish_due()
        except DatabaseError as error:
            log.warning("schedule_failed", extra={"error": type(error).__name__})
        finally:
            connection.close()
