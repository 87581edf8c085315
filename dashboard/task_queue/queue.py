"""The Huey queues: wake-up hints only. The row is the truth (I2): a lost one costs only time."""

import logging
from collections.abc import Callable
from typing import Any

from huey import Huey, MemoryHuey, PostgresHuey, PriorityRedisHuey, SqliteHuey
from huey.serializer import SignedSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session

from dashboard.settings import Settings

Handler = Callable[[int], None]
JOBS, EVENTS = "jobs", "events"

log = logging.getLogger("jobengine.queue")


def make_huey(url: str, name: str, secret: str) -> Huey:
    """One Huey from a URL; messages are signed, since Huey unpickles what it dequeues."""
    options: dict[str, Any] = {
        "name": f"jobengine-{name}",
        "results": False,
        "serializer": SignedSerializer(secret=secret),
    }
    if url.startswith(("redis:", "rediss:")):
        return PriorityRedisHuey(url=url, **options)
    if url.startswith("postgresql"):
        return PostgresHuey(dsn=url.replace("postgresql+psycopg", "postgresql", 1), **options)
    if url.startswith("memory:"):
        return MemoryHuey(immediate=False, **options)
    path = url.removeprefix("sqlite:///").removeprefix("file:")
    return SqliteHuey(filename=path, timeout=30, **options)


class TaskQueue:
    """Sends and receives hints by name. `jobs` feeds worker processes, `events` threads."""

    def __init__(self, settings: Settings) -> None:
        self.handlers: dict[str, Handler] = {}
        self.jobs = make_huey(settings.queue_url, JOBS, settings.secret_key)
        self.events = make_huey(settings.queue_url, EVENTS, settings.secret_key)
        self._send = {
            JOBS: self.jobs.task(name="handle")(self.handle),
            EVENTS: self.events.task(name="handle")(self.handle),
        }

    def register(self, name: str, handler: Handler) -> None:
        self.handlers[name] = handler

    def handle(self, name: str, object_id: int) -> None:
        """What a consumer runs for one message."""
        log.debug("message", extra={"name_": name, "object_id": object_id})
        self.handlers[name](object_id)

    def wake(self, name: str, object_id: int, *, queue: str = JOBS, delay: float = 0) -> None:
        """Send a hint now. A queue that is down only delays: the sweeper sends again."""
        try:
            if delay:
                self._send[queue].schedule((name, object_id), delay=delay)
            else:
                self._send[queue](name, object_id)
        except Exception:
            log.exception("hint not sent: %s %s", name, object_id)

    def wake_after_commit(
        self, session: Session, name: str, object_id: int, times: int = 1
    ) -> None:
        """Send a hint once the row it speaks of can be seen."""

        def send(_session: Session) -> None:
            for _ in range(times):
                self.wake(name, object_id)

        event.listen(session, "after_commit", send, once=True)
