"""Checks: a job of their own that runs the real code and writes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from dashboard.errors import NotFound, WrongState
from dashboard.jobs.context import JobContext
from dashboard.jobs.counts import Counts, frozen
from dashboard.jobs.drafts import add_job, start, stored_file
from dashboard.jobs.failure_list import Cause, causes
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.registry import Kind
from dashboard.models.job import Job
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User

MOST_SAMPLES = 50


class Sample(NamedTuple):
    """One changed cell: row number, the record's key as text, field, old and new value as text."""

    row: int
    key: str
    field: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What an import would do; `causes` are of the rows that would fail."""

    counts: Counts
    samples: list[Sample]
    causes: list[Cause]


def check(context: JobContext, session: Session, job_id: int, user: User | None) -> Job:
    """A check of a draft, or of any import job, with its file and options as they are now.

    Its `origin_id` is that job. Raises NotFound (no job, or its file is gone), WrongState.
    """
    origin = session.get(Job, job_id, populate_existing=True)
    if origin is None:
        raise NotFound(f"There is no job {job_id}.")
    if origin.kind != Kind.IMPORT or origin.purpose != "run":
        raise WrongState(f"Job {job_id} is no import; only imports can be checked.")
    return add_check(
        context,
        session,
        origin.type,
        stored_file(context, session, origin),
        user=user,
        options=origin.options,
        chunk_rows=origin.chunk_rows,
        origin_id=origin.id,
    )


def add_check(
    context: JobContext, session: Session, type: str, stored: StoredFile, **values: Any
) -> Job:
    """A check job in line; `values` as `drafts.add_job` takes them."""
    options = {name: v for name, v in (values.pop("options") or {}).items() if name != "check"}
    job = add_job(context, session, type, stored, options=options, purpose="check", **values)
    start(context, session, job, held=False)
    session.refresh(job)
    return job


def check_result(connection: Connection, job: Job) -> CheckResult:
    """Of a check job that ended. Samples come from the chunks' notes, in the order of the file."""
    notes = select(CHUNK.c.notes).where(CHUNK.c.job_id == job.id).order_by(CHUNK.c.number)
    samples: list[Sample] = []
    for noted in connection.execution_options(stream_results=True).scalars(notes):
        samples += samples_of(noted or {})
        if len(samples) >= MOST_SAMPLES:
            break
    return CheckResult(frozen(job), samples[:MOST_SAMPLES], causes(connection, job.id))


def samples_of(notes: Mapping[str, Any]) -> list[Sample]:
    """One for each changed cell of a chunk's noted records (records/merging.py says their form)."""
    return [
        Sample(noted["row"], ", ".join(str(v) for v in noted["key"].values()), field, old, new)
        for noted in notes.get("samples", ())
        for field, (old, new) in noted["changes"].items()
    ]
