"""A job's class made ready, and its chunks as that class gets them."""

from typing import Any

from sqlalchemy import Connection, select

from dashboard.jobs.chunk_job import BaseChunkJob, Chunk, PlannedChunk
from dashboard.jobs.context import JobContext
from dashboard.jobs.corrections import corrections
from dashboard.jobs.registry import UNDO_JOBS, load_path
from dashboard.jobs.transitions import JOB
from dashboard.jobs.undoing import origin_chunk
from dashboard.jobs.whole_job import BaseWholeJob
from dashboard.models.columns import AnyRow
from dashboard.models.stored_file import StoredFile

READ = {"sqlite_begin": "DEFERRED"}


def make_work(context: JobContext, connection: Connection, job: AnyRow) -> BaseChunkJob:
    """The job's class with all it is told about this job."""
    job_type = context.registry.get(job.type)
    options = {"chunkRows": job.chunk_rows, **job.options}
    path = UNDO_JOBS[job_type.kind] if job.purpose == "undo" else job_type.job
    work: BaseChunkJob = load_path(path)(job_type, options, context.target.connect)
    work.purpose, work.uuid, work.context = job.purpose, job.uuid, context
    if job.origin_id is not None:
        work.origin_uuid = connection.scalar(select(JOB.c.uuid).where(JOB.c.id == job.origin_id))
    return work


def make_whole_work(context: JobContext, connection: Connection, job: AnyRow) -> BaseWholeJob:
    job_type = context.registry.get(job.type)
    path: Any = load_path(job_type.job)
    work: BaseWholeJob = path(job_type, dict(job.options), context.target.connect)
    work.purpose, work.uuid = job.purpose, job.uuid
    if job.origin_id is not None:
        work.origin_uuid = connection.scalar(select(JOB.c.uuid).where(JOB.c.id == job.origin_id))
    return work


def file_key(connection: Connection, job: AnyRow) -> str:
    """Where the job's file lies in the store; "" when it has none."""
    query = select(StoredFile.key).where(StoredFile.id == job.file_id)
    return connection.scalar(query) or ""


def load_chunk(
    context: JobContext, connection: Connection, job: AnyRow, chunk: AnyRow, key: str
) -> Chunk:
    """A chunk with its bytes, what people corrected in it, and (in an undo) its origin.

    `key` is the job's file; chunks of a form say so themselves. Raises NotFound.
    """
    hints: dict[str, Any] = chunk.hints
    planned = PlannedChunk(chunk.offset, chunk.length, chunk.first_row, chunk.rows, hints)
    place = hints.get("form") or job.layout.get("form") or key
    extra: dict[str, Any] = {}
    if "origin_chunk" in hints:
        origin_id, extra["origin"] = origin_chunk(connection, hints["origin_chunk"])
        extra["corrections"] = corrections(connection, origin_id, hints["origin_chunk"])
    if "again" in hints:
        extra["only_rows"] = frozenset(hints["again"])
        extra.setdefault("corrections", corrections(connection, job.id, chunk.id))
    # An empty one (a mirror's deletions) lies nowhere.
    data = context.store.read(place, chunk.offset, chunk.length) if chunk.length else b""
    return Chunk(chunk.number, data, planned, job.layout, **extra)


class Works:
    """The class and file of the job in hand, kept between its chunks: reflection and mapping are
    paid once."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        self._file: tuple[int | None, str] | None = None
        self._work: tuple[tuple[int, int, int], BaseChunkJob] | None = None

    def of(self, job: AnyRow) -> BaseChunkJob:
        key = (job.id, job.round, int(job.prepared))
        if self._work is None or self._work[0] != key:
            with self._reading() as connection:
                self._work = (key, make_work(self.context, connection, job))
        return self._work[1]

    def chunk(self, job: AnyRow, claimed: AnyRow) -> Chunk:
        with self._reading() as connection:
            if self._file is None or self._file[0] != job.file_id:
                self._file = (job.file_id, file_key(connection, job))
            return load_chunk(self.context, connection, job, claimed, self._file[1])

    def _reading(self) -> Connection:
        return self.context.app.connect().execution_options(**READ)
