"""The portal's background work: mail on the mailer's queue, housekeeping on the worker's. Lines on plain functions."""

from celery import shared_task

from portal import firstresponse, ratelimit, staging
from portal.mail import deliver


@shared_task(name="portal.deliver_due_mail", queue="mail", ignore_result=True)
def deliver_due_mail() -> None:
    """Send what the outbox holds due."""
    deliver.deliver_due()


@shared_task(name="portal.set_stuck_mail_aside", queue="mail", ignore_result=True)
def set_stuck_mail_aside() -> None:
    """Hand mail whose mailer died to a person."""
    deliver.set_stuck_aside()


@shared_task(name="portal.measure_first_responses", queue="watch", ignore_result=True)
def measure_first_responses() -> None:
    """Renew the figure of how long a first answer takes."""
    firstresponse.measure_first_responses()


@shared_task(name="portal.prune", queue="watch", ignore_result=True)
def prune() -> None:
    """Forget rate counters that are over, and files that were put aside for a form nobody sent again."""
    ratelimit.prune()
    staging.prune()
