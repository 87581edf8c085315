"""A file from bytes and the answers about it, short enough for one line of a test."""

import gzip
import io
import zipfile
from pathlib import Path
from typing import Any

from dashboard.formats.forms import Form, to_form
from dashboard.formats.found import Found, Preview
from dashboard.formats.inspecting import count_rows, inspect_file, preview
from dashboard.formats.reading_choices import Reading


class Looking:
    """Writes each file into one folder; `options` are names of the API."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "file"

    def found(self, data: bytes, name: str = "file.csv", **options: Any) -> Found:
        self.path.write_bytes(data)
        return inspect_file(self.path, name, Reading.from_options(options))

    def seen(
        self, data: bytes, name: str = "file.csv", *, rows: int = 20, **options: Any
    ) -> Preview:
        self.path.write_bytes(data)
        return preview(self.path, name, Reading.from_options(options), rows)

    def count(self, data: bytes, name: str = "file.csv", **options: Any) -> int:
        self.path.write_bytes(data)
        return count_rows(self.path, name, Reading.from_options(options))

    def form(self, data: bytes, name: str = "file.csv", **options: Any) -> Form | None:
        self.path.write_bytes(data)
        return to_form(self.path, name, Reading.from_options(options))

    def text(self, data: bytes, name: str = "file.csv", **options: Any) -> bytes:
        """The whole of the form."""
        form = self.form(data, name, **options)
        assert form is not None
        return b"".join(form.pieces)


def packed(data: bytes) -> bytes:
    """By gzip, without the time: names of tests are made of it."""
    return gzip.compress(data, 1, mtime=0)


def zip_of(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return made.getvalue()
