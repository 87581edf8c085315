"""What the engine works with, made once a process (after a fork)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Engine, make_url

from dashboard.extensions import make_engine
from dashboard.jobs.registry import JobRegistry
from dashboard.settings import Settings
from dashboard.storage.store import Store
from dashboard.task_queue.queue import TaskQueue

Wake = Callable[..., None]
# A server that is gone without a word is given up: whoever waits for it may hold a lock of ours.
# In seconds, the last in milliseconds.
ALIVE = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


@dataclass
class JobContext:
    """Settings, registry, queue and, opened when first used, the store and the databases.

    `app` holds jobs, `target` the business records; they are one engine when the URLs are equal.
    `chunks` writes chunks: in one shared database a chunk lost with its settle simply runs again,
    so it need not wait for the disk (`synchronous_commit = off`).
    """

    settings: Settings
    registry: JobRegistry
    queue: TaskQueue

    @cached_property
    def app(self) -> Engine:
        return make_engine(self.settings.database_url, **pool(self.settings.database_url))

    @cached_property
    def target(self) -> Engine:
        if self.settings.same_database:
            return self.chunks
        url = self.settings.target_database_url
        return make_engine(url, **pool(url))

    @cached_property
    def chunks(self) -> Engine:
        url = self.settings.database_url
        options = pool(url)
        if self.settings.same_database and url.startswith("postgresql"):
            own = make_url(url).query.get("options", "")
            options["connect_args"]["options"] = f"{own} -c synchronous_commit=off"
        return make_engine(url, **options)

    @cached_property
    def store(self) -> Store:
        return Store(self.settings.storage_url)

    def after_fork(self) -> None:
        """Forget what a parent opened; its sockets and file locks are not ours."""
        for name in ("app", "target", "chunks", "store"):
            opened = self.__dict__.pop(name, None)
            if isinstance(opened, Engine):
                opened.dispose(close=False)

    def close(self) -> None:
        for name in ("app", "target", "chunks"):
            opened = self.__dict__.pop(name, None)
            if isinstance(opened, Engine):
                opened.dispose()


def pool(url: str) -> dict[str, Any]:
    """A worker needs one connection to write and one for its heartbeat."""
    if url.startswith("sqlite"):
        return {}
    sizes = {"pool_size": 2, "max_overflow": 3, "pool_pre_ping": False}
    return {**sizes, "connect_args": dict(ALIVE)}
