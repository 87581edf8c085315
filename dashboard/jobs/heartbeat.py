"""One thread a worker process: renews the lease in hand, reports progress, is seen."""

import logging
import threading
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, insert, update

from dashboard.jobs.context import JobContext
from dashboard.jobs.leases import renew_chunk, renew_preparing
from dashboard.jobs.tracker import report_progress
from dashboard.lib.clock import now
from dashboard.models.columns import table_of
from dashboard.models.worker import Worker

log = logging.getLogger("jobengine.jobs")
WORKER = table_of(Worker)
TICK = 1.0
SEEN_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class InHand:
    """What this worker holds; `chunk_id` None while it prepares or makes a whole file, of which
    then parts are done (`progresses`)."""

    job_id: int
    chunk_id: int | None
    token: str
    progresses: bool = False


class Heartbeat:
    """Start it in the process that works; `hold` and `drop` tell it what to renew."""

    def __init__(self, context: JobContext, holder: str, queue: str = "jobs") -> None:
        self.context = context
        self.holder = holder
        self.queue = queue
        self._in_hand: InHand | None = None
        self._renewed = self._seen = now() - timedelta(days=1)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._loop, daemon=True, name="heartbeat")
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def hold(self, in_hand: InHand) -> None:
        self._renewed = now()
        self._in_hand = in_hand

    def drop(self) -> None:
        self._in_hand = None

    def _loop(self) -> None:
        while not self._stop.wait(TICK):
            try:
                self.run_once()
            except Exception:
                log.exception("heartbeat failed; it goes on")

    def run_once(self) -> None:
        in_hand, moment = self._in_hand, now()
        lease = timedelta(seconds=self.context.settings.lease_seconds)
        if in_hand is not None and moment - self._renewed >= lease / 5:
            with self.context.app.begin() as connection:
                self._renew(connection, in_hand, lease)
            self._renewed = moment
        if in_hand is not None and (in_hand.chunk_id is not None or in_hand.progresses):
            with self.context.app.begin() as connection:
                report_progress(connection, in_hand.job_id)
        if moment - self._seen >= SEEN_EVERY:
            self.say_up(in_hand.job_id if in_hand else None)
            self._seen = moment

    def _renew(self, connection: Connection, in_hand: InHand, lease: timedelta) -> None:
        if in_hand.chunk_id is None:
            renew_preparing(connection, in_hand.job_id, in_hand.token, lease)
        else:
            renew_chunk(connection, in_hand.chunk_id, in_hand.token, lease)

    def say_up(self, job_id: int | None = None) -> None:
        """Renew this worker's row, made when it is not there yet."""
        host, _, pid, *_ = self.holder.split("/")
        with self.context.app.begin() as connection:
            seen = connection.execute(
                update(WORKER)
                .where(WORKER.c.holder == self.holder)
                .values(seen_at=now(), job_id=job_id)
            )
            if not seen.rowcount:
                values = {"holder": self.holder, "queue": self.queue, "host": host, "pid": int(pid)}
                connection.execute(insert(WORKER).values(started_at=now(), seen_at=now(), **values))
