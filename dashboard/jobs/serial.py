"""The one JSON form of a job: REST, sockets, webhooks, CLI and events share it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dashboard.lib.clock import now
from dashboard.models.columns import AnyRow
from dashboard.models.job import Job
from dashboard.models.states import JobStatus, RestState, rest_state
from dashboard.models.stored_file import StoredFile

COUNTS = ("created", "updated", "unchanged", "skipped", "failed", "not_processed")


def milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def progress(processed: int, total: int | None, status: str) -> int:
    """floor(100 · processed / total); 100 only when completed."""
    if status == JobStatus.COMPLETED:
        return 100
    if not total:
        return 0
    return min(99, 100 * processed // total)


def snapshot(row: AnyRow | Job) -> dict[str, Any]:
    """The job as an event carries it."""
    return {
        "id": row.id,
        "uuid": row.uuid,
        "type": row.type,
        "kind": row.kind,
        "purpose": row.purpose,
        "status": str(row.status),
        "state": str(rest_state(JobStatus(row.status))),
        "round": row.round,
        "total": row.total,
        "processed": row.processed,
        "counts": {name: getattr(row, name) for name in COUNTS},
        "error": row.error_message,
    }


def event_basis(row: AnyRow | Job) -> dict[str, Any]:
    """What every event about this job carries."""
    return {
        "run_id": row.uuid,
        "type": row.type,
        "kind": row.kind,
        "user_id": row.user_id,
        "attempt": row.attempt,
        "round": row.round,
        "timestamp": now(),
        "job": snapshot(row),
    }


def cli_body(row: AnyRow | Job) -> dict[str, Any]:
    """The object `--json` prints: `seconds` from started to completed. A mirror adds the figures it
    noted (`deleted`, …)."""
    seconds = None
    if row.started_at and row.finished_at:
        seconds = (row.finished_at - row.started_at).total_seconds()
    speed = round(row.processed / seconds, 1) if seconds else None
    return {
        "id": row.id,
        "type": row.type,
        "kind": row.kind,
        "purpose": row.purpose,
        "status": str(row.status),
        "total": row.total,
        "processed": row.processed,
        **{name: getattr(row, name) for name in COUNTS},
        **((row.meta or {}).get("figures") or {}),
        "seconds": seconds,
        "rows_per_second": speed,
        "error": row.error_message,
    }


def rest_body(
    row: AnyRow | Job,
    counts: Mapping[str, int | None] | None = None,
    file: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A job as REST shows it (mission/004 and our additions); every key is always there.

    `counts` are the sums of this moment, by the names of COUNTS; left out, those of the row, which
    stand still once a round has ended. `file` is its output, if it has one. Times in ms.
    """
    state = rest_state(JobStatus(row.status))
    known = rest_counts(row, counts)
    processed = (row.total or 0) - (known["notProcessed"] or 0)
    return {
        "id": str(row.id),
        "name": row.type,
        "state": str(state),
        "progress": progress(processed, row.total, row.status),
        "result": result(known, file) if state is RestState.COMPLETED else None,
        "failedReason": row.error_message if state is RestState.FAILED else None,
        "timestamp": {
            "created": milliseconds(row.created_at),
            "started": milliseconds(row.started_at),
            "finished": milliseconds(row.finished_at),
        },
        "status": str(row.status),
        "type": row.type,
        "kind": row.kind,
        "purpose": row.purpose,
        "counts": known,
    }


def rest_counts(
    row: AnyRow | Job, counts: Mapping[str, int | None] | None = None
) -> dict[str, int | None]:
    """With `total`, null until the rows are counted; `notProcessed` is what the others leave."""
    if counts is None:
        counts = {name: getattr(row, name) for name in COUNTS}
    found = {name: counts[name] or 0 for name in COUNTS if name != "not_processed"}
    left = None if row.total is None else row.total - sum(found.values())
    return {"total": row.total, **found, "notProcessed": left}


def file_body(file: StoredFile, url: str) -> dict[str, Any]:
    """The file a job made; `url` is where it is fetched."""
    return {
        "name": file.name,
        "bytes": file.bytes,
        "rows": file.rows,
        "sha256": file.sha256,
        "url": url,
    }


def result(counts: Mapping[str, int | None], file: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a completed job came to: the same in REST, sockets and webhooks."""
    return {"counts": dict(counts), "file": None if file is None else dict(file)}
