"""kill -9 of running consumers at seeded random moments, and how soon work is taken up again."""

import random
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from bench.engine import Engine
from bench.services import BenchFailed, wait_for
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.transitions import JOB
from dashboard.models.columns import AnyRow
from dashboard.models.states import FINAL, ChunkState

TAKEN_UP_WITHIN = 60.0
LAST_KILL_AT = 0.9


@dataclass(frozen=True, slots=True)
class Kill:
    """Seconds from the restart until work was taken up (claim of a chunk or of the preparing)."""

    number: int
    status: str
    rows_done: int
    events_too: bool
    taken_up: float


class Killing:
    """One job, killed again and again while it runs."""

    def __init__(self, engine: Engine, seed: int, kills: int, quiet_seconds: float) -> None:
        self.engine = engine
        # So short that the job cannot end before its last kill.
        self.longest_wait = quiet_seconds / kills / 2
        self.random = random.Random(seed)
        marks = [self.random.random() * LAST_KILL_AT for _ in range(kills - 1)]
        # The first kill comes at any moment after the dispatch: most often while preparing.
        self.marks = [-1.0, *sorted(marks)]

    def run(self, job_id: int) -> tuple[AnyRow, list[Kill]]:
        kills = [self._kill(job_id, number, mark) for number, mark in enumerate(self.marks, 1)]
        return self.engine.finish(job_id), kills

    def _kill(self, job_id: int, number: int, mark: float) -> Kill:
        """Wait until the share of rows is reached and a moment longer; kill; start again."""
        wait_for(lambda: self._share(job_id) >= mark, 300, f"rows before kill {number}")
        time.sleep(self.random.uniform(0, self.longest_wait))
        both = self.random.random() < 0.5
        victims = self.engine.services if both else [self.engine.jobs]
        for service in victims:
            service.kill()
        job, done = self.engine.job(job_id), self._done(job_id)
        if job.status in FINAL:
            raise BenchFailed(f"the job ended before kill {number}; use more --rows")
        restarted = datetime.now(UTC)
        for service in victims:
            service.start()
        wait_for(
            lambda: self._taken_up(job_id, job, restarted),
            TAKEN_UP_WITHIN,
            f"taking up after kill {number} (job was {job.status})",
            self.engine.services,
        )
        seconds = (datetime.now(UTC) - restarted).total_seconds()
        print(f"  kill {number:>2}: {job.status}, {done:,} rows done; up after {seconds:.1f} s")
        return Kill(number, job.status, done, both, round(seconds, 2))

    def _query(self, query: Any) -> Any:
        with self.engine.context.app.connect().execution_options(
            sqlite_begin="DEFERRED"
        ) as connection:
            return connection.scalar(query)

    def _done(self, job_id: int) -> int:
        done = select(func.coalesce(func.sum(CHUNK.c.rows), 0))
        where = (CHUNK.c.job_id == job_id, CHUNK.c.state == ChunkState.DONE)
        return int(self._query(done.where(*where)))

    def _share(self, job_id: int) -> float:
        total = self._query(select(JOB.c.total).where(JOB.c.id == job_id))
        return self._done(job_id) / total if total else -1.0

    def _taken_up(self, job_id: int, before: AnyRow, restarted: datetime) -> bool:
        """A chunk claimed since, the preparing claimed again, or the end reached."""
        newest = self._query(select(func.max(CHUNK.c.started_at)).where(CHUNK.c.job_id == job_id))
        if newest is not None and newest >= restarted:
            return True
        job = self.engine.job(job_id)
        return job.status in FINAL or (not before.prepared and job.attempt > before.attempt)
