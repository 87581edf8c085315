"""Job and chunk states, and the one table of edges between job states."""

from enum import StrEnum


class JobStatus(StrEnum):
    DRAFT = "draft"
    WAITING = "waiting"
    DELAYED = "delayed"
    PREPARING = "preparing"
    ACTIVE = "active"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    INTERRUPTED = "interrupted"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ChunkState(StrEnum):
    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


class RestState(StrEnum):
    """The five states REST shows."""

    WAITING = "waiting"
    DELAYED = "delayed"
    ACTIVE = "active"
    COMPLETED = "completed"
    FAILED = "failed"


S = JobStatus

FINAL = frozenset({S.COMPLETED, S.FAILED, S.CANCELLED})
RUNNING = frozenset({S.PREPARING, S.ACTIVE, S.INTERRUPTED})
LIVE = frozenset(set(S) - FINAL - {S.DRAFT})

EDGES: dict[tuple[JobStatus, JobStatus], str] = {
    (S.DRAFT, S.WAITING): "a person starts the job",
    (S.DRAFT, S.DELAYED): "a person starts it for a later time, or after another job",
    (S.DRAFT, S.CANCELLED): "a draft is thrown away or expires",
    (S.WAITING, S.DELAYED): "the job it follows has not ended, or its time has not come",
    (S.WAITING, S.PREPARING): "a worker claims it for the first time",
    (S.WAITING, S.ACTIVE): "a round that needs no preparing is claimed",
    (S.WAITING, S.PAUSED): "paused before any worker came",
    (S.WAITING, S.CANCELLED): "cancelled before any worker came",
    (S.WAITING, S.FAILED): "it can never run: its type or its file is gone",
    (S.DELAYED, S.WAITING): "its time has come, or the job it follows completed",
    (S.DELAYED, S.CANCELLED): "cancelled, or the job it follows did not complete",
    (S.PREPARING, S.ACTIVE): "the file is cut, its chunks can be claimed",
    (S.PREPARING, S.INTERRUPTED): "the preparing worker stopped",
    (S.PREPARING, S.DELAYED): "preparing failed for a passing reason and is tried again",
    (S.PREPARING, S.FAILED): "the file is refused, or preparing failed for good",
    (S.PREPARING, S.PAUSING): "a person pauses it",
    (S.PREPARING, S.CANCELLING): "a person cancels it",
    (S.PREPARING, S.COMPLETED): "nothing to do: the plan holds no chunk",
    (S.ACTIVE, S.COMPLETED): "no chunk is open and none failed",
    (S.ACTIVE, S.FAILED): "no chunk is open and one failed for good",
    (S.ACTIVE, S.PAUSING): "a person pauses it",
    (S.ACTIVE, S.CANCELLING): "a person cancels it",
    (S.ACTIVE, S.INTERRUPTED): "its last worker stopped",
    (S.ACTIVE, S.DELAYED): "making its file failed for a passing reason and is tried again",
    (S.INTERRUPTED, S.PREPARING): "a worker takes the preparing up again",
    (S.INTERRUPTED, S.ACTIVE): "a worker takes a chunk up again",
    (S.INTERRUPTED, S.PAUSING): "a person pauses it",
    (S.INTERRUPTED, S.CANCELLING): "a person cancels it",
    (S.INTERRUPTED, S.COMPLETED): "its last chunk had settled before the worker stopped",
    (S.INTERRUPTED, S.FAILED): "its last chunk had failed before the worker stopped",
    (S.PAUSING, S.PAUSED): "no chunk is in a worker's hands any more",
    (S.PAUSING, S.CANCELLING): "a person cancels it",
    (S.PAUSING, S.COMPLETED): "the chunks in hand were the last",
    (
        S.PAUSING,
        S.FAILED,
    ): "the last chunk in hand failed, or the file is refused",
    (S.PAUSED, S.WAITING): "a person resumes it",
    (S.PAUSED, S.CANCELLED): "a person cancels it",
    (S.CANCELLING, S.CANCELLED): "no chunk is in a worker's hands any more",
    (S.CANCELLING, S.COMPLETED): "the chunks in hand were the last",
    (S.CANCELLING, S.FAILED): "the file is refused, or the last chunk in hand failed",
    (S.FAILED, S.WAITING): "retried: the next round",
    (S.COMPLETED, S.WAITING): "its failed rows are tried again: the next round",
}


def rest_state(status: JobStatus) -> RestState:
    if status in (S.DRAFT, S.WAITING, S.PAUSED):
        return RestState.WAITING
    if status is S.DELAYED:
        return RestState.DELAYED
    if status is S.COMPLETED:
        return RestState.COMPLETED
    if status in (S.FAILED, S.CANCELLED):
        return RestState.FAILED
    return RestState.ACTIVE
