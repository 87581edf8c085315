"""The one function that changes a status: compare-and-set, its event in the same transaction."""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Connection, select, update

from dashboard.errors import NotFound, WrongState
from dashboard.events import outbox
from dashboard.events.types import JobEvent
from dashboard.jobs.serial import event_basis
from dashboard.models.columns import AnyRow, table_of
from dashboard.models.job import Job
from dashboard.models.states import EDGES, JobStatus

JOB = table_of(Job)
EventMaker = Callable[[AnyRow], JobEvent]


def move(
    connection: Connection,
    job_id: int,
    to: JobStatus,
    *,
    expected: Iterable[JobStatus],
    where: Iterable[Any] = (),
    event: EventMaker | None = None,
    **values: Any,
) -> AnyRow | None:
    """The job's row after the change, or None when it was not in an expected state.

    An expected state with no edge to `to` is a mistake in our code and raises.
    """
    expected = tuple(expected)
    for status in expected:
        if (status, to) not in EDGES:
            raise WrongState(f"There is no edge from {status} to {to}.", code="no_such_edge")
    statement = (
        update(JOB)
        .where(JOB.c.id == job_id, JOB.c.status.in_(expected), *where)
        .values(status=to, **values)
        .returning(*JOB.c)
    )
    row = connection.execute(statement).one_or_none()
    if row is not None and event is not None:
        outbox.write(connection, job_id, event(row))
    return row


def fetch(connection: Connection, job_id: int) -> AnyRow:
    """The job's row as it is now; raises NotFound."""
    job = connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one_or_none()
    if job is None:
        raise NotFound(f"There is no job {job_id}.")
    return job


def states_before(to: JobStatus) -> tuple[JobStatus, ...]:
    """Every state with an edge to `to`."""
    return tuple(source for source, target in EDGES if target is to)


def emit(connection: Connection, row: AnyRow, kind: type[JobEvent], **extra: Any) -> None:
    """Write an event about a job row that did not change its status."""
    outbox.write(connection, row.id, kind(**event_basis(row), **extra))


def making(kind: type[JobEvent], **extra: Any) -> EventMaker:
    """An event maker for `move`, for events whose extras are known beforehand."""
    return lambda row: kind(**event_basis(row), **extra)
