"""Files of jobs that people take: where they are or why not, and who took them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePath

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from dashboard.audit.entries import record
from dashboard.errors import NotFound
from dashboard.formats.write_options import (
    MEDIA_TYPES,
    PACKED_MEDIA_TYPES,
    PACKED_SUFFIXES,
    SUFFIXES,
)
from dashboard.jobs.registry import WHOLE
from dashboard.lib.clock import now
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.storage.sending import ANY_KIND, Sent

DOWNLOADED = "file.downloaded"
# A download that is resumed, or fetched in many ranges at once, is one entry.
ONE_DOWNLOAD = timedelta(hours=1)
KINDS = {SUFFIXES[name]: kind for name, kind in MEDIA_TYPES.items()}
KINDS |= {PACKED_SUFFIXES[name]: kind for name, kind in PACKED_MEDIA_TYPES.items()}


@dataclass(frozen=True, slots=True)
class Taken:
    """How often a file was taken, and by whom last."""

    times: int
    last: str
    at: datetime


def upload_of(job: Job) -> StoredFile:
    """What the job reads. Raises NotFound (`no_file`, `file_expired`)."""
    if job.file is None:
        raise NotFound(f"Job {job.id} was made without a file.", code="no_file")
    if job.file.removed_at is not None:
        raise expired(
            f"The file of job {job.id} was kept until {day(job.file.removed_at)}. Its counts and"
            " failures are still here."
        )
    return job.file


def result_of(job: Job) -> StoredFile:
    """What the job made. Raises NotFound (`no_file`, `file_expired`)."""
    file = job.output
    if file is None:
        raise NotFound(f"Job {job.id} has no output file{why_none(job)}", code="no_file")
    ended = file.removed_at or (file.expires_at if is_over(file) else None)
    if ended is not None:
        raise expired(
            f"The file of job {job.id} was kept until {day(file.expires_at or ended)}. Run the job"
            " again to make a new one."
        )
    return file


def why_none(job: Job) -> str:
    if job.kind not in WHOLE:
        return f": an {job.kind} writes records. Its failed rows are at failures.csv."
    if not job.final:
        return f" yet: it is {job.status}. It has one when it is completed."
    if job.status == JobStatus.COMPLETED:
        return "."
    return f": it {'was' if job.status == JobStatus.CANCELLED else 'has'} {job.status}."


def is_over(file: StoredFile) -> bool:
    return file.expires_at is not None and file.expires_at <= now()


def expired(message: str) -> NotFound:
    return NotFound(message, code="file_expired")


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"


def sent(file: StoredFile, *, ours: bool) -> Sent:
    """To be answered; only of a file of ours is its kind told, the rest came from outside."""
    kind = KINDS.get(PurePath(file.name).suffix.lower(), ANY_KIND) if ours else ANY_KIND
    return Sent(file.key, file.name, file.bytes, file.sha256, kind)


def is_noted(session: Session, file: StoredFile, person: User) -> bool:
    """Has this person taken the file within the last hour?"""
    mine = (AuditEntry.actor_id == person.id, AuditEntry.at > now() - ONE_DOWNLOAD)
    query = select(AuditEntry.id).where(of_files([file.id]), *mine).limit(1)
    return session.scalar(query) is not None


def note_download(
    session: Session, file: StoredFile, job: Job, person: User, address: str, size: int
) -> None:
    """`size` are the bytes asked for; once an hour for a person and file, however many ask."""
    session.execute(select(StoredFile.id).where(StoredFile.id == file.id).with_for_update())
    if not is_noted(session, file, person):
        detail = {"job": job.id, "name": file.name, "bytes": size, "of": file.bytes}
        record(session, person, DOWNLOADED, "file", file.id, address, **detail)


def taken(session: Session, file_ids: Sequence[int]) -> Mapping[int, Taken]:
    """Of each file that was taken at all."""
    if not file_ids:
        return {}
    counted = (
        select(func.count().label("times"), func.max(AuditEntry.id).label("last"))
        .where(of_files(file_ids))
        .group_by(AuditEntry.object_id)
        .subquery()
    )
    query = select(AuditEntry, counted.c.times).join(counted, counted.c.last == AuditEntry.id)
    rows = session.execute(query).all()
    return {int(e.object_id): Taken(times, e.actor, e.at) for e, times in rows}


def of_files(file_ids: Sequence[int]) -> ColumnElement[bool]:
    ids = [str(file_id) for file_id in file_ids]
    return (
        (AuditEntry.object_type == "file")
        & AuditEntry.object_id.in_(ids)
        & (AuditEntry.action == DOWNLOADED)
    )
