"""Sending reports by mail: asked for when the job completes or by a person, sent by a loop.

1. The listener SendReportByMail (or the page) writes a row for each address: a queue that survives
   everything, unique by job, round and address.
2. `Mailer.run_once` claims a row, sends it outside any transaction, and writes what came of it. A
   death between the two sends the mail again, under the same Message-ID, as often as ATTEMPTS says.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from dashboard.errors import JobEngineError
from dashboard.events.listeners import Handler
from dashboard.events.types import JobEvent
from dashboard.jobs.context import JobContext
from dashboard.jobs.registry import Kind
from dashboard.jobs.transitions import JOB
from dashboard.lib.clock import now
from dashboard.lib.mail import send
from dashboard.models.columns import AnyRow, table_of
from dashboard.models.report_mail import ReportMail
from dashboard.reports.letters import letter
from dashboard.reports.recipients import allowed

log = logging.getLogger("jobengine.reports")
MAIL = table_of(ReportMail)
LISTENER = "SendReportByMail"
ATTEMPTS, BATCH = 8, 20
# A mail over which mailers die would kill every one of them.
DIED = f"The process that sent it ended in the last of {ATTEMPTS} tries; the log says more."
GIVEN_UP = {"state": "failed", "error": DIED, "next_try_at": None}
FIRST_GAP, LONGEST_GAP = timedelta(seconds=30), timedelta(hours=1)
# A mailer that dies over a mail: another one takes it up after this time.
CLAIM = timedelta(minutes=2)
READ = {"sqlite_begin": "DEFERRED"}


def send_report_by_mail(context: JobContext) -> Handler:
    """The listener for JobCompleted: the mails the job's options ask for, once a round."""

    def handle(event: JobEvent) -> None:
        if event.kind != Kind.REPORT:
            return
        with context.app.begin() as connection:
            job = connection.execute(select(JOB).where(JOB.c.uuid == event.run_id)).one_or_none()
            options = job.options if job is not None else {}
            for address in options.get("mailTo", ()):
                ask(connection, event.job["id"], event.round, address, options["mailFormat"])

    return handle


def ask(
    connection: Connection,
    job_id: int,
    round: int,
    address: str,
    format: str,
    *,
    again: bool = False,
) -> None:
    """Queue a mail; one that was asked for is not queued twice, unless a person says `again`."""
    mine = (MAIL.c.job_id == job_id, MAIL.c.round == round, MAIL.c.address == address)
    if connection.scalar(select(MAIL.c.id).where(*mine)) is None:
        values = {"job_id": job_id, "round": round, "address": address, "format": format}
        connection.execute(insert(MAIL).values(**values, created_at=now()))
    elif again:
        fresh = {"state": "pending", "attempts": 0, "next_try_at": None, "error": None}
        connection.execute(update(MAIL).where(*mine).values(**fresh, format=format, sent_at=None))


def mails_of(connection: Connection, job_id: int) -> Sequence[AnyRow]:
    """Of a job, as its page shows them."""
    return connection.execute(
        select(*MAIL.c).where(MAIL.c.job_id == job_id).order_by(MAIL.c.id)
    ).all()


class Mailer:
    """Sends what is due. `run_once` returns how many mails it dealt with."""

    def __init__(self, context: JobContext) -> None:
        self.context = context

    def run_once(self) -> int:
        with self.context.app.connect().execution_options(**READ) as connection:
            due = select(MAIL.c.id).where(*is_due()).order_by(MAIL.c.id).limit(BATCH)
            waiting = list(connection.scalars(due))
        return sum(self.deliver(mail_id) for mail_id in waiting)

    def deliver(self, mail_id: int) -> bool:
        """Claim, send, settle; False when another mailer has it."""
        with self.context.app.begin() as connection:
            claim = {"next_try_at": now() + CLAIM, "attempts": MAIL.c.attempts + 1}
            mine = update(MAIL).where(MAIL.c.id == mail_id, *is_due()).values(**claim)
            mail = connection.execute(mine.returning(*MAIL.c)).one_or_none()
        if mail is None:
            return False
        values = GIVEN_UP if mail.attempts > ATTEMPTS else self.send(mail)
        with self.context.app.begin() as connection:
            connection.execute(update(MAIL).where(MAIL.c.id == mail_id).values(**values))
        return True

    def send(self, mail: AnyRow) -> dict[str, Any]:
        """What is written of it afterwards."""
        try:
            self.check(mail)
            send(self.context.settings.smtp_url, letter(self.context, mail))
        except Exception as error:
            return self.failed(mail, error)
        return {"state": "sent", "sent_at": now(), "next_try_at": None, "error": None}

    def check(self, mail: AnyRow) -> None:
        """Again, since people leave and settings change. Raises JobEngineError."""
        settings = self.context.settings
        if not settings.smtp_url:
            raise JobEngineError("SMTP_URL is not set any more.", code="mail_off")
        with self.context.app.connect().execution_options(**READ) as connection:
            if not allowed(connection, settings, [mail.address]):
                raise JobEngineError("The address is no active user's any more.", code="mail_off")

    def failed(self, mail: AnyRow, error: Exception) -> dict[str, Any]:
        known = isinstance(error, JobEngineError)
        if not known:
            log.error("mail %s of job %s failed", mail.id, mail.job_id, exc_info=error)
        said = error.message if isinstance(error, JobEngineError) else type(error).__name__
        if mail.attempts >= ATTEMPTS or (isinstance(error, JobEngineError) and error.permanent):
            return {"state": "failed", "error": said, "next_try_at": None}
        return {"error": said, "next_try_at": now() + gap(mail.attempts)}


def is_due() -> tuple[ColumnElement[bool], ...]:
    late = or_(MAIL.c.next_try_at.is_(None), MAIL.c.next_try_at <= now())
    return (MAIL.c.state == "pending", late)


def gap(attempts: int) -> timedelta:
    return min(FIRST_GAP * (1 << (attempts - 1)), LONGEST_GAP)
