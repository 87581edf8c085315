"""The events of a job's life. Names, versions and payloads are a contract: see docs/events.md."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """What every event carries; `job` is a snapshot of the row as it was at that moment."""

    version: ClassVar[int] = 1

    run_id: str
    type: str
    kind: str
    user_id: int | None
    attempt: int
    round: int
    timestamp: datetime
    job: dict[str, Any] = field(default_factory=dict)

    def payload(self) -> dict[str, Any]:
        body = asdict(self)
        for name, value in body.items():
            if isinstance(value, datetime):
                body[name] = value.isoformat()
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEnqueued(JobEvent):
    """The job entered waiting or delayed."""

    input: dict[str, Any]
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStarted(JobEvent):
    """The first claim of a round."""

    input: dict[str, Any]
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgressed(JobEvent):
    """At most one a second a job."""

    processed: int
    total: int | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRetrying(JobEvent):
    """A chunk or the job will be tried again."""

    error: str
    next_retry_at: datetime | None
    chunk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailed(JobEvent):
    """A chunk error (`chunk` set), or the end of the job (`chunk` null)."""

    error_message: str
    stack_trace: str | None
    will_retry: bool
    next_retry_at: datetime | None = None
    chunk: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCompleted(JobEvent):
    """Once a round; `duration` in seconds."""

    duration: float
    output: dict[str, Any]
    succeeded_count: int
    failed_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobPaused(JobEvent):
    actor: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResumed(JobEvent):
    actor: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobCancelled(JobEvent):
    actor: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportUndone(JobEvent):
    """An undo completed. Told of the import; `undo_job_id` is the job that reversed it."""

    actor: str | None
    reason: str | None
    undo_job_id: int
    reversed_count: int
    kept_count: int
    failed_count: int


EVENT_TYPES: dict[str, type[JobEvent]] = {
    event.__name__: event
    for event in (
        JobEnqueued,
        JobStarted,
        JobProgressed,
        JobRetrying,
        JobFailed,
        JobCompleted,
        JobPaused,
        JobResumed,
        JobCancelled,
        ImportUndone,
    )
}


def from_payload(name: str, payload: dict[str, Any]) -> JobEvent:
    """Rebuild an event from the outbox; unknown keys of a newer version are ignored."""
    kind = EVENT_TYPES[name]
    values = {f.name: payload[f.name] for f in fields(kind) if f.name in payload}
    for name_ in ("timestamp", "next_retry_at"):
        if isinstance(values.get(name_), str):
            values[name_] = datetime.fromisoformat(values[name_])
    return kind(**values)
