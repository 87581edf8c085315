"""LogJobEvent: every event of a job's life as one structured log line."""

import structlog

from dashboard.events.types import JobEvent, JobFailed

log = structlog.get_logger("jobengine.jobs")


def log_job_event(event: JobEvent) -> None:
    failed = isinstance(event, JobFailed)
    write = log.error if failed else log.info
    write(
        type(event).__name__,
        job_id=event.job.get("id"),
        run_id=event.run_id,
        type=event.type,
        kind=event.kind,
        user_id=event.user_id,
        round=event.round,
        status=event.job.get("status"),
        error=event.error_message if isinstance(event, JobFailed) else None,
    )
