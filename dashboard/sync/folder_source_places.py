"""Folders of this machine and bucket prefixes: which files lie there, and one file at a time."""

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import fsspec
from botocore.exceptions import BotoCoreError, ClientError

from dashboard.errors import FileRefused
from dashboard.sync.source import SourceError

PIECE = 1 << 20
HIDDEN = (".", "~$")
UNFINISHED = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".filepart", ".swp", "~")
BUCKET_CONFIG: Mapping[str, Any] = {
    "signature_version": "s3v4",
    "connect_timeout": 5,
    "read_timeout": 60,
    "retries": {"max_attempts": 2},
}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """`name` is its path below the folder; `stamp` changes whenever the file does.

    `modified` is for order only: a bucket rounds it as it likes.
    """

    name: str
    place: str
    size: int
    stamp: str
    modified: float = field(compare=False)

    @property
    def mark(self) -> str:
        return f"{self.place}\n{self.size}\n{self.stamp}"


def pattern_of(glob: str) -> re.Pattern[str]:
    """`*` and `?` stay inside a folder, `**/` is any number of folders."""
    parts = re.split(r"(\*\*/|\*|\?)", glob)
    meant = {"**/": "(?:[^/]+/)*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meant.get(part) or re.escape(part) for part in parts))


def is_waiting_name(name: str) -> bool:
    """Hidden, or named as programs name what they are still writing."""
    return any(
        part.startswith(HIDDEN) or part.lower().endswith(UNFINISHED) for part in name.split("/")
    )


class LocalFolder:
    """A folder, below one of `roots`; links that lead out of them are not followed.

    Relative ones lie below `home`, the instance's folder, and need not be there yet.
    """

    def __init__(
        self, path: str, roots: tuple[str, ...], settle_seconds: float, home: Path
    ) -> None:
        self.path, self.settle_seconds = home / path, settle_seconds
        self.roots = [(home / root).resolve() for root in roots or (path,)]
        self.may_lack = not Path(path).is_absolute()

    def files(self, glob: str) -> Iterator[FoundFile]:
        """Those that match and were not touched for a while. Raises SourceError."""
        if self.may_lack and not self.path.exists():
            return
        if not self.path.is_dir():
            raise SourceError(
                f"The folder {self.path} is not there, or is no folder.",
                code="folder_missing",
                permanent=False,
            )
        if not self._is_inside(self.path):
            raise self._outside()
        pattern = pattern_of(glob)
        for path in self._walk(glob):
            name = path.relative_to(self.path).as_posix()
            if pattern.fullmatch(name) and not is_waiting_name(name) and self._is_inside(path):
                with suppress(FileNotFoundError):
                    yield from self._settled(path, name)

    def _walk(self, glob: str) -> Iterator[Path]:
        deepest = None if "**/" in glob else glob.count("/")
        for folder, below, names in os.walk(self.path):
            depth = len(Path(folder).relative_to(self.path).parts)
            if depth == deepest:
                below.clear()
            yield from (Path(folder, name) for name in names)

    def _is_inside(self, path: Path) -> bool:
        real = path.resolve()
        return any(real.is_relative_to(root) for root in self.roots)

    def _outside(self) -> SourceError:
        return SourceError(
            f"The folder {self.path} leads out of the folders this source may read.",
            code="folder_refused",
        )

    def _settled(self, path: Path, name: str) -> Iterator[FoundFile]:
        found = self._look(path, name)
        # Of another machine's clock the time may lie ahead.
        if found is not None and abs(time.time() - found.modified) >= self.settle_seconds:
            yield found

    def _look(self, path: Path, name: str) -> FoundFile | None:
        at = path.stat()
        if not path.is_file():
            return None
        return FoundFile(name, str(path), at.st_size, str(at.st_mtime_ns), at.st_mtime)

    @contextmanager
    def opened(self, file: FoundFile, _copy: Path, _check: Callable[[], None]) -> Iterator[Path]:
        """Where it can be read. Raises FileRefused when it may not be."""
        path = Path(file.place)
        if not self._is_inside(path):
            raise FileNotFoundError(file.place)
        if not os.access(path, os.R_OK):
            raise FileRefused(
                f"{file.name} may not be read by the user JobEngine runs as. Allow it.",
                code="not_allowed",
            )
        yield path

    def is_same(self, file: FoundFile) -> bool:
        """Has nobody touched it since it was listed?"""
        with suppress(OSError):
            return self._look(Path(file.place), file.name) == file
        return False


class Bucket:
    """The objects below `s3://bucket/prefix`, which are always whole."""

    def __init__(self, url: str, options: Mapping[str, Any], most: int) -> None:
        self.url, self.most = url.rstrip("/"), most
        self.fs = fsspec.filesystem(
            "s3",
            use_listings_cache=False,
            skip_instance_cache=True,
            config_kwargs=dict(BUCKET_CONFIG),
            **options,
        )

    def files(self, glob: str) -> Iterator[FoundFile]:
        """Those that match. Raises SourceError."""
        pattern, prefix = pattern_of(glob), self.url.removeprefix("s3://")
        try:
            with self._translated():
                listed: Mapping[str, Any] = self.fs.find(prefix, detail=True)
        except FileNotFoundError:
            raise SourceError(
                f"There is no bucket at {self.url}. Check its name.", code="folder_missing"
            ) from None
        for path, about in listed.items():
            name = path.removeprefix(prefix).lstrip("/")
            if pattern.fullmatch(name) and not is_waiting_name(name):
                yield found_object(name, path, about)

    @contextmanager
    def opened(self, file: FoundFile, copy: Path, check: Callable[[], None]) -> Iterator[Path]:
        """A copy of it. Raises FileRefused when it is too large, SourceError."""
        if file.size > self.most:
            raise FileRefused(
                f"{file.name} is larger than the limit of {self.most:,} bytes. Split it.",
                code="file_too_large",
            )
        with self._translated():
            stream = self.fs.open(file.place, "rb", cache_type="readahead")
        with stream, copy.open("wb") as out:
            while piece := self._read(stream):
                check()
                out.write(piece)
        yield copy

    def _read(self, stream: Any) -> bytes:
        with self._translated():
            piece: bytes = stream.read(PIECE)
        return piece

    def is_same(self, file: FoundFile) -> bool:
        with suppress(FileNotFoundError), self._translated():
            return found_object(file.name, file.place, self.fs.info(file.place)) == file
        return False

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except PermissionError:
            raise SourceError(
                f"{self.url} may not be read with the credentials there are. Check them.",
                code="not_allowed",
            ) from None
        except (BotoCoreError, ClientError, OSError):
            raise SourceError(
                f"{self.url} cannot be reached. Check its name, and that the server runs.",
                code="not_reachable",
                permanent=False,
            ) from None


def found_object(name: str, path: str, about: Mapping[str, Any]) -> FoundFile:
    modified = about["LastModified"]
    at = modified.timestamp() if isinstance(modified, datetime) else float(modified or 0)
    place = f"s3://{path.removeprefix('s3://')}"
    return FoundFile(name, place, about["size"], str(about["ETag"]).strip('"'), at)
