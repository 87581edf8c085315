"""A Huey consumer whose children end with it and which can run service loops beside its workers."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from typing import Any

from huey import Huey
from huey.consumer import Consumer, Scheduler, Worker

Loop = Callable[[threading.Event], None]


class EndsWithParent:
    """Stops when its consumer is gone: a killed parent would leave orphans working."""

    def initialize(self) -> None:
        self._parent = os.getppid() if multiprocessing.parent_process() else None
        super().initialize()  # type: ignore[misc]  # mixed into Huey's untyped processes

    def loop(self, now: Any = None) -> None:
        if self._parent is not None and os.getppid() != self._parent:
            self.stop_flag.set()  # type: ignore[attr-defined]  # Huey's attribute
            return
        super().loop(now)  # type: ignore[misc]  # as above


class SafeWorker(EndsWithParent, Worker):  # type: ignore[misc]  # Huey is untyped
    """A worker that ends with its consumer."""


class SafeScheduler(EndsWithParent, Scheduler):  # type: ignore[misc]  # Huey is untyped
    """A scheduler that ends with its consumer."""


class SafeConsumer(Consumer):  # type: ignore[misc]  # Huey is untyped
    """Starts `loops` as threads (relay, sweeper) and stops them with itself."""

    worker_class = SafeWorker
    scheduler_class = SafeScheduler
    loops: tuple[Loop, ...] = ()
    preload: Callable[[], None] | None = None

    def start(self) -> None:
        if self.preload is not None:
            self.preload()
        super().start()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=loop, args=(self._stopping,), daemon=True, name=loop.__name__)
            for loop in self.loops
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, graceful: bool = False) -> None:
        self._stopping.set()
        super().stop(graceful)
        for thread in self._threads:
            thread.join(timeout=5)


def install_consumer(huey: Huey, *loops: Loop, preload: Callable[[], None] | None = None) -> None:
    """Make the stock `huey_consumer` script start ours; `preload` runs before workers fork."""

    def create(**options: Any) -> SafeConsumer:
        consumer = SafeConsumer(huey, **options)
        consumer.loops = loops
        consumer.preload = preload
        return consumer

    huey.create_consumer = create
