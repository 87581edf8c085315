"""Parts made by several threads, each with a reader of the one moment, handed over in order."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import suppress
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from dashboard.errors import JobEngineError
from dashboard.exporters.key_ranges import KeyRange
from dashboard.exporters.snapshot import Reader, Snapshot
from dashboard.jobs.whole_job import Desk, Stopped
from dashboard.lib.clock import now

# A database keeps every record version of the moment for as long as it is read.
OLDEST = timedelta(hours=6)
LOOK_SECONDS = 0.25

Made = TypeVar("Made")
# Hands over what it makes of a range, once: when it is made, or before, while it still comes.
Make = Callable[[Reader, KeyRange, Callable[[Made], None]], None]


class SnapshotTooOld(JobEngineError):
    """The export reads from one moment for longer than the database should keep it."""

    code = "snapshot_too_old"
    status = 422


def watched(desk: Desk, reader: Reader, work: "Callable[[], Made]") -> Made:
    """What `work` asks of the reader, given up as soon as the job is to stop. Raises Stopped."""
    with ThreadPoolExecutor(1, "export-plan") as thread:
        future = thread.submit(work)
        try:
            while not future.done():
                desk.check()
                wait_for([future], LOOK_SECONDS)
        except BaseException:
            with suppress(Exception):
                reader.cancel()
            raise
    return future.result()


class PartsMaker:
    """`in_order` yields what `make` hands over for each range, the first range's first.

    `ahead` is how many parts may be under way at once, until the next one is asked for; None: any
    number (they lie in the store).
    """

    def __init__(
        self, desk: Desk, snapshot: Snapshot, ranges: Sequence[KeyRange], ahead: int | None = None
    ) -> None:
        self.desk, self.snapshot, self.ranges = desk, snapshot, ranges
        self._room = threading.Semaphore(len(ranges) if ahead is None else ahead)
        self._waiting: SimpleQueue[tuple[KeyRange, Future[Any]]] = SimpleQueue()
        self._errors: list[BaseException] = []
        self._stop = threading.Event()

    def in_order(self, make: "Make[Made]") -> Generator[Made, None, None]:
        """Raises what a thread raised first, or Stopped; no thread is left then. Close it."""
        made: deque[Future[Made]] = deque(Future() for _ in self.ranges)
        for pair in zip(self.ranges, made, strict=True):
            self._waiting.put(pair)
        readers = self.snapshot.readers[: len(self.ranges)]
        with ThreadPoolExecutor(len(readers), "export") as threads:
            for reader in readers:
                threads.submit(self._work, reader, make)
            try:
                while made:
                    # No future is kept: it would keep what was made.
                    yield self._result(made.popleft())
                    self._room.release()
            except BaseException:
                self._cancel(readers)
                raise

    def look(self) -> None:
        """Between blocks, in any thread. Raises Stopped, SnapshotTooOld, or what stopped it."""
        if self._errors:
            raise self._errors[0]
        if self._stop.is_set():
            raise Stopped
        self.desk.check()
        age = now() - self.snapshot.at
        if age > OLDEST:
            hours = OLDEST.total_seconds() / 3600
            raise SnapshotTooOld(
                f"The export has read from one moment for {hours:.0f} hours, the longest allowed:"
                " the database keeps all that was changed since. Export less by filters."
            )

    def _work(self, reader: Reader, make: "Make[Made]") -> None:
        while True:
            self._room.acquire()
            try:
                part, future = self._waiting.get_nowait()
            except Empty:
                self._room.release()  # for the other threads, to see the same
                return
            if self._stop.is_set():
                return
            try:
                make(reader, part, future.set_result)
            except BaseException as error:  # handed to the thread that waits
                self._errors.append(error)
                self._stop.set()
                return
            del future

    def _result(self, future: "Future[Made]") -> Made:
        while not future.done():
            self.look()
            wait_for([future], LOOK_SECONDS)
        return future.result()

    def _cancel(self, readers: Sequence[Reader]) -> None:
        """What is still being read is given up: a server may not answer for long."""
        self._stop.set()
        for _ in readers:
            self._room.release()
        for reader in {*readers, self.snapshot.planner}:
            with suppress(Exception):
                reader.cancel()
