"""The leased step before any chunk: read the whole input once, cut it, publish the chunks."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, delete, insert, select, update

from dashboard.jobs.budget import WAIVED
from dashboard.jobs.chunk_job import Asks, BaseChunkJob, Plan
from dashboard.jobs.context import JobContext
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.transitions import JOB, fetch, move
from dashboard.jobs.undoing import undo_plan
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState, JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.storage.store import Store

S = JobStatus


FORMS = "forms"
FORM_LIMIT = 1 << 42


class StoredForms:
    """The job's upload, and the store as the place for its forms."""

    def __init__(self, store: Store, key: str, name: str) -> None:
        self.store, self.key, self.name = store, key, name

    @contextmanager
    def local_path(self) -> Iterator[Path]:
        path = self.store.local_path(self.key)
        if path is not None:
            yield path
            return
        with tempfile.NamedTemporaryFile(prefix="jobengine-upload-") as copy:
            with self.store.open(self.key) as stream:
                shutil.copyfileobj(stream, copy)
            copy.flush()
            yield Path(copy.name)

    def keep(self, pieces: Iterable[bytes]) -> str:
        return self.store.put(pieces, folder=FORMS, limit=FORM_LIMIT).key

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        return self.store.open(key)


def make_plan(context: JobContext, job: AnyRow, work: BaseChunkJob) -> Plan:
    """Raises FileRefused or NotFound; writes nothing but the file's form. A job without a file
    (a sync) fetches its rows itself."""
    with context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        if job.purpose == "undo":
            return undo_plan(connection, job.origin_id)
        query = select(StoredFile.key, StoredFile.name).where(StoredFile.id == job.file_id)
        key, name = connection.execute(query).one_or_none() or ("", "")
    work.forms = StoredForms(context.store, key, name)
    if job.file_id is None:
        return work.plan(None)
    with context.store.open(key) as stream:
        return work.plan(stream)


def publish_plan(connection: Connection, job: AnyRow, plan: Plan) -> bool:
    """Write the chunks and open the job for workers; False when the lease was lost meanwhile."""
    held = connection.execute(
        update(JOB)
        .where(JOB.c.id == job.id, JOB.c.lease_token == job.lease_token)
        .values(
            prepared=True,
            # Deaths over the file say nothing of what follows.
            deaths=0,
            total=plan.rows,
            not_processed=plan.rows,
            layout=dict(plan.layout),
            lease_token=None,
            lease_until=None,
            lease_holder=None,
        )
    )
    if not held.rowcount:
        return False
    connection.execute(delete(CHUNK).where(CHUNK.c.job_id == job.id))
    if plan.chunks:
        connection.execute(
            insert(CHUNK), [chunk_row(job, n, c) for n, c in enumerate(plan.chunks, 1)]
        )
    # A job paused or cancelled meanwhile keeps that state; finalising stops it there.
    if plan.asks is None or not ask(connection, job, plan.asks):
        move(connection, job.id, S.ACTIVE, expected=(S.PREPARING,))
    return True


def ask(connection: Connection, job: AnyRow, asks: Asks) -> bool:
    """Pause before the first chunk until a person resumes; False when one did already.

    Somebody may have paused it meanwhile: then, too, resuming has to be an answer to the question.
    """
    meta = fetch(connection, job.id).meta
    if meta.get(WAIVED[asks.code]):
        return False
    told = {"actor": None, "reason": asks.reason, asks.code: dict(asks.figures)}
    values: dict[str, Any] = {"error_code": asks.code, "error_message": asks.reason}
    values["meta"] = {**meta, **told}
    if move(connection, job.id, S.PAUSING, expected=(S.PREPARING,), **values) is None:
        pausing = (JOB.c.id == job.id, JOB.c.status == S.PAUSING)
        connection.execute(update(JOB).where(*pausing).values(**values))
    return True


def chunk_row(job: AnyRow, number: int, planned: Any) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "number": number,
        "round": job.round,
        "state": ChunkState.PENDING,
        "offset": planned.offset,
        "length": planned.length,
        "first_row": planned.first_row,
        "rows": planned.rows,
        "hints": dict(planned.hints),
    }
