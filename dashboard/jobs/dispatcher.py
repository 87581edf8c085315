"""The one entry for starting a job: the row first, the hint after commit."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.errors import FileRefused, InputRefused, NotFound, WrongState
from dashboard.jobs.checking import add_check
from dashboard.jobs.context import JobContext
from dashboard.jobs.drafts import add_job, start, stored_file
from dashboard.jobs.registry import Kind
from dashboard.models.job import Job
from dashboard.models.states import LIVE, JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.storage.store import Stored

UPLOADS = "uploads"


def dispatch(
    context: JobContext,
    session: Session,
    type: str,
    source: StoredFile | Iterable[Mapping[str, Any]] | Any = None,
    *,
    user: User | None,
    chunk_rows: int | None = None,
    options: Mapping[str, Any] | None = None,
    after: Job | None = None,
    run_at: datetime | None = None,
    check: bool = False,
) -> Job:
    """Make a job in the caller's transaction; workers hear of it once that commits.

    `source` is a stored file, an iterable of mappings, or a DataFrame (both are written to a stored
    CSV file first); only imports have one. `check` makes a check job alone. Raises UnknownJobType,
    FileRefused, InputRefused, NotFound.
    """
    kind = context.registry.get(type).kind
    if (source is not None) != (kind is Kind.IMPORT):
        raise InputRefused(
            f"{type} is of kind {kind}: it takes {'a' if source is None else 'no'} file."
        )
    if kind is Kind.SYNC:
        refuse_second_sync(context, session, type, check=check)
    if source is not None and not isinstance(source, StoredFile):
        source = store_records(context, session, source, user, name=f"{type}.csv")
    how: dict[str, Any] = {"user": user, "options": options, "chunk_rows": chunk_rows}
    if check and source is not None:
        return add_check(context, session, type, source, **how)
    held = (after is not None and after.status != JobStatus.COMPLETED) or run_at is not None
    after_id = after.id if after else None
    job = add_job(context, session, type, source, after_id=after_id, run_at=run_at, **how)
    start(context, session, job, held=held)
    session.refresh(job)
    return job


def refuse_second_sync(context: JobContext, session: Session, type: str, *, check: bool) -> None:
    """Two would fetch the same rows; that neither writes them twice, the cursor sees to.

    One that waits for its time holds nobody up.
    """
    label = context.registry.get(type).label
    if check:
        raise InputRefused(f"{label} is a sync; there is no check of one.", code="no_check")
    query = select(Job.id).where(
        Job.type == type, Job.purpose == "run", Job.status.in_(LIVE - {JobStatus.DELAYED})
    )
    live = session.execute(query.limit(1)).first()
    if live is not None:
        raise WrongState(
            f"{label} runs already. Wait for its end; an admin can cancel it.",
            code="sync_running",
        )


def rerun(context: JobContext, session: Session, job_id: int, user: User | None) -> Job:
    """A new job over the same file (if any), with the same options, its `origin_id` the old one.

    Corrections of single rows stay with the old job. Raises NotFound (no job, or its file is gone),
    WrongState (a draft, a check or an undo).
    """
    origin = session.get(Job, job_id, populate_existing=True)
    if origin is None:
        raise NotFound(f"There is no job {job_id}.")
    if origin.purpose != "run" or origin.status == JobStatus.DRAFT:
        what = "a draft" if origin.status == JobStatus.DRAFT else f"a job to {origin.purpose}"
        raise WrongState(f"Job {job_id} is {what}; only a job that was started can be run again.")
    if origin.kind == Kind.SYNC:
        refuse_second_sync(context, session, origin.type, check=False)
    job = add_job(
        context,
        session,
        origin.type,
        stored_file(context, session, origin) if origin.kind == Kind.IMPORT else None,
        user=user,
        options=origin.options,
        chunk_rows=origin.chunk_rows,
        origin_id=origin.id,
    )
    start(context, session, job, held=False)
    session.refresh(job)
    return job


def store_upload(
    context: JobContext, session: Session, stream: Any, name: str, user: User | None
) -> StoredFile:
    """Copy an upload into the store, in pieces; refuses one over the limit (413)."""
    stored = context.store.put(stream, folder=UPLOADS, limit=context.settings.max_upload_bytes)
    return add_stored_file(session, stored, name, user)


def add_stored_file(session: Session, stored: Stored, name: str, user: User | None) -> StoredFile:
    row = StoredFile(
        key=stored.key,
        name=name[-255:],
        bytes=stored.bytes,
        sha256=stored.sha256,
        owner_id=user.id if user else None,
    )
    session.add(row)
    session.flush()
    return row


def store_records(
    context: JobContext, session: Session, records: Any, user: User | None, name: str
) -> StoredFile:
    """Spool mappings or a DataFrame to a stored CSV file, row by row."""
    if hasattr(records, "to_dict") and hasattr(records, "columns"):
        records = frame_records(records)
    stored = context.store.put(
        csv_pieces(iter(records)), folder=UPLOADS, limit=context.settings.max_upload_bytes
    )
    return add_stored_file(session, stored, name, user)


def frame_records(frame: Any) -> Iterator[dict[str, Any]]:
    columns = [str(column) for column in frame.columns]
    for values in frame.itertuples(index=False, name=None):
        yield {
            name: None if value is None or value != value else value
            for name, value in zip(columns, values, strict=True)
        }


def csv_pieces(records: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
    """CSV of mappings; the first one names the columns, a key it lacks is refused."""
    first = next(records, None)
    if first is None:
        raise FileRefused("There are no records to import.", code="no_rows")
    out = io.StringIO()
    writer = csv.DictWriter(out, list(first), lineterminator="\n")
    writer.writeheader()
    for number, record in enumerate(chain([first], records), 2):
        extra = set(record) - set(first)
        if extra:
            raise FileRefused(
                f"Record {number - 1} has the key {sorted(extra)[0]!r}, which the first record does"
                " not have. Give every record the same keys.",
                code="uneven_records",
            )
        writer.writerow({name: plain(value) for name, value in record.items()})
        if out.tell() > 1 << 20:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def plain(value: Any) -> Any:
    """Times as ISO 8601, None as an empty cell; all else as text."""
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else value
