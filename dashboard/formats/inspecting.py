"""Look at a file: what it is, its first rows, how many it has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from dashboard.formats.contents import Contents, find_contents
from dashboard.formats.delimited_files import (
    count_delimited,
    inspect_delimited,
    preview_delimited,
)
from dashboard.formats.found import Found, Preview
from dashboard.formats.json_lines import (
    count_json_lines,
    inspect_json_lines,
    preview_json_lines,
)
from dashboard.formats.parquet import count_parquet, inspect_parquet, preview_parquet
from dashboard.formats.reading_choices import Reading
from dashboard.formats.workbooks import count_workbook, inspect_workbook, preview_workbook

PREVIEW_ROWS = 20
OPEN = Reading()


def inspect_file(path: Path, name: str, reading: Reading = OPEN) -> Found:
    """Reads a part of the file, whatever its size. Raises FileRefused."""
    contents = find_contents(path, name, reading)
    return completed(FORMATS[contents.format].inspect(contents, reading), contents)


def preview(path: Path, name: str, reading: Reading = OPEN, rows: int = PREVIEW_ROWS) -> Preview:
    """The first rows, reading a part of the file; `total_rows` when that was all of it.

    Raises FileRefused for what is wrong in the part that was read.
    """
    contents = find_contents(path, name, reading)
    seen = FORMATS[contents.format].preview(contents, reading, rows)
    return replace(seen, found=completed(seen.found, contents))


def count_rows(path: Path, name: str, reading: Reading = OPEN) -> int:
    """Reads the whole file, in bounded memory. Raises FileRefused where an import would."""
    contents = find_contents(path, name, reading)
    return FORMATS[contents.format].count(contents, reading)


def completed(found: Found, contents: Contents) -> Found:
    """With what is known of the file around the rows."""
    compression = contents.container.compression
    notes = contents.notes + found.notes
    return replace(found, compression=compression, encoding=contents.encoding, notes=notes)


@dataclass(frozen=True, slots=True)
class Format:
    inspect: Callable[[Contents, Reading], Found]
    preview: Callable[[Contents, Reading, int], Preview]
    count: Callable[[Contents, Reading], int]


def from_text(
    inspect: Callable[[BinaryIO, str, Reading], Found],
    preview: Callable[[BinaryIO, str, Reading, int], Preview],
    count: Callable[[BinaryIO, str, Reading], int],
) -> Format:
    """A format read from its text, packed or not."""

    def inspect_text(contents: Contents, reading: Reading) -> Found:
        with contents.open_text() as stream:
            return inspect(stream, contents.container.name, reading)

    def preview_text(contents: Contents, reading: Reading, rows: int) -> Preview:
        with contents.open_text() as stream:
            return preview(stream, contents.container.name, reading, rows)

    def count_text(contents: Contents, reading: Reading) -> int:
        with contents.open_text() as stream:
            return count(stream, contents.container.name, reading)

    return Format(inspect_text, preview_text, count_text)


def from_file(
    inspect: Callable[[Path, str, Reading], Found],
    preview: Callable[[Path, str, Reading, int], Preview],
    count: Callable[[Path, str, Reading], int],
) -> Format:
    """A format that needs the file itself."""
    return Format(
        lambda contents, reading: inspect(*place_of(contents), reading),
        lambda contents, reading, rows: preview(*place_of(contents), reading, rows),
        lambda contents, reading: count(*place_of(contents), reading),
    )


def place_of(contents: Contents) -> tuple[Path, str]:
    return contents.container.path, contents.container.name


WORKBOOK = from_file(inspect_workbook, preview_workbook, count_workbook)
FORMATS: Mapping[str, Format] = {
    "delimited": from_text(inspect_delimited, preview_delimited, count_delimited),
    "json-lines": from_text(inspect_json_lines, preview_json_lines, count_json_lines),
    "parquet": from_file(inspect_parquet, preview_parquet, count_parquet),
    "xlsx": WORKBOOK,
    "xls": WORKBOOK,
    "ods": WORKBOOK,
}
