"""What customers see: accounts, requests, messages and mail; also the Django project itself."""

from portal.celery import app as celery_app  # every process that imports a task must send it to our broker

__all__ = ["celery_app"]
