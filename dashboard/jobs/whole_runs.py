"""Running a whole job: claim → run → end, all under one lease on the job."""

import logging
import traceback
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from dashboard.errors import JobEngineError
from dashboard.events.types import JobRetrying
from dashboard.jobs.context import JobContext
from dashboard.jobs.database_time import database_now
from dashboard.jobs.describing import (
    ATTEMPTS,
    PATIENT_ATTEMPTS,
    backoff,
    describe,
    printable,
    unavailable,
)
from dashboard.jobs.finalising import completed_event, fail_job, finalise, release_followers
from dashboard.jobs.generations import generation
from dashboard.jobs.heartbeat import Heartbeat, InHand
from dashboard.jobs.leases import CHUNK, claim_preparing
from dashboard.jobs.limits import lock_claims
from dashboard.jobs.registry import WHOLE
from dashboard.jobs.tracker import report_progress, sums
from dashboard.jobs.transitions import JOB, making, move
from dashboard.jobs.whole_desk import EngineDesk
from dashboard.jobs.whole_job import Result, Stopped
from dashboard.jobs.work import make_whole_work
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow, table_of
from dashboard.models.states import ChunkState, JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.storage.store import PARTS

log = logging.getLogger("jobengine.jobs")
S = JobStatus
FILE = table_of(StoredFile)
HELD = (S.PREPARING, S.ACTIVE, S.PAUSING, S.CANCELLING)
FREED: dict[str, Any] = {"lease_token": None, "lease_until": None, "lease_holder": None}


class WrongCount(Exception):
    """The rows of the parts and of the file differ: the file is not kept, the job tried again."""


class WholeRuns:
    """`run(job_id)` is a worker's turn on such a job: from the claim to the end."""

    def __init__(self, context: JobContext, holder: str, heartbeat: Heartbeat) -> None:
        self.context, self.holder, self.heartbeat = context, holder, heartbeat

    def run(self, job_id: int) -> None:
        """Nothing when another worker has it, or as many as may make files at once."""
        lease = timedelta(seconds=self.context.settings.lease_seconds)
        with self.context.app.begin() as connection:
            job = None
            if self._has_room(connection, job_id):
                job = claim_preparing(connection, job_id, self.holder, lease)
            if job is None:
                ended = finalise(connection, job_id)
                followers = release_followers(connection, ended) if ended is not None else []
        if job is None:
            self._wake(followers)
            return
        self.heartbeat.hold(InHand(job_id, None, job.lease_token, progresses=True))
        try:
            self._run(job)
        finally:
            self.heartbeat.drop()
            self._pass_on()

    def _run(self, job: AnyRow) -> None:
        desk = EngineDesk(self.context, job)
        try:
            self._clear(job, but=desk.folder)
            with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as reading:
                work = make_whole_work(self.context, reading, job)
            result = work.run(desk)
            followers = self._finish(desk, result)
        except Stopped:
            self._let_go(desk, again=False)
        except JobEngineError as error:
            if error.permanent:
                self._refuse(job, error.code, error.message)
            else:
                self._failed(job, error)
        except Exception as error:
            self._failed(job, error)
        except BaseException:  # the worker is told to stop
            self._let_go(desk, again=True)
            raise
        else:
            self._clear(job)
            self._wake(followers)

    # -- ends --------------------------------------------------------------------------------

    def _finish(self, desk: EngineDesk, result: Result) -> list[int]:
        """The end of the job, or the file goes again. Raises Stopped without the lease."""
        try:
            with self.context.app.begin() as connection:
                return self._complete(connection, desk, result)
        except (Stopped, WrongCount):
            self.context.store.delete(result.file.key)
            raise

    def _complete(self, connection: Connection, desk: EngineDesk, result: Result) -> list[int]:
        """File, counts, state and event appear together."""
        job = desk.job
        if not desk.published:
            desk.write_parts(connection, [result.rows])
            whole = {"state": ChunkState.DONE, "created": result.rows, "finished_at": now()}
            connection.execute(update(CHUNK).where(CHUNK.c.job_id == job.id).values(**whole))
        desk.note_parts(connection)
        report_progress(connection, job.id, last=True)
        counts = sums(connection, job.id)
        if counts["processed"] != result.rows:
            raise WrongCount(f"{counts['processed']} rows in the parts, {result.rows} in the file")
        told = {"name": result.name, "rows": result.rows}
        told |= {"bytes": result.file.bytes, "sha256": result.file.sha256}
        row = move(
            connection,
            job.id,
            S.COMPLETED,
            expected=HELD,
            where=(JOB.c.lease_token == job.lease_token,),
            event=partial(completed_event, file=told),
            output_id=self._add_file(connection, job, result),
            total=result.rows,
            **counts,
            not_processed=0,
            meta={**self._meta(connection, job), **result.meta},
            prepared=True,
            after_round=job.round,
            finished_at=now(),
            **FREED,
        )
        if row is None:
            raise Stopped
        return release_followers(connection, row)

    def _add_file(self, connection: Connection, job: AnyRow, result: Result) -> int:
        days = self.context.registry.get(job.type).keep_days or self.context.settings.export_days
        values = {
            "key": result.file.key,
            "name": result.name[-255:],
            "bytes": result.file.bytes,
            "sha256": result.file.sha256,
            "rows": result.rows,
            "owner_id": job.user_id,
            "created_at": now(),
            "expires_at": now() + timedelta(days=days),
        }
        adding = insert(FILE).values(**values).returning(FILE.c.id)
        return int(connection.execute(adding).scalar_one())

    def _meta(self, connection: Connection, job: AnyRow) -> dict[str, Any]:
        return dict(connection.scalar(select(JOB.c.meta).where(JOB.c.id == job.id)) or {})

    def _refuse(self, job: AnyRow, code: str, message: str, trace: str | None = None) -> None:
        mine = (JOB.c.lease_token == job.lease_token,)
        with self.context.app.begin() as connection:
            row = fail_job(connection, job.id, code, message, stack_trace=trace, where=mine)
            followers = release_followers(connection, row) if row is not None else []
        if row is not None:
            self._clear(job)
        self._wake(followers)

    def _failed(self, job: AnyRow, error: Exception) -> None:
        """Tried again after a growing gap, from the start."""
        trace = printable(traceback.format_exc())
        log.error("job %s failed", job.id, exc_info=error)
        with self.context.app.begin() as connection:
            meta = self._meta(connection, job)
            begun, tries = meta.get("tries") or (job.round, 0)
            tries = tries + 1 if begun == job.round else 1
            if tries < (PATIENT_ATTEMPTS if unavailable(error) else ATTEMPTS):
                at = now() + backoff(tries)
                move(
                    connection,
                    job.id,
                    S.DELAYED,
                    expected=(S.PREPARING, S.ACTIVE),
                    where=(JOB.c.lease_token == job.lease_token,),
                    event=making(JobRetrying, error=describe(error), next_retry_at=at),
                    run_at=at,
                    meta={**meta, "tries": [job.round, tries]},
                )
                self._free(connection, job)
                finalise(connection, job.id)
                return
        code = error.code if isinstance(error, JobEngineError) else "code_error"
        self._refuse(job, code, describe(error), trace)

    def _let_go(self, desk: EngineDesk, *, again: bool) -> None:
        """Paused or cancelled by a person, or this worker is told to stop (`again`).

        Being stopped is no try of its own, but what was made of the file is thrown away.
        """
        job = desk.job
        with self.context.app.begin() as connection:
            mine = (JOB.c.lease_token == job.lease_token,)
            with suppress(Stopped):  # the lease is lost
                desk.note_parts(connection)
            move(connection, job.id, S.INTERRUPTED, expected=(S.PREPARING, S.ACTIVE), where=mine)
            freed = self._free(connection, job)
            ended = finalise(connection, job.id) if freed else None
            followers = release_followers(connection, ended) if ended is not None else []
        if freed:
            self._clear(job)
        self._wake([*followers, job.id] if again else followers)

    def _free(self, connection: Connection, job: AnyRow) -> bool:
        mine = (JOB.c.id == job.id, JOB.c.lease_token == job.lease_token)
        return bool(connection.execute(update(JOB).where(*mine).values(**FREED)).rowcount)

    def _clear(self, job: AnyRow, but: str = "") -> None:
        """Parts of this generation and older ones, never those of one that took the job over; what
        a crash leaves here the sweep removes."""
        try:
            for folder in self.context.store.folders(f"{PARTS}/{job.uuid}"):
                if folder != but and generation(folder) <= (job.round, job.attempt):
                    self.context.store.delete_folder(folder)
        except Exception:
            log.exception("parts of job %s could not be removed; the sweep tries again", job.id)

    # -- room --------------------------------------------------------------------------------

    def _has_room(self, connection: Connection, job_id: int) -> bool:
        """One worker of a host stays free for jobs that are done in turns; a type's own limit
        counts too. By living leases, so that no crash leaves a place taken."""
        lock_claims(connection, "whole jobs")
        name = connection.scalar(select(JOB.c.type).where(JOB.c.id == job_id))
        if name is None:
            return False
        host = self.holder.split("/")[0]
        held = (
            select(func.count())
            .select_from(JOB)
            .where(
                JOB.c.kind.in_(WHOLE),
                JOB.c.status.in_(HELD),
                JOB.c.lease_until >= database_now(connection),
            )
        )
        here = held.where(JOB.c.lease_holder.startswith(f"{host}/", autoescape=True))
        most = max(1, self.context.settings.workers - 1)
        limit = self.context.registry.get(name).limit
        if (connection.scalar(here) or 0) >= most:
            return False
        return not limit or (connection.scalar(held.where(JOB.c.type == name)) or 0) < limit

    def _pass_on(self) -> None:
        """Hints of jobs that found no room are lost: the next one gets a new one."""
        query = (
            select(JOB.c.id)
            .where(
                JOB.c.kind.in_(WHOLE),
                JOB.c.status.in_((S.WAITING, S.INTERRUPTED)),
                or_(JOB.c.lease_until.is_(None), JOB.c.lease_until < now()),
            )
            .order_by(JOB.c.id)
            .limit(1)
        )
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            waiting = connection.scalar(query)
        if waiting is not None:
            self.context.queue.wake("work", waiting)

    def _wake(self, jobs: list[int]) -> None:
        for job_id in jobs:
            self.context.queue.wake("work", job_id)
