"""What the consumers run: workers on the jobs queue, relay and sweeper on the events queue."""

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import Engine

from dashboard.events.listeners import ListenerRegistry
from dashboard.events.relay import Relay
from dashboard.jobs.context import JobContext
from dashboard.jobs.ledger import ensure_ledger
from dashboard.jobs.runner import Runner
from dashboard.jobs.sweeper import Sweeper
from dashboard.records.images import ensure_images
from dashboard.records.loading_sqlite import remove_stages
from dashboard.task_queue.consumer import Loop, install_consumer

log = logging.getLogger("jobengine.queue")
SWEEP_EVERY, RELAY_EVERY, DELETE_EVERY = 2.0, 0.5, 3600.0


def install(
    context: JobContext,
    listeners: ListenerRegistry,
    *loops: Loop,
    tables: Iterable[Callable[[Engine], None]] = (),
) -> tuple[Any, Any]:
    """Register the handlers and hooks; returns the Huey instances of both queues.

    More `loops` run beside the sweeper's. `tables` make what kinds of jobs need in the target.
    """
    process = WorkerProcess(context)
    context.queue.register("work", process.work)
    context.queue.jobs.on_startup()(process.start)
    context.queue.jobs.on_shutdown()(process.stop)
    sweeper, relay = Sweeper(context), Relay(context.app, listeners)
    install_consumer(context.queue.jobs, preload=lambda: preload(context, tables))
    install_consumer(
        context.queue.events,
        every(SWEEP_EVERY, sweeper.run_once, "sweeper"),
        every(RELAY_EVERY, relay.run_once, "relay"),
        every(DELETE_EVERY, sweeper.delete_old, "retention"),
        *loops,
    )
    return context.queue.jobs, context.queue.events


def preload(context: JobContext, tables: Iterable[Callable[[Engine], None]] = ()) -> None:
    """Before workers fork: what would fail in each of them ends the consumer here, named."""
    context.registry.load_all()
    remove_stages()
    context.store.check()
    if not context.settings.same_database:
        ensure_ledger(context.target)
    for ensure in (ensure_images, *tables):
        ensure(context.target)
    context.close()


class WorkerProcess:
    """One forked worker: its runner is made after the fork, its first act is a sweep."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        self._runner: Runner | None = None

    def start(self) -> None:
        self.context.after_fork()
        self._runner = Runner(self.context)
        self._runner.heartbeat.start()
        self._runner.heartbeat.say_up()
        Sweeper(self.context).run_once()

    def stop(self) -> None:
        if self._runner is not None:
            self._runner.heartbeat.stop()
        self.context.close()

    def work(self, job_id: int) -> None:
        if self._runner is None:  # a consumer of another kind, or a test
            self._runner = Runner(self.context)
        self._runner.turn(job_id)


def every(seconds: float, run_once: Callable[[], Any], name: str) -> Callable[..., None]:
    """A loop that outlives its errors, around a `run_once`."""

    def loop(stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                run_once()
            except Exception:
                log.exception("%s failed; it goes on", name)
            stopping.wait(seconds)

    loop.__name__ = name
    return loop
