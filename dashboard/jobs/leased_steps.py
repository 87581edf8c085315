"""What a worker does under a lease on the whole job: preparing it, and the `after` hook."""

import logging
import traceback
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, update

from dashboard.errors import JobEngineError
from dashboard.events.types import JobRetrying
from dashboard.jobs.context import JobContext
from dashboard.jobs.describing import ATTEMPTS, backoff, describe, describe_hook, printable
from dashboard.jobs.finalising import fail_job, finalise, release_followers
from dashboard.jobs.heartbeat import Heartbeat, InHand
from dashboard.jobs.leases import claim_after, claim_preparing, settle_after
from dashboard.jobs.preparing import make_plan, publish_plan
from dashboard.jobs.tracker import report_progress
from dashboard.jobs.transitions import JOB, making, move
from dashboard.jobs.whole_job import Stopped
from dashboard.jobs.work import Works
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.states import JobStatus

log = logging.getLogger("jobengine.jobs")


class LeasedSteps:
    """Each claims the job, does its work while the heartbeat renews the lease, and settles."""

    def __init__(
        self, context: JobContext, holder: str, heartbeat: Heartbeat, works: Works
    ) -> None:
        self.context, self.holder, self.heartbeat, self.works = context, holder, heartbeat, works

    @property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.context.settings.lease_seconds)

    def after(self, job_id: int) -> None:
        """The type's `after` hook, once a round, before the round ends."""
        with self.context.app.begin() as connection:
            job = claim_after(connection, job_id, self.holder, self.lease)
        if job is None:
            return
        self.heartbeat.hold(InHand(job_id, None, job.lease_token))
        try:
            if job.purpose != "check":
                with self.context.target.connect() as connection, connection.begin():
                    self.works.of(job).after(connection)
        except Exception as error:
            log.error("the after hook of job %s failed", job_id, exc_info=error)
            self._refuse(
                job, "after_failed", describe_hook(error), printable(traceback.format_exc())
            )
        else:
            with self.context.app.begin() as connection:
                if settle_after(connection, job):
                    report_progress(connection, job_id, last=True)
        finally:
            self.heartbeat.drop()

    def prepare(self, job_id: int) -> None:
        with self.context.app.begin() as connection:
            job = claim_preparing(connection, job_id, self.holder, self.lease)
        if job is None:
            return
        self.heartbeat.hold(InHand(job_id, None, job.lease_token))
        try:
            self._prepare(job)
        except Stopped:
            self._let_go(job)
        except JobEngineError as error:
            # A source that is down now may answer later.
            if error.permanent or not self._try_again(job, error):
                self._refuse(job, error.code, error.message)
        except Exception as error:
            self._prepare_failed(job, error)
        except BaseException:
            self._let_go(job)
            raise
        finally:
            self.heartbeat.drop()

    def _prepare(self, job: AnyRow) -> None:
        work = self.works.of(job)
        plan = make_plan(self.context, job, work)
        if job.purpose != "check":  # its hooks may write
            with self.context.target.connect() as connection, connection.begin():
                work.before(connection)
        with self.context.app.begin() as connection:
            published = publish_plan(connection, job, plan)
            if plan.asks is not None:
                finalise(connection, job.id)
        if published:
            self._call_others(job, len(plan.chunks))

    def _call_others(self, job: AnyRow, chunks: int) -> None:
        """Hints for the other workers; this one goes on with the job by itself."""
        limit = self.context.registry.get(job.type).limit or self.context.settings.workers
        for _ in range(min(self.context.settings.workers, limit, chunks) - 1):
            self.context.queue.wake("work", job.id)

    def _refuse(self, job: AnyRow, code: str, message: str, trace: str | None = None) -> None:
        """The job ends with a plain message."""
        mine = (JOB.c.lease_token == job.lease_token,)
        with self.context.app.begin() as connection:
            row = fail_job(connection, job.id, code, message, stack_trace=trace, where=mine)
            followers = release_followers(connection, row) if row is not None else []
        for follower in followers:
            self.context.queue.wake("work", follower)

    def _prepare_failed(self, job: AnyRow, error: Exception) -> None:
        trace = printable(traceback.format_exc())
        log.error("preparing job %s failed", job.id, exc_info=error)
        if not self._try_again(job, error):
            self._refuse(job, "preparing_failed", describe(error), trace)

    def _try_again(self, job: AnyRow, error: Exception) -> bool:
        """After a growing gap; False when the attempts are used up."""
        if job.attempt >= ATTEMPTS:
            return False
        at = now() + backoff(job.attempt)
        event = making(JobRetrying, error=describe(error), next_retry_at=at)
        with self.context.app.begin() as connection:
            give_back(connection, job, JobStatus.DELAYED, event=event, run_at=at)
            finalise(connection, job.id)
        return True

    def _let_go(self, job: AnyRow) -> None:
        """Told to stop while preparing: another worker may begin at once."""
        with self.context.app.begin() as connection:
            give_back(connection, job, JobStatus.INTERRUPTED)
            finalise(connection, job.id)
        self.context.queue.wake("work", job.id)


def give_back(connection: Connection, job: AnyRow, to: JobStatus, **values: Any) -> None:
    """End the preparing lease; a job paused or cancelled meanwhile keeps that state."""
    freed: dict[str, Any] = {"lease_token": None, "lease_until": None, "lease_holder": None}
    mine = JOB.c.lease_token == job.lease_token
    expected = (JobStatus.PREPARING,)
    if move(connection, job.id, to, expected=expected, where=(mine,), **values, **freed) is None:
        connection.execute(update(JOB).where(JOB.c.id == job.id, mine).values(**freed))
