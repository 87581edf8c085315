"""Parts on disk copied into one file by the kernel, hashed beside it."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from dashboard.storage.hashing import PIECE, Hashing
from dashboard.storage.writing import write_all

SPAN = 16 * 1024 * 1024


def join(out: IO[bytes], parts: Iterable[bytes | Path], hashing: Hashing) -> int:
    """All parts in order, written and hashed; their size in bytes. Raises FileNotFoundError."""
    size = 0
    for part in parts:
        if isinstance(part, bytes):
            write_all(out, part)
            hashing.update(part)
            size += len(part)
        else:
            with part.open("rb", buffering=0) as source:
                length = os.fstat(source.fileno()).st_size
                hashing.update_from(source.fileno(), length)
                copy(source, out, length)
            size += length
    return size


def copy(source: IO[bytes], out: IO[bytes], length: int) -> None:
    """From the start of `source` to where `out` stands. Some file systems cannot copy by
    themselves; then it passes through memory."""
    place = 0
    try:
        while place < length and hasattr(os, "copy_file_range"):
            span = min(SPAN, length - place)
            moved = os.copy_file_range(source.fileno(), out.fileno(), span, offset_src=place)
            if not moved:
                break
            place += moved
    except OSError:
        if place:
            raise
    source.seek(place)
    while piece := source.read(PIECE):
        write_all(out, piece)
        place += len(piece)
    if place != length:
        raise OSError(f"a part changed while it was joined: {place:,} of {length:,} bytes")
