"""What a person is shown of a job: words, outcomes, pace and chunks, on pages and sockets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, case, func, select

from dashboard.jobs.leases import CHUNK
from dashboard.jobs.tracker import OUTCOMES
from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.states import ChunkState, JobStatus

S = JobStatus
MOST_CELLS = 480
PACE_WINDOW = timedelta(seconds=30)
BAR = 1000


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
}


def status_of(job: Job) -> Status:
    """Green only with nothing failed and nothing left (I4)."""
    if job.status == S.COMPLETED and job.failed:
        return Status(f"{job.failed:,} failed", "warn", "alert-triangle")
    if job.status == S.COMPLETED and job.not_processed:
        return Status(f"{job.not_processed:,} not processed", "warn", "alert-triangle")
    return STATUSES[S(job.status)]


class Segment(NamedTuple):
    """One part of an outcome bar, in thousandths of its width."""

    name: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows by outcome; with `not_processed` they make the rows of the file (I4)."""

    total: int | None
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0

    @property
    def processed(self) -> int:
        return self.created + self.updated + self.unchanged + self.skipped + self.failed

    @property
    def not_processed(self) -> int | None:
        return None if self.total is None else self.total - self.processed

    @property
    def outcomes(self) -> list[tuple[str, str, int | None]]:
        """(name, word, rows), in the one order used everywhere."""
        return [
            ("created", "Created", self.created),
            ("updated", "Updated", self.updated),
            ("unchanged", "Unchanged", self.unchanged),
            ("skipped", "Skipped", self.skipped),
            ("failed", "Failed", self.failed),
            ("left", "Not processed", self.not_processed),
        ]

    @property
    def sentence(self) -> str:
        return ", ".join(f"{rows or 0:,} {word.lower()}" for _, word, rows in self.outcomes)

    def segments(self, least: float = 5.0, gap: float = 2.0) -> list[Segment]:
        """What is there is seen: no part is narrower than `least`, the widest pays for it."""
        parts = [(name, rows) for name, _, rows in self.outcomes if rows]
        if not parts or not self.total:
            return []
        room = BAR - gap * (len(parts) - 1)
        widths = [max(least, room * rows / self.total) for _, rows in parts]
        widths[widths.index(max(widths))] -= sum(widths) - room
        found, x = [], 0.0
        for (name, _), width in zip(parts, widths, strict=True):
            found.append(Segment(name, round(x, 1), round(width, 1)))
            x += width + gap
        return found


class Cell(NamedTuple):
    """One or several neighbouring chunks on the map."""

    state: str
    failed_rows: int


@dataclass(frozen=True, slots=True)
class ChunkMap:
    """At most MOST_CELLS cells however many chunks; counts are in chunks."""

    cells: list[Cell]
    per_cell: int
    done: int
    leased: int
    retry: int
    pending: int
    failed: int

    @property
    def total(self) -> int:
        return self.done + self.leased + self.retry + self.pending + self.failed

    @property
    def legend(self) -> list[tuple[str, str, int]]:
        parts = [
            ("done", "Done", self.done),
            ("leased", "In work", self.leased),
            ("retry", "Waits to retry", self.retry),
            ("pending", "Pending", self.pending),
            ("failed", "Failed", self.failed),
        ]
        return [part for part in parts if part[2]]

    @property
    def sentence(self) -> str:
        return ", ".join(f"{count:,} {word.lower()}" for _, word, count in self.legend)


@dataclass(frozen=True, slots=True)
class Pace:
    """Rows a second over the last 30 s, and the seconds left as a range."""

    rate: float | None = None
    least_left: float | None = None
    most_left: float | None = None

    @property
    def left(self) -> str | None:
        if self.least_left is None or self.most_left is None:
            return None
        if self.most_left < 1.5:
            return "about 1 s"
        if self.most_left < 90:
            return f"{self.least_left:.0f}–{self.most_left:.0f} s"
        return f"{clock_text(self.least_left)}–{clock_text(self.most_left)} min"


def clock_text(seconds: float) -> str:
    whole = int(seconds)
    if whole >= 20:
        whole -= whole % 5
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as its page and its row in a list show it."""

    job: Job
    counts: Counts
    chunks: ChunkMap | None = None
    pace: Pace = Pace()

    @property
    def status(self) -> Status:
        return status_of(self.job)

    @property
    def final(self) -> bool:
        return self.job.final

    @property
    def acts(self) -> frozenset[str]:
        """What its state allows; the engine has the last word."""
        return frozenset(act for act, states in ACTS.items() if self.job.status in states) - (
            frozenset() if self.retryable else {"retry"}
        )

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
    counts = Counts(job.total, *(int(sum(getattr(row, name) for row in rows)) for name in OUTCOMES))
    pace = Pace() if job.status != S.ACTIVE else pace_of(job, counts, rows)
    return JobView(job, counts, chunk_map(rows, per_cell), pace)


def views(connection: Connection, jobs: Sequence[Job]) -> list[JobView]:
    """Rows of a list: one query for all whose counts are not frozen yet."""
    moving = [job.id for job in jobs if job.prepared and not job.final]
    found = {row.job_id: row for row in connection.execute(sums_query(moving))} if moving else {}
    return [list_view(job, found.get(job.id)) for job in jobs]


def list_view(job: Job, row: Any) -> JobView:
    if row is None:
        return JobView(job, frozen(job))
    counts = Counts(job.total, *(int(getattr(row, name)) for name in OUTCOMES))
    pace = pace_of(job, counts, [row]) if job.status == S.ACTIVE else Pace()
    return JobView(job, counts, None, pace)


def sums_query(job_ids: Sequence[int]) -> Any:
    return (
        select(CHUNK.c.job_id, *sums()).where(CHUNK.c.job_id.in_(job_ids)).group_by(CHUNK.c.job_id)
    )


def sums() -> list[Any]:
    """Rows by outcome, rows settled lately, and when the first chunk began."""
    recent = CHUNK.c.finished_at > now() - PACE_WINDOW
    return [
        *(func.sum(CHUNK.c[name]).label(name) for name in OUTCOMES),
        func.sum(case((recent, CHUNK.c.rows), else_=0)).label("recent"),
        func.min(CHUNK.c.started_at).label("started_at"),
    ]


def frozen(job: Job) -> Counts:
    """The counts kept on the row: true once a round has ended."""
    return Counts(job.total, job.created, job.updated, job.unchanged, job.skipped, job.failed)


def cells_query(job_id: int, per_cell: int) -> Any:
    """One row per cell of the map, holding all sums the page needs."""
    cell = ((CHUNK.c.number - 1) // per_cell).label("cell")

    def chunks(condition: Any) -> Any:
        return func.sum(case((condition, 1), else_=0))

    pending = CHUNK.c.state == ChunkState.PENDING
    return (
        select(
            cell,
            chunks(CHUNK.c.state == ChunkState.DONE).label("done"),
            chunks(CHUNK.c.state == ChunkState.LEASED).label("leased"),
            chunks(pending & (CHUNK.c.attempt > 0)).label("retry"),
            chunks(pending & (CHUNK.c.attempt == 0)).label("pending"),
            chunks(CHUNK.c.state == ChunkState.FAILED).label("stopped"),
            *sums(),
        )
        .where(CHUNK.c.job_id == job_id)
        .group_by(cell)
        .order_by(cell)
    )


def chunk_map(rows: Any, per_cell: int) -> ChunkMap:
    def total(name: str) -> int:
        return int(sum(getattr(row, name) for row in rows))

    cells = [Cell(state_of(row), int(row.failed)) for row in rows]
    states = ("done", "leased", "retry", "pending", "stopped")
    return ChunkMap(cells, per_cell, *map(total, states))


def state_of(row: Any) -> str:
    """The state a person should notice first."""
    for name, state in (("stopped", "failed"), ("retry", "retry"), ("leased", "leased")):
        if getattr(row, name):
            return state
    return "pending" if row.pending else "done"


def pace_of(job: Job, counts: Counts, rows: Any) -> Pace:
    """Two speeds, the last 30 s and the whole round, give the two ends of the range."""
    starts = [row.started_at for row in rows if row.started_at is not None]
    if not starts or not counts.total:
        return Pace()
    moment = now()
    began = max(min(starts), job.started_at or min(starts))
    window = min(PACE_WINDOW.total_seconds(), seconds_since(began, moment))
    recent = sum(row.recent for row in rows) / window if window >= 0.5 else 0
    if not recent:
        return Pace()
    whole = max(counts.processed / max(0.5, seconds_since(began, moment)), recent / 4)
    left = (counts.not_processed or 0) / recent, (counts.not_processed or 0) / whole
    return Pace(recent, min(left) * 0.95, max(left) * 1.1 + 1)


def seconds_since(start: datetime, moment: datetime) -> float:
    return max(0.0, (moment - start).total_seconds())
