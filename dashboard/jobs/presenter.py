"""What a person is shown of a job: words, outcomes, pace and chunks, on pages and sockets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from dashboard.jobs.budget import WAIVED
from dashboard.jobs.chunk_map import MOST_CELLS, ChunkMap, cells_query, chunk_map
from dashboard.jobs.counts import BAR, Counts, counts_of, frozen
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.pace import NO_PACE, Pace, clock_text, pace_of, row_sums
from dashboard.jobs.reading_words import read_as
from dashboard.jobs.registry import WHOLE
from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.states import FINAL, JobStatus

__all__ = [
    "ACTS", "BAR", "MOST_CELLS", "PURPOSES", "STATUSES", "Counts", "JobView", "Pace", "Status",
    "clock_text", "frozen", "status_of", "view", "views",
]  # fmt: skip

S = JobStatus


class Status(NamedTuple):
    """The word, its tone (run, ok, warn, bad, idle) and its icon; colour never stands alone."""

    word: str
    tone: str
    icon: str


STATUSES: Mapping[JobStatus, Status] = {
    S.DRAFT: Status("Draft", "idle", "pencil"),
    S.WAITING: Status("Waiting", "idle", "clock"),
    S.DELAYED: Status("Delayed", "idle", "hourglass"),
    S.PREPARING: Status("Preparing", "run", "loader"),
    S.ACTIVE: Status("Active", "run", "player-play"),
    S.PAUSING: Status("Pausing", "idle", "player-pause"),
    S.PAUSED: Status("Paused", "idle", "player-pause"),
    S.CANCELLING: Status("Cancelling", "idle", "ban"),
    S.INTERRUPTED: Status("Interrupted", "warn", "plug-connected-x"),
    S.COMPLETED: Status("Completed", "ok", "circle-check"),
    S.FAILED: Status("Failed", "bad", "circle-x"),
    S.CANCELLED: Status("Cancelled", "idle", "ban"),
}


IN_WORK = frozenset({S.PREPARING, S.ACTIVE, S.INTERRUPTED})
ACTS: Mapping[str, frozenset[JobStatus]] = {
    "pause": IN_WORK | {S.WAITING},
    "resume": frozenset({S.PAUSED}),
    "cancellation": IN_WORK | {S.WAITING, S.DELAYED, S.PAUSED, S.PAUSING},
    "retry": frozenset({S.COMPLETED, S.FAILED}),
    "force": frozenset({S.PREPARING, S.ACTIVE, S.INTERRUPTED, S.PAUSING, S.CANCELLING}),
    "rerun": FINAL,
    "undo": FINAL,
}
PURPOSES = {"run": "Run", "check": "Check", "undo": "Undo"}


def status_of(job: Job) -> Status:
    """Green only with nothing failed and nothing left (I4)."""
    if job.status == S.COMPLETED and job.failed:
        return Status(f"{job.failed:,} failed", "warn", "alert-triangle")
    if job.status == S.COMPLETED and job.not_processed:
        return Status(f"{job.not_processed:,} not processed", "warn", "alert-triangle")
    return STATUSES[S(job.status)]


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its page and its row in a list show it."""

    job: Job
    counts: Counts
    chunks: ChunkMap | None = None
    pace: Pace = NO_PACE

    @property
    def status(self) -> Status:
        return status_of(self.job)

    @property
    def read_as(self) -> str:
        return read_as(self.job.layout)

    @property
    def final(self) -> bool:
        return self.job.final

    @property
    def acts(self) -> frozenset[str]:
        """What its state allows; the engine has the last word."""
        able = {"retry": self.retryable, "undo": self.undoable, "rerun": self.job.purpose == "run"}
        return frozenset(
            act for act, states in ACTS.items() if self.job.status in states and able.get(act, True)
        )

    @property
    def whole(self) -> bool:
        """Does it make one file (an export, a report)?"""
        return self.job.kind in WHOLE

    @property
    def file_name(self) -> str:
        """Of the file it reads, or has made; "" when there is none (yet)."""
        file = self.job.file or self.job.output
        return file.name if file else ""

    @property
    def purpose(self) -> str:
        """Run, Check or Undo."""
        return PURPOSES[self.job.purpose or "run"]

    @property
    def undoable(self) -> bool:
        """As far as its row tells; `undoing.undo_refusal` knows of undos already made."""
        until, wrote = self.job.undo_until, self.counts.created or self.counts.updated
        undone = "undone_by" in (self.job.meta or {})
        return bool(until and until > now() and wrote and not undone)

    @property
    def over_budget(self) -> str | None:
        """Why it paused by itself, as a sentence; resuming means "continue anyway"."""
        paused = self.job.status in (S.PAUSED, S.PAUSING)
        return self.job.error_message if paused and self.job.error_code in WAIVED else None

    @property
    def retryable(self) -> bool:
        return bool(self.counts.failed or self.job.status == S.FAILED)

    @property
    def percent(self) -> int | None:
        """Floor, and 100 only when nothing is left; None while the rows are not known."""
        if self.counts.total is None:
            return None
        if not self.counts.total:
            return 100 if self.final else 0
        return 100 * self.counts.processed // self.counts.total

    @property
    def seconds(self) -> float | None:
        """How long the round has run, or took."""
        if self.job.started_at is None:
            return None
        return ((self.job.finished_at or now()) - self.job.started_at).total_seconds()

    @property
    def waited(self) -> float | None:
        if self.job.enqueued_at is None:
            return None
        return ((self.job.started_at or now()) - self.job.enqueued_at).total_seconds()

    @property
    def average(self) -> float | None:
        """Rows a second over the whole round, preparing included."""
        return self.counts.processed / self.seconds if self.seconds else None

    @property
    def spoken(self) -> str:
        """One sentence for those who listen."""
        if self.final or self.percent is None:
            return f"{self.status.word}."
        left = f", {self.pace.left} left" if self.pace.left else ""
        return f"{self.percent} percent{left}, {self.counts.failed:,} rows failed."


def view(connection: Connection, job: Job) -> JobView:
    """With counts, chunk map and pace as they are now: two small queries."""
    count = connection.scalar(select(func.max(CHUNK.c.number)).where(CHUNK.c.job_id == job.id))
    if not count:
        return JobView(job, frozen(job))
    per_cell = -(-count // MOST_CELLS)
    rows = connection.execute(cells_query(job.id, per_cell)).all()
    counts = counts_of(job, *rows)
    pace = NO_PACE if job.status != S.ACTIVE else pace_of(job, counts, rows)
    return JobView(job, counts, chunk_map(rows, per_cell), pace)


def views(connection: Connection, jobs: Sequence[Job]) -> list[JobView]:
    """Rows of a list: one query for all whose counts are not frozen yet."""
    moving = [job.id for job in jobs if job.prepared and not job.final]
    found = {row.job_id: row for row in connection.execute(sums_query(moving))} if moving else {}
    return [list_view(job, found.get(job.id)) for job in jobs]


def list_view(job: Job, row: Any) -> JobView:
    if row is None:
        return JobView(job, frozen(job))
    counts = counts_of(job, row)
    pace = pace_of(job, counts, [row]) if job.status == S.ACTIVE else NO_PACE
    return JobView(job, counts, None, pace)


def sums_query(job_ids: Sequence[int]) -> Any:
    return (
        select(CHUNK.c.job_id, *row_sums())
        .where(CHUNK.c.job_id.in_(job_ids))
        .group_by(CHUNK.c.job_id)
    )
