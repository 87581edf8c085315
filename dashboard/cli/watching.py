"""Following a job from the command line: a progress bar on stderr until the job ends."""

import sys
import time
from types import TracebackType
from typing import Self

from tqdm import tqdm

from dashboard.jobs.actions import fetch
from dashboard.jobs.context import JobContext
from dashboard.jobs.runner import Runner
from dashboard.jobs.sweeper import Sweeper
from dashboard.jobs.tracker import sums
from dashboard.models.columns import AnyRow
from dashboard.models.states import FINAL, JobStatus

POLL_SECONDS = 0.2
STOPPED = (*FINAL, JobStatus.PAUSED)


class Bar:
    """Rows processed, of how many, how fast; silent when not asked for."""

    def __init__(self, *, shown: bool) -> None:
        self._bar = tqdm(
            disable=not shown, unit=" rows", unit_scale=True, file=sys.stderr, mininterval=0.1
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def show(self, job: AnyRow, counts: dict[str, int]) -> None:
        self._bar.total = job.total
        self._bar.set_description(str(job.status), refresh=False)
        self._bar.set_postfix(failed=counts["failed"], refresh=False)
        self._bar.n = counts["processed"]
        self._bar.refresh()


def watch(context: JobContext, job_id: int, bar: Bar) -> AnyRow:
    """Poll until the job ends or is paused."""
    while True:
        job = look(context, job_id, bar)
        if job.status in STOPPED:
            return job
        time.sleep(POLL_SECONDS)


def look(context: JobContext, job_id: int, bar: Bar) -> AnyRow:
    with context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        job = fetch(connection, job_id)
        bar.show(job, sums(connection, job_id))
    return job


def run_inline(context: JobContext, job_id: int, bar: Bar) -> AnyRow:
    """The same chunk code in this process; a consumer may help, none is needed."""
    runner, sweeper = Runner(context), Sweeper(context)
    runner.heartbeat.start()
    try:
        while True:
            runner.prepare(job_id)
            while runner.run_one(job_id):
                look(context, job_id, bar)
            runner.rest(job_id)
            job = look(context, job_id, bar)
            if job.status in STOPPED:
                return job
            sweeper.run_once()  # a delayed retry is due, or a helper died
            time.sleep(POLL_SECONDS)
    finally:
        runner.heartbeat.stop()
