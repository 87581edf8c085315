"""Queues the demo's imports, once per database."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.audit.entries import record
from dashboard.demo.data import write_files
from dashboard.jobs.context import JobContext
from dashboard.jobs.dispatcher import dispatch, store_upload
from dashboard.models.audit import AuditEntry
from dashboard.models.job import Job
from dashboard.models.user import User

MARKER = "demo.queued"


def queue_demo(context: JobContext, session: Session, user: User) -> list[Job]:
    """Write the demo's files and queue their imports, each after the one it refers to.

    In the caller's transaction, with an audit entry as the marker; none when the marker is there.
    """
    paths = write_files(context.settings.instance / "demo")
    if session.scalar(select(AuditEntry.id).where(AuditEntry.action == MARKER).limit(1)):
        return []
    jobs: list[Job] = []
    for name, path in paths.items():
        with path.open("rb") as stream:
            stored = store_upload(context, session, stream, path.name, user)
        before = jobs[-1] if jobs else None
        jobs.append(dispatch(context, session, name, stored, user=user, after=before))
    record(session, "shell", MARKER, "database", "app", "", jobs=[job.id for job in jobs])
    return jobs
