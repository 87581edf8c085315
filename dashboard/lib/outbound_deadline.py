"""A total deadline from outside: the connection is shut when it passes, whatever it is doing.

A socket's own timeout starts anew with every byte: a server that drips one a second would hold the
caller for as long as it likes.
"""

import socket
import threading
import time

from dashboard.lib.outbound_errors import DeadlinePassed


class Deadline:
    """`seconds` from now on, for all of one call."""

    def __init__(self, seconds: float, site: str) -> None:
        self.seconds, self.site = seconds, site
        self.ends = time.monotonic() + seconds
        self._passed = threading.Event()
        self._timer: threading.Timer | None = None
        self._connection: socket.socket | None = None

    @property
    def passed(self) -> bool:
        return self._passed.is_set() or time.monotonic() >= self.ends

    def left(self, most: float) -> float:
        """Seconds to wait for one step. Raises DeadlinePassed."""
        self.check()
        return min(most, max(self.ends - time.monotonic(), 0.001))

    def check(self) -> None:
        if self.passed:
            raise DeadlinePassed(
                f"{self.site} did not finish its answer within {self.seconds:g} seconds. Try again"
                " later, or ask for less at a time."
            )

    def watch(self, connection: socket.socket) -> None:
        """From now on the connection ends with the deadline."""
        # TLS takes the socket's place over; a second handle reaches the connection all the same.
        self._connection = connection.dup()
        self._timer = threading.Timer(self.ends - time.monotonic(), self.cut)
        self._timer.daemon = True
        self._timer.start()

    def cut(self) -> None:
        """Let it pass now; from any thread."""
        self._passed.set()
        if self._connection is not None:
            try:
                self._connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the other side was faster

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            # The timer may be at work: its handle must not be closed, and given anew, under it.
            self._timer.join()
        if self._connection is not None:
            self._connection.close()
