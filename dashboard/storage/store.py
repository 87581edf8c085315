"""Bytes at rest, over fsspec: uploads, parts and results, in a folder or in a bucket."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import fsspec

from dashboard.errors import ConfigurationError
from dashboard.storage.hashing import PIECE, Hashing
from dashboard.storage.joining import join
from dashboard.storage.receiving import Arriving
from dashboard.storage.troubles import SHORTER, found, gone, refused, told, too_large
from dashboard.storage.writing import NewFile, Stored, buffered, counted, in_bucket, on_disk

__all__ = ["EXPORTS", "PARTS", "PIECE", "REPORTS", "Store", "Stored"]

# Folders: what jobs make, and what they make it of (a folder a job and generation).
EXPORTS, REPORTS, PARTS = "exports", "reports", "parts"
# Read from a bucket by one request each: listings change under us and are never remembered.
AHEAD = 8 * 1024 * 1024
CONNECTING: dict[str, Any] = {
    "signature_version": "s3v4",
    "connect_timeout": 5,
    "read_timeout": 60,
    "retries": {"max_attempts": 2},
}
BUCKET_OPTIONS: dict[str, Any] = {
    "use_listings_cache": False,
    "skip_instance_cache": True,
    "config_kwargs": CONNECTING,
}
Wrap = Callable[[Iterator[bytes]], Iterable[bytes]]


class Store:
    """One folder or bucket prefix; a key is a path in it. Any number of threads may use it.

    Made after a fork: its file system may hold threads and sockets. Where a bucket's server does
    not do what is asked, everything here raises ConfigurationError or StoreUnavailable.
    """

    def __init__(self, url: str) -> None:
        self._local = not url.startswith("s3://")
        check_url(url)
        options = {} if self._local else BUCKET_OPTIONS
        self._fs, root = fsspec.core.url_to_fs(url, **options)
        self._root = str(root).rstrip("/")
        self.place = self._root if self._local else f"s3://{self._root}"

    def _path(self, key: str) -> str:
        return f"{self._root}/{key}"

    # -- writing -----------------------------------------------------------------------------

    def put(self, stream: BinaryIO | Iterable[bytes], *, folder: str, limit: int) -> Stored:
        """Copy a stream under a new key; an upload that arrived in this store (receiving.py) is not
        copied, it gets its name.

        Raises FileRefused (`file_too_large`) as soon as `limit` bytes are passed.
        """
        if isinstance(stream, Arriving):
            if self._local and stream.size <= limit:
                key = new_key(folder)
                path = Path(self._path(key))
                with suppress(OSError):  # another file system: copied below
                    path.parent.mkdir(parents=True, exist_ok=True)
                    stream.keep(path)
                    return Stored(key, stream.size, stream.digest.hexdigest())
            stream.seek(0)
        with self.new_file(folder) as out:
            for piece in pieces(stream):
                if out.tell() + len(piece) > limit:
                    raise too_large(limit)
                out.write(piece)
        return out.stored

    @contextmanager
    def writer(self, key: str) -> Iterator[BinaryIO]:
        """A file under this very key, in place of one that has it; nothing of it is seen before the
        block has ended well. Not seekable."""
        with self._new(key) as sink:
            out = buffered(sink)
            yield out
            out.flush()

    @contextmanager
    def new_file(self, folder: str) -> Iterator[NewFile]:
        """A file under a new key, written whole or not at all; then see its `stored`."""
        key = new_key(folder)
        with self._new(key) as sink, counted(sink, key) as out:
            yield out

    def assemble(
        self,
        part_keys: Iterable[str],
        *,
        folder: str,
        head: bytes = b"",
        tail: bytes = b"",
        wrap: Wrap | None = None,
    ) -> Stored:
        """`head`, the parts in order and `tail` as one new file; `wrap` (gzip, say) may change all
        of it on the way.

        The keys are asked for one after the other: who makes them may wait for each part. Without
        `wrap` parts on disk are copied by the kernel. Raises NotFound when a part is missing.
        """
        if wrap is None and self._local:
            return self._join(part_keys, folder, head, tail)
        with self.new_file(folder) as out:
            joined = self._joined(part_keys, head, tail)
            for piece in joined if wrap is None else wrap(joined):
                out.write(piece)
        return out.stored

    def _join(self, part_keys: Iterable[str], folder: str, head: bytes, tail: bytes) -> Stored:
        key, hashing = new_key(folder), Hashing()
        try:
            with found(), on_disk(Path(self._path(key))) as out:
                size = join(out, self._in_order(part_keys, head, tail), hashing)
                return Stored(key, size, hashing.hexdigest())
        finally:
            hashing.stop()

    def _in_order(self, keys: Iterable[str], head: bytes, tail: bytes) -> Iterator[bytes | Path]:
        yield head
        for key in keys:
            yield Path(self._path(key))
        yield tail

    def _joined(self, keys: Iterable[str], head: bytes, tail: bytes) -> Iterator[bytes]:
        yield head
        for key in keys:
            yield from self.pieces(key)
        yield tail

    @contextmanager
    def _new(self, key: str) -> Iterator[Any]:
        with told(self.place):
            if self._local:
                with on_disk(Path(self._path(key))) as out:
                    yield out
            else:
                with in_bucket(self._fs, self._path(key)) as out:
                    yield out

    # -- reading -----------------------------------------------------------------------------

    @contextmanager
    def open(self, key: str) -> Iterator[Any]:
        """A seekable binary stream; raises NotFound when the key is gone."""
        with told(self.place):
            with found():
                options = {} if self._local else {"block_size": AHEAD}
                stream = self._fs.open(self._path(key), "rb", **options)
            with stream:
                yield stream

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`: of a bucket, one request."""
        if not length:
            return b""
        with told(self.place), found():
            data: bytes = self._fs.cat_file(self._path(key), start=offset, end=offset + length)
        if len(data) != length:
            raise gone(SHORTER)
        return data

    def pieces(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, streamed; raises NotFound."""
        stop = self.size(key) if stop is None else stop
        if not self._local:
            for place in range(start, stop, AHEAD):
                yield self.read(key, place, min(AHEAD, stop - place))
            return
        with self.open(key) as stream:
            stream.seek(start)
            while start < stop and (piece := stream.read(min(PIECE, stop - start))):
                start += len(piece)
                yield piece
        if start < stop:
            raise gone(SHORTER)

    def size(self, key: str) -> int:
        """In bytes; raises NotFound."""
        with told(self.place), found():
            return int(self._fs.info(self._path(key))["size"])

    def exists(self, key: str) -> bool:
        with told(self.place):
            return bool(self._fs.exists(self._path(key)))

    def local_path(self, key: str) -> Path | None:
        """Where the file lies on this machine, if the store is a folder."""
        return Path(self._path(key)) if self._local else None

    def address(self, key: str, seconds: int, **answer: str) -> str | None:
        """Where anybody may fetch the file for so long, past us; None: it lies in a folder.

        `answer` are headers the server shall send: ResponseContentDisposition, …
        """
        if self._local:
            return None
        with told(self.place):
            return str(self._fs.sign(self._path(key), expiration=seconds, **answer))

    # -- folders -----------------------------------------------------------------------------

    def keys(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """What lies in a folder, unfinished copies too, and when it was last written."""
        for entry in self._listed(folder):
            if entry["type"] == "file":
                at = entry.get("mtime") or entry["LastModified"]
                name = entry["name"].rsplit("/", 1)[-1]
                moment = datetime.fromtimestamp(at, UTC) if isinstance(at, int | float) else at
                yield f"{folder}/{name}", moment

    def folders(self, prefix: str) -> list[str]:
        """The folders directly below, as prefixes."""
        names = [e["name"] for e in self._listed(prefix) if e["type"] == "directory"]
        return [f"{prefix}/{name.rstrip('/').rsplit('/', 1)[-1]}" for name in names]

    def _listed(self, prefix: str) -> list[dict[str, Any]]:
        with told(self.place):
            try:
                return list(self._fs.ls(self._path(prefix), detail=True))
            except FileNotFoundError:
                return []

    def delete(self, key: str) -> None:
        with told(self.place), suppress(FileNotFoundError):
            self._fs.rm_file(self._path(key))

    def delete_folder(self, prefix: str) -> None:
        """All below it, and the folders around it that are empty then."""
        if not prefix.strip("/."):
            raise ValueError("the whole store is not a folder of it")
        with told(self.place), suppress(FileNotFoundError):
            self._fs.rm(self._path(prefix), recursive=True)
        if self._local:
            with suppress(OSError):
                for parent in Path(prefix).parents[:-2]:
                    Path(self._path(str(parent))).rmdir()

    def forget_unfinished(self, before: datetime) -> int:
        """Abort the multipart uploads that began before that moment: what crashes left behind, and
        no listing shows. How many they were."""
        if self._local:
            return 0
        bucket, _, prefix = self._root.partition("/")
        with told(self.place):
            answer = self._fs.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=prefix)
            old = [u for u in answer.get("Uploads", ()) if u["Initiated"] < before]
            for upload in old:
                place = {"Bucket": bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
                self._fs.call_s3("abort_multipart_upload", **place)
        return len(old)

    def check(self) -> None:
        """At start-up: can a file be written, read and removed here? Raises ConfigurationError."""
        try:
            stored = self.put([b"JobEngine"], folder="checks", limit=PIECE)
            self.read(stored.key, 0, stored.bytes)
            self.delete(stored.key)
        except OSError as error:
            raise refused(self.place, f"{error.strerror} ({type(error).__name__})") from None


def check_url(url: str) -> None:
    """Raises ConfigurationError; the message does not repeat the URL, which may hold keys."""
    scheme, is_url, rest = url.partition("://")
    bucket = rest.partition("/")[0]
    if is_url and scheme != "file" and (scheme != "s3" or not bucket or "@" in bucket):
        raise ConfigurationError(
            "STORAGE_URL: use a folder or s3://bucket/prefix; keys go into AWS_ACCESS_KEY_ID and"
            " AWS_SECRET_ACCESS_KEY.",
            code="store_refused",
        )


def new_key(folder: str) -> str:
    return f"{folder}/{uuid4().hex}"


def pieces(stream: BinaryIO | Iterable[bytes]) -> Iterator[bytes]:
    if hasattr(stream, "read"):
        while piece := stream.read(PIECE):
            yield piece
    else:
        yield from stream
