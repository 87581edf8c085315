"""A part's tables on their way from the thread that reads them to the one that writes the file."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from dashboard.exporters.making_parts import LOOK_SECONDS

FLOW_BYTES = 16 << 20


class Flow:
    """Holds FLOW_BYTES and one table more at most, however large the part is: who reads waits.

    `look` is called from time to time while a side waits for the other, and raises what ends that.
    """

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._changed = threading.Condition()
        self._tables: deque[Any] = deque()
        self._bytes = 0
        self._ended = False

    def fill(self, tables: Iterable[Any]) -> None:
        """All of the part, once. The flow does not end if this raises: `look` has to tell."""
        for table in tables:
            with self._changed:
                self._wait_until(lambda: self._bytes < FLOW_BYTES)
                self._tables.append(table)
                self._bytes += table.nbytes
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Any]:
        while (table := self._next()) is not None:
            yield table

    def _next(self) -> Any:
        with self._changed:
            self._wait_until(lambda: bool(self._tables) or self._ended)
            if not self._tables:
                return None
            table = self._tables.popleft()
            self._bytes -= table.nbytes
            self._changed.notify_all()
            return table

    def _wait_until(self, so: Callable[[], bool]) -> None:
        while not self._changed.wait_for(so, LOOK_SECONDS):
            self._look()
