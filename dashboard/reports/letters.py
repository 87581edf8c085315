"""The mail of one row of report_mails, with the file where it is small enough."""

import socket
from collections.abc import Iterable
from contextlib import closing
from email.message import EmailMessage
from urllib.parse import urlsplit

from sqlalchemy import select

from dashboard.errors import NotFound
from dashboard.formats.write_options import WriteOptions
from dashboard.jobs.context import JobContext
from dashboard.jobs.transitions import JOB
from dashboard.lib.mail import Attachment, compose
from dashboard.models.columns import AnyRow, table_of
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.reports.messages import SHOWN_ROWS, Told, as_html, as_text
from dashboard.reports.results import file_pieces, first_rows
from dashboard.settings import Settings

FILE, USER = table_of(StoredFile), table_of(User)
MOST_ATTACHED = 5_000_000
READ = {"sqlite_begin": "DEFERRED"}


def letter(context: JobContext, mail: AnyRow) -> EmailMessage:
    """Raises NotFound when the result is not kept any more."""
    job = finished(context, mail.job_id)
    options = WriteOptions(format=mail.format)
    attachments = attached(context, job, options)
    told = Told(
        label=label_of(context, job.type),
        facts=job.meta["report"],
        rows=first_rows(context.store, job.key, count=SHOWN_ROWS),
        total=job.rows,
        link=f"{address(context.settings)}/jobs/{job.id}",
        sender=job.user_name or "a schedule",
        attached=attachments[0].name if attachments else "",
    )
    settings = context.settings
    return compose(
        settings.mail_from or f"JobEngine <jobengine@{host(settings)}>",
        mail.address,
        told.subject,
        as_text(told),
        as_html(told),
        message_id=f"{job.uuid}.{mail.round}.{mail.id}@{host(settings)}",
        attachments=attachments,
    )


def finished(context: JobContext, job_id: int) -> AnyRow:
    """The job's row with key, rows and file_name of what it made, and user_name of its owner."""
    query = (
        select(
            *JOB.c,
            FILE.c.key,
            FILE.c.rows,
            FILE.c.name.label("file_name"),
            USER.c.name.label("user_name"),
        )
        .join(FILE, FILE.c.id == JOB.c.output_id)
        .outerjoin(USER, USER.c.id == JOB.c.user_id)
        .where(JOB.c.id == job_id)
    )
    with context.app.connect().execution_options(**READ) as connection:
        job = connection.execute(query).one_or_none()
    if job is None or not context.store.exists(job.key):
        raise NotFound("The result of the report is not kept any more.", code="file_gone")
    return job


def attached(context: JobContext, job: AnyRow, options: WriteOptions) -> list[Attachment]:
    """The whole result as a file, if it stays under `MOST_ATTACHED` bytes."""
    with closing(file_pieces(context.store, job.key, options)) as pieces:
        data = at_most(pieces, MOST_ATTACHED)
    name = f"{job.file_name.removesuffix('.parquet')}{options.suffix}"
    return [] if data is None else [Attachment(name, options.media_type, data)]


def at_most(pieces: Iterable[bytes], limit: int) -> bytes | None:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) > limit:
            return None
    return bytes(held)


def label_of(context: JobContext, name: str) -> str:
    known = {job_type.name: job_type.label for job_type in context.registry.all()}
    return known.get(name, name)


def address(settings: Settings) -> str:
    return settings.public_url or f"http://{settings.host}:{settings.port}"


def host(settings: Settings) -> str:
    return urlsplit(address(settings)).hostname or socket.gethostname()
