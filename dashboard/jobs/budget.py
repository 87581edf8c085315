"""The error budget: a job with too many failed rows pauses by itself and asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, exists, select

from dashboard.jobs.leases import CHUNK
from dashboard.jobs.registry import JobType
from dashboard.jobs.tracker import sums
from dashboard.jobs.transitions import JOB, move
from dashboard.models.columns import AnyRow
from dashboard.models.states import ChunkState, JobStatus

S = JobStatus
CODE = "error_budget"
# What a job may ask when it pauses by itself, and the mark in its meta once a person let it go on.
WAIVED = {CODE: "budget_waived", "mass_deletion": "deletion_waived"}
WORKING = (S.ACTIVE, S.INTERRUPTED)
# A share of fewer rows says little.
LEAST_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Budget:
    """At most this many failed rows, at most this share (percent) of the processed ones."""

    rows: int | None
    percent: float | None

    def broken(self, failed: int, processed: int, total: int | None) -> str | None:
        """The reason as a sentence; None while it holds."""
        said = f"{failed:,} of {processed:,} rows failed"
        if self.rows is not None and failed > self.rows:
            return f"{said}; the job pauses beyond {self.rows:,}."
        judged = processed >= LEAST_ROWS or processed == total
        if self.percent is not None and judged and failed * 100 > self.percent * processed:
            share = 100 * failed / processed
            return f"{said} ({share:.1f} %); the job pauses beyond {self.percent:g} %."
        return None


def budget_of(job_type: JobType, options: Mapping[str, Any]) -> Budget | None:
    """The job's own options before those of its type; None when neither sets one."""
    rows = options.get("mostFailedRows", job_type.most_failed_rows)
    percent = options.get("mostFailedPercent", job_type.most_failed_percent)
    return None if rows is None and percent is None else Budget(rows, percent)


def watch(connection: Connection, job_id: int, budget: Budget) -> AnyRow | None:
    """Pause an active job that is over its budget; the row if this call did it.

    In a transaction of its own after a settle. Repeating it changes nothing: whoever looks after a
    crash finds the same sums. A job that a person let go on is never paused for this again.
    """
    query = select(*JOB.c).where(JOB.c.id == job_id).with_for_update()
    job = connection.execute(query).one()
    if job.status not in WORKING or job.meta.get("budget_waived"):
        return None
    counts = sums(connection, job_id)
    reason = budget.broken(counts["failed"], counts["processed"], job.total)
    if reason is None:
        return None
    told = {"rows": budget.rows, "percent": budget.percent, "failed": counts["failed"]}
    pending = exists().where(CHUNK.c.job_id == job_id, CHUNK.c.state == ChunkState.PENDING)
    return move(
        connection,
        job_id,
        S.PAUSING,
        expected=WORKING,
        where=(pending,),
        meta={**job.meta, "actor": None, "reason": reason, "budget": told},
        error_code=CODE,
        error_message=reason,
    )


def waived(job: AnyRow) -> dict[str, Any]:
    """Values for a resume: what a job asked when it paused is asked once."""
    if job.error_code not in WAIVED:
        return {}
    return {
        "meta": {**job.meta, WAIVED[job.error_code]: True},
        "error_code": None,
        "error_message": None,
    }
