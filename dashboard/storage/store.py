"""Bytes at rest, over fsspec: uploads and exports, on disk or in a bucket."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import fsspec

from dashboard.errors import FileRefused, NotFound
from dashboard.storage.receiving import Arriving

PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """What `put` wrote: its key, size in bytes and SHA-256 as hex."""

    key: str
    bytes: int
    sha256: str


class Store:
    """One folder or bucket prefix. Made after a fork: file systems hold threads and sockets."""

    def __init__(self, url: str) -> None:
        self._fs, self._root = fsspec.core.url_to_fs(url)
        self._local = "file" in (
            self._fs.protocol if isinstance(self._fs.protocol, tuple) else (self._fs.protocol,)
        )

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}"

    def put(self, stream: BinaryIO | Iterable[bytes], *, folder: str, limit: int) -> Stored:
        """Copy a stream under a new key, under a temporary name until it is whole; an upload that
        arrived in this store (receiving.py) is not copied, it gets its name.

        Raises FileRefused (`file_too_large`) as soon as `limit` bytes are passed.
        """
        key = f"{folder}/{uuid4().hex}"
        digest, size = hashlib.sha256(), 0
        self._fs.makedirs(self._path(folder), exist_ok=True)
        if isinstance(stream, Arriving):
            if self._local and stream.size <= limit:
                with suppress(OSError):  # another file system: copied below
                    stream.keep(Path(self._path(key)))
                    return Stored(key, stream.size, stream.digest.hexdigest())
            stream.seek(0)
        partial = self._path(f"{key}.part")
        try:
            with self._fs.open(partial, "wb") as out:
                for piece in pieces(stream):
                    size += len(piece)
                    if size > limit:
                        raise too_large(limit)
                    digest.update(piece)
                    out.write(piece)
            self._fs.mv(partial, self._path(key))
        except BaseException:
            if self._fs.exists(partial):
                self._fs.rm(partial)
            raise
        return Stored(key, size, digest.hexdigest())

    @contextmanager
    def open(self, key: str) -> Iterator[Any]:
        """A seekable binary stream; raises NotFound when the key is gone."""
        try:
            stream = self._fs.open(self._path(key), "rb")
        except FileNotFoundError:
            raise gone() from None
        with stream:
            yield stream

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        with self.open(key) as stream:
            stream.seek(offset)
            data: bytes = stream.read(length)
        if len(data) != length:
            raise gone("The stored file is shorter than when it was cut; upload it again.")
        return data

    def keys(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """What lies in a folder, unfinished copies too, and when it was last written."""
        path = self._path(folder)
        if not self._fs.exists(path):
            return
        for found in self._fs.ls(path, detail=True, refresh=True):
            name = found["name"].rsplit("/", 1)[-1]
            at = found.get("mtime") or found.get("LastModified") or self._fs.modified(found["name"])
            is_number = isinstance(at, int | float)
            yield f"{folder}/{name}", datetime.fromtimestamp(at, UTC) if is_number else at

    def exists(self, key: str) -> bool:
        return bool(self._fs.exists(self._path(key)))

    def delete(self, key: str) -> None:
        if self.exists(key):
            self._fs.rm(self._path(key))

    def local_path(self, key: str) -> Path | None:
        """Where the file lies on this machine, if the store is a folder."""
        return Path(self._path(key)) if self._local else None


def pieces(stream: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    if hasattr(stream, "read"):
        while piece := stream.read(PIECE):
            yield piece
    else:
        yield from stream


def too_large(limit: int) -> FileRefused:
    error = FileRefused(
        f"The file is larger than the limit of {limit:,} bytes. Split it, or ask an administrator"
        " to raise MAX_UPLOAD_BYTES.",
        code="file_too_large",
    )
    error.status = 413
    return error


def gone(message: str = "The stored file is gone; upload it again.") -> NotFound:
    return NotFound(message, code="file_gone")
