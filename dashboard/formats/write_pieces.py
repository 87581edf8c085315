"""A file that is only written to, handed on piece by piece."""

import io
from typing import Any


class Pieces(io.RawIOBase):
    """What a writer of files has written since the last `take`; `len` says how much."""

    def __init__(self) -> None:
        self._held = bytearray()

    def __len__(self) -> int:
        return len(self._held)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def take(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held
