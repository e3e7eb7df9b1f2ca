"""The portal's background work, all of it mail and on the mailer's queue. Each task is a line over a plain function."""

from celery import shared_task

from portal.mail import deliver


@shared_task(name="portal.deliver_due_mail", queue="mail", ignore_result=True)
def deliver_due_mail() -> None:
    """Send what the outbox holds due."""
    deliver.deliver_due()


@shared_task(name="portal.set_stuck_mail_aside", queue="mail", ignore_result=True)
def set_stuck_mail_aside() -> None:
    """Hand mail whose mailer died to a person."""
    deliver.set_stuck_aside()
