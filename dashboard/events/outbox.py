"""Writing events in the transaction of their fact."""

from sqlalchemy import Connection, insert

from dashboard.events.types import JobEvent
from dashboard.models.outbox import OutboxEvent


def write(connection: Connection, job_id: int, event: JobEvent) -> None:
    connection.execute(
        insert(OutboxEvent).values(
            name=type(event).__name__,
            version=event.version,
            job_id=job_id,
            payload=event.payload(),
            created_at=event.timestamp,
        )
    )
