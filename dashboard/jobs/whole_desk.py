"""What is lent to a whole job while it runs: its parts as chunk rows, written under its lease."""

import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update

from dashboard.jobs.context import JobContext
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.transitions import JOB, move
from dashboard.jobs.whole_job import Stopped
from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow, UtcDateTime
from dashboard.models.states import ChunkState, JobStatus
from dashboard.settings import Settings
from dashboard.storage.store import PARTS, Store

S = JobStatus
CHECK_SECONDS = 0.5
NOTE_SECONDS = 0.05
GOING_ON = (S.PREPARING, S.ACTIVE)
READ = {"sqlite_begin": "DEFERRED"}


def folder_of(job: AnyRow) -> str:
    """Of the job's present generation: every claim begins one."""
    return f"{PARTS}/{job.uuid}/{job.round}-{job.attempt}"


class EngineDesk:
    """Every write names the lease: what a worker that lost it still does, is undone."""

    def __init__(self, context: JobContext, job: AnyRow) -> None:
        self.context, self.job = context, job
        self.published = False
        self._checked = self._noted = 0.0
        self._made: dict[int, int] = {}
        # Parts are settled by several threads; an engine in a test may have but one connection.
        self._lock = threading.Lock()

    @property
    def store(self) -> Store:
        return self.context.store

    @property
    def target(self) -> Engine:
        return self.context.target

    @property
    def settings(self) -> Settings:
        return self.context.settings

    @property
    def folder(self) -> str:
        return folder_of(self.job)

    def publish(self, layout: Mapping[str, Any], rows_of_parts: Sequence[int]) -> None:
        total = sum(rows_of_parts)
        with self._lock, self.context.chunks.begin() as connection:
            values = {"layout": dict(layout), "total": total, "processed": 0}
            values["not_processed"] = total
            held = connection.execute(update(JOB).where(*self.mine()).values(**values))
            if not held.rowcount:
                raise Stopped
            self.write_parts(connection, rows_of_parts)
            # A job paused or cancelled meanwhile keeps that state; the next check stops it.
            move(connection, self.job.id, S.ACTIVE, expected=(S.PREPARING,))
        self.published = True

    def write_parts(self, connection: Connection, rows_of_parts: Sequence[int]) -> None:
        """In place of those of an earlier generation."""
        connection.execute(delete(CHUNK).where(CHUNK.c.job_id == self.job.id))
        rows, first = [], 1
        for number, count in enumerate(rows_of_parts, 1):
            rows.append(
                {
                    "job_id": self.job.id,
                    "number": number,
                    "round": self.job.round,
                    "state": ChunkState.PENDING,
                    "offset": 0,
                    "length": 0,
                    "first_row": first,
                    "rows": count,
                    "hints": {},
                }
            )
            first += count
        if rows:
            connection.execute(insert(CHUNK), rows)

    def part_done(self, number: int, rows: int) -> None:
        """Written down some times a second: small parts come faster than a page is looked at."""
        with self._lock:
            self._made[number] = rows
            if time.monotonic() - self._noted < NOTE_SECONDS:
                return
            with self.context.chunks.begin() as connection:
                self._note(connection)

    def note_parts(self, connection: Connection) -> None:
        """What is not written down yet, in a transaction of the caller's. Raises Stopped."""
        with self._lock:
            self._note(connection)

    def _note(self, connection: Connection) -> None:
        """Durable with the end of the job only: a part lost with its mark is made again."""
        held = select(JOB.c.id).where(*self.mine()).with_for_update(read=True)
        if connection.scalar(held) is None:
            raise Stopped
        if self._made:
            moment = now()
            made = [
                {"p_number": number, "p_rows": rows, "p_moment": moment}
                for number, rows in self._made.items()
            ]
            connection.execute(mark_statement(), [{**one, "p_job": self.job.id} for one in made])
        self._made, self._noted = {}, time.monotonic()

    def check(self) -> None:
        moment = time.monotonic()
        if moment - self._checked < CHECK_SECONDS:
            return
        self._checked = moment
        query = select(JOB.c.status).where(*self.mine())
        with self._lock, self.context.app.connect().execution_options(**READ) as connection:
            if connection.scalar(query) not in GOING_ON:
                raise Stopped

    def mine(self) -> tuple[Any, ...]:
        return (JOB.c.id == self.job.id, JOB.c.lease_token == self.job.lease_token)


@cache
def mark_statement() -> Any:
    """Built once: making it anew costs more than running it."""
    return (
        update(CHUNK)
        .where(CHUNK.c.job_id == bindparam("p_job"), CHUNK.c.number == bindparam("p_number"))
        .values(
            state=ChunkState.DONE,
            created=bindparam("p_rows"),
            attempt=1,
            finished_at=bindparam("p_moment", type_=UtcDateTime),
        )
    )
