"""New files in the store: on disk without a name, in a bucket a multipart upload, until whole."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from dashboard.storage.hashing import PIECE, Hashing
from dashboard.storage.nameless import unnamed

# Of a multipart upload; S3 takes 10,000 parts, so one file may have 160 GB.
BLOCK = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written: its key, size in bytes and SHA-256 as hex."""

    key: str
    bytes: int
    sha256: str


@contextmanager
def on_disk(path: Path) -> Iterator[io.FileIO]:
    with unnamed(path.parent) as out:
        yield out
        out.keep(path)


@contextmanager
def in_bucket(fs: Any, path: str) -> Iterator[Any]:
    """Small files are one PUT at the end, others a multipart upload that ends or is aborted."""
    out = fs.open(path, "wb", block_size=BLOCK)
    try:
        yield out
        out.close()
    except BaseException:
        out.closed = True  # or its finaliser would complete it
        with suppress(Exception):  # what cannot be aborted now is removed by the sweep
            out.discard()
        raise


class Counted(io.RawIOBase):
    """Passes all on to `sink`, counts and hashes it."""

    def __init__(self, sink: Any, hashing: Hashing) -> None:
        super().__init__()
        self.sink, self.hashing, self.size = sink, hashing, 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: Any) -> int:
        piece = bytes(data)
        write_all(self.sink, piece)
        self.hashing.update(piece)
        self.size += len(piece)
        return len(piece)


class NewFile(io.BufferedWriter):
    """Written in order, once; `stored` is known when its block has ended."""

    stored: Stored

    def __init__(self, counted: Counted) -> None:
        super().__init__(counted, PIECE)

    def close(self) -> None:
        """Whoever writes may close it; what was written stands or falls with the block."""
        self.flush()


@contextmanager
def counted(sink: Any, key: str) -> Iterator[NewFile]:
    """Every piece is hashed while the next is written. The sink is the caller's to end."""
    hashing = Hashing()
    raw = Counted(sink, hashing)
    out = NewFile(raw)
    try:
        yield out
        out.flush()
        out.stored = Stored(key, raw.size, hashing.hexdigest())
    finally:
        hashing.stop()


def write_all(sink: Any, data: bytes) -> None:
    """A raw file may take less than it is given."""
    left = memoryview(data)
    while left:
        left = left[sink.write(left) :]


def buffered(sink: Any) -> BinaryIO:
    """A raw file takes what it gets at once: many small writes need a buffer."""
    if isinstance(sink, io.RawIOBase):
        return cast(BinaryIO, io.BufferedWriter(sink, PIECE))
    return cast(BinaryIO, sink)
