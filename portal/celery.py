"""The Celery application. Tasks live in each app's `tasks.py`; a worker refuses to start on a broken guard."""

import os
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

from celery import Celery
from celery.signals import worker_init

app = Celery("handrail")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_to_serve_unguarded(**_: Any) -> None:
    """Check this process's role and the guard before the first task is taken, then let go of the connection."""
    from django.db import connection

    from portal.guard import require_guard

    require_guard()
    connection.close()
