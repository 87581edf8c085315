"""How fast a job goes, and the range its end lies in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func

from dashboard.jobs.counts import Counts
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.tracker import OUTCOMES
from dashboard.lib.clock import now
from dashboard.models.job import Job

PACE_WINDOW = timedelta(seconds=30)


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


NO_PACE = Pace()


def row_sums() -> list[Any]:
    """Rows by outcome, rows settled lately, and when the first chunk began."""
    recent = CHUNK.c.finished_at > now() - PACE_WINDOW
    return [
        *(func.sum(CHUNK.c[name]).label(name) for name in OUTCOMES),
        func.sum(case((recent, CHUNK.c.rows), else_=0)).label("recent"),
        func.min(CHUNK.c.started_at).label("started_at"),
    ]


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
