"""A source that is read for long looks whether somebody paused or cancelled its job."""

import time

from sqlalchemy import select

from dashboard.jobs.context import JobContext
from dashboard.jobs.transitions import JOB
from dashboard.jobs.whole_job import Stopped
from dashboard.models.states import JobStatus

LOOK_EVERY = 0.5


class Watch:
    """Called at any rate; looks twice a second at most. Raises Stopped."""

    def __init__(self, context: JobContext, job_uuid: str) -> None:
        self.context, self.job_uuid = context, job_uuid
        self._looked = time.monotonic()

    def __call__(self) -> None:
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked = time.monotonic()
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            status = connection.scalar(select(JOB.c.status).where(JOB.c.uuid == self.job_uuid))
        if status != JobStatus.PREPARING:
            raise Stopped(f"The job is {status}.")
