"""Parts of whole jobs: a folder a generation, `parts/<job uuid>/<round>-<attempt>`.

Every claim begins a generation, so the folders of earlier ones are nobody's; nor are those of a job
nobody holds.
"""

from datetime import timedelta

from sqlalchemy import Connection, select

from dashboard.jobs.context import JobContext
from dashboard.jobs.transitions import JOB
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.states import FINAL
from dashboard.storage.store import PARTS, Store

Generation = tuple[int, int]


def remove_parts(context: JobContext, *, older_than: timedelta) -> int:
    """How many folders went. `older_than`: of jobs this database does not know.

    The folders are listed before the job is looked at: what a worker begins meanwhile is not among
    them.
    """
    removed = 0
    for job_folder in context.store.folders(PARTS):
        folders = context.store.folders(job_folder)
        with context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            job = job_of(connection, job_folder)
        for folder in folders:
            if nobodys(job, folder) if job else is_old(context.store, folder, older_than):
                context.store.delete_folder(folder)
                removed += 1
    return removed


def job_of(connection: Connection, job_folder: str) -> AnyRow | None:
    query = select(JOB.c.status, JOB.c.round, JOB.c.attempt, JOB.c.lease_token)
    uuid = job_folder.rsplit("/", 1)[-1]
    return connection.execute(query.where(JOB.c.uuid == uuid)).one_or_none()


def nobodys(job: AnyRow, folder: str) -> bool:
    """Not of a worker's hand: the job ended, no one holds it, or a later claim has begun anew."""
    if job.status in FINAL or job.lease_token is None:
        return True
    return generation(folder) < (job.round, job.attempt)


def generation(folder: str) -> Generation:
    """(round, attempt); a name that is none is older than all."""
    round_, _, attempt = folder.rsplit("/", 1)[-1].partition("-")
    return (int(round_), int(attempt)) if round_.isdigit() and attempt.isdigit() else (0, 0)


def is_old(store: Store, folder: str, age: timedelta) -> bool:
    return all(at < now() - age for _, at in store.keys(folder))
