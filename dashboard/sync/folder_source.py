"""Files of a folder or a bucket, each taken once."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from dashboard.errors import ConfigurationError, FileRefused
from dashboard.formats.reading import Ragged
from dashboard.formats.reading_choices import Reading
from dashboard.formats.table_form import serialize
from dashboard.sync.folder_source_places import Bucket, FoundFile, LocalFolder
from dashboard.sync.source import Ask, Page, SourceError, Word, expect, is_word, names_of, reveal
from dashboard.sync.source_files import file_pieces
from dashboard.sync.source_pages import Numbering

BUCKET = "s3://"
LONGEST_MARK = 1_100
ASKED_AT_ONCE = 500
NO_FILES = "No new files."


@dataclass(frozen=True, slots=True)
class FolderSource:
    """Files in `path` (a folder, or s3://bucket/prefix) whose names match `glob`, oldest first.

    A relative path, or root, lies below the instance's folder; it may be made later. `glob`: `*`
    and `?` stay inside a folder, `**/` goes into all below. `roots`: folders that links may lead
    into (the folder itself when there are none). A file is left alone until nobody has touched it
    for `settle_seconds`, and while its name is hidden or ends in .part or the like. It is taken
    again when its size or time changes. One that cannot be read is one failure, and the others are
    taken. `reading`: format, delimiter, quote, encoding, sheet, headerRow as for an import. A
    bucket's keys come from the environment, or from `access_key` and `secret_key`.
    """

    path: str
    glob: str = "*"
    roots: tuple[str, ...] = ()
    settle_seconds: float = 10
    reading: Mapping[str, Any] = field(default_factory=dict)
    access_key: Word | None = None
    secret_key: Word | None = None

    def __post_init__(self) -> None:
        local = not self.path.startswith(BUCKET)
        named = self.path.removeprefix(BUCKET).strip("/")
        expect(named and "://" not in named, "path: a folder, or s3://bucket/prefix.")
        upwards = any(".." in Path(place).parts for place in (self.path, *self.roots))
        expect(not upwards, "path and roots: write them without ..")
        steps = self.glob.split("/")
        expect(all(step not in ("", ".", "..") for step in steps), "glob: use names and *, ?, **/.")
        expect(self.settle_seconds >= 0, "settle_seconds: use a number from 0.")
        keys = (self.access_key, self.secret_key)
        expect(all(map(is_word, keys)), "access_key, secret_key: use Secret(…) or Environment(…).")
        expect(not any(keys) or (all(keys) and not local), "Both keys belong to a bucket.")
        try:
            Reading.from_options(self.reading)
        except FileRefused as refused:
            raise ConfigurationError(f"A folder source: {refused}") from None

    @property
    def secret_names(self) -> tuple[str, ...]:
        return names_of(self.access_key, self.secret_key)

    @property
    def whole(self) -> bool:
        return False

    @property
    def rereads(self) -> bool:
        return False

    def describe(self) -> str:
        place = self.path if self.path.startswith(BUCKET) else f"the folder {self.path}"
        return f"{place.rstrip('/')}, {self.glob}"

    def read(self, ask: Ask) -> Iterator[Page]:
        """Raises SourceError when the folder itself cannot be read."""
        place = self._place(ask)
        found = sorted(place.files(self.glob), key=lambda file: (file.modified, file.name))
        taken = False
        with tempfile.TemporaryDirectory(prefix="jobengine-source-") as folder:
            reader = FileReader(place, self.reading, ask, Path(folder))
            for file in new_files(found, ask):
                for page in reader.pages(file):
                    taken = True
                    yield page
        if not taken:
            yield Numbering().nothing(self.describe(), note=NO_FILES)

    def _place(self, ask: Ask) -> LocalFolder | Bucket:
        if not self.path.startswith(BUCKET):
            home = ask.settings.instance
            return LocalFolder(self.path, self.roots, self.settle_seconds, home)
        keys = {"key": self.access_key, "secret": self.secret_key}
        options = {name: reveal(word, ask) for name, word in keys.items() if word is not None}
        return Bucket(self.path, options, ask.settings.max_upload_bytes)


def new_files(found: Sequence[FoundFile], ask: Ask) -> Iterator[FoundFile]:
    """Those no earlier run has taken."""
    for start in range(0, len(found), ASKED_AT_ONCE):
        ask.check()
        some = found[start : start + ASKED_AT_ONCE]
        known = ask.taken([mark_of(file) for file in some])
        yield from (file for file in some if mark_of(file) not in known)


def mark_of(file: FoundFile) -> str:
    if len(file.mark) > LONGEST_MARK:
        raise SourceError(f"The path of {file.name} is too long. Give it a shorter one.")
    return file.mark


class FileReader:
    """Reads a file to its end before it hands a row out: a broken one fails alone and whole."""

    def __init__(
        self, place: LocalFolder | Bucket, reading: Mapping[str, Any], ask: Ask, folder: Path
    ) -> None:
        self.place, self.ask = place, ask
        self.reading = Reading.from_options(reading)
        self.copy, self.form = folder / "copy", folder / "form"
        self.numbering = Numbering()

    def pages(self, file: FoundFile) -> Iterator[Page]:
        """None when the file is gone meanwhile, or was changed: a later run takes it then."""
        self.numbering.begin()
        try:
            with self.place.opened(file, self.copy, self.ask.check) as path:
                pieces = self._keep(path, file)
            refused = None
        except FileNotFoundError:
            return
        except FileRefused as error:
            pieces, refused = [], error
        if not self.place.is_same(file):
            return
        if refused is not None and refused.code != "no_rows":
            yield self._failure(file, refused)
            return
        yield from self._kept(file, pieces)
        yield self.numbering.nothing(file.name, mark=mark_of(file))

    def _failure(self, file: FoundFile, error: FileRefused) -> Page:
        told = FileRefused(f"{file.name}: {error.message}", code=error.code, details=error.details)
        # A file that may not be read yet is tried again; what is in it will not change.
        mark = None if error.code == "not_allowed" else mark_of(file)
        return self.numbering.refusal(file.name, told, mark=mark)

    def _keep(self, path: Path, file: FoundFile) -> list[tuple[int, list[Ragged]]]:
        """The file's rows in a form; the length of each batch, and the rows it lacks."""
        pieces = []
        with self.form.open("wb") as out:
            for batch, ragged in file_pieces(path, file.name, self.reading, self.ask.check):
                data = serialize([batch]).data if batch.num_rows else b""
                out.write(data)
                pieces.append((len(data), ragged))
        return pieces

    def _kept(self, file: FoundFile, pieces: list[tuple[int, list[Ragged]]]) -> Iterator[Page]:
        with self.form.open("rb") as form:
            for length, ragged in pieces:
                if length:
                    data = pa.py_buffer(form.read(length))
                    batch = pa.ipc.open_stream(data).read_next_batch()
                    yield from self.numbering.pages(file.name, batch, ragged)
                else:
                    yield from self.numbering.refusals(file.name, ragged)
