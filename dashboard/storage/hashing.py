"""SHA-256 beside the copying: OpenSSL releases the GIL, so the hash costs no second pass."""

import os
from hashlib import sha256
from queue import SimpleQueue
from threading import BoundedSemaphore, Thread

# Smaller amounts are hashed at once: a thread would cost more than it saves.
WORTH_A_THREAD = 256 * 1024
PIECE = 1024 * 1024
# Pieces a slow hash may lie behind; each holds PIECE bytes at most, or nothing but an open file.
BEHIND = 8

Span = tuple[int, int]


class Hashing:
    """Data in order, from memory or from open files. Always ends by `hexdigest` or `stop`."""

    def __init__(self) -> None:
        self._sha = sha256()
        self._thread: Thread | None = None
        self._waiting: SimpleQueue[bytes | Span | None] = SimpleQueue()
        self._room = BoundedSemaphore(BEHIND)
        self._error: OSError | None = None

    def update(self, data: bytes) -> None:
        if self._thread is None and len(data) < WORTH_A_THREAD:
            self._sha.update(data)
        else:
            self._hand_over(data)

    def update_from(self, file: int, length: int) -> None:
        """The first `length` bytes of an open file; the hash closes its own duplicate of it."""
        self._hand_over((os.dup(file), length))

    def hexdigest(self) -> str:
        """Waits for what is behind. Raises the OSError that reading a file met."""
        self.stop()
        if self._error is not None:
            raise self._error
        return self._sha.hexdigest()

    def stop(self) -> None:
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _hand_over(self, piece: bytes | Span) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._run, name="sha256", daemon=True)
            self._thread.start()
        self._room.acquire()
        self._waiting.put(piece)

    def _run(self) -> None:
        while (piece := self._waiting.get()) is not None:
            try:
                if isinstance(piece, tuple):
                    self._read(*piece)
                else:
                    self._sha.update(piece)
            except OSError as error:
                self._error = self._error or error
            self._room.release()

    def _read(self, file: int, length: int) -> None:
        room = memoryview(bytearray(PIECE))
        place = 0
        try:
            while place < length:
                found = os.preadv(file, [room[: length - place]], place)
                if not found:
                    raise OSError(f"the file ended after {place:,} of {length:,} bytes")
                self._sha.update(room[:found])
                place += found
        finally:
            os.close(file)
