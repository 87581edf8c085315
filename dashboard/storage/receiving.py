"""Uploads arrive where they stay: written once into the store's folder and hashed on the way.

Werkzeug would spool a part to a temporary file, which the store then had to copy. A file that has
no name yet (O_TMPFILE) vanishes by itself when the request fails or the process is killed.
"""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, cast

from flask import Request

from dashboard.storage.nameless import Nameless

# Smaller ones stay in memory, as Werkzeug keeps them.
SMALL = 512 * 1024
Folder = Callable[[], Path | None]


class Arriving(Nameless):
    """Written in order, then read like any other, or kept for good."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.digest, self.size = sha256(), 0

    def write(self, data: Any) -> int:
        """All of it, or OSError."""
        left = memoryview(data)
        while left:
            left = left[super().write(left) :]
        self.digest.update(data)
        self.size += len(data)
        return len(data)


def receiving(base: type[Request], folder: Folder) -> type[Request]:
    """`base`, but large parts arrive in that folder. Where there is none, or its file system cannot
    do that, they arrive as Werkzeug has it."""

    class ReceivingRequest(base):  # type: ignore[valid-type,misc]  # whatever the app has by then
        def _get_file_stream(
            self,
            total_content_length: int | None,
            content_type: str | None,
            filename: str | None = None,
            content_length: int | None = None,
        ) -> IO[bytes]:
            place = folder() if (total_content_length or SMALL) >= SMALL else None
            if place is not None and hasattr(os, "O_TMPFILE"):
                try:
                    return cast(IO[bytes], Arriving(place))
                except OSError:
                    pass
            sizes = total_content_length, content_type, filename, content_length
            return cast(IO[bytes], super()._get_file_stream(*sizes))

    return ReceivingRequest
