"""Workers that have said lately that they are up."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.lib.clock import now
from dashboard.models.worker import Worker

# They say it every five seconds; three silences in a row mean that one is gone.
SILENT = timedelta(seconds=16)
QUEUE = "jobs"


def workers_up(session: Session) -> Sequence[Worker]:
    query = (
        select(Worker)
        .where(Worker.queue == QUEUE, Worker.seen_at > now() - SILENT)
        .order_by(Worker.host, Worker.started_at, Worker.pid)
    )
    return session.scalars(query).all()
