"""What was found out about a file, and a look at its first rows.

Every format module answers in these. For `books` (workbooks.py: xlsx, xls, ods) and parquet.py the
functions take `(path: Path, name: str, reading: Reading, …)`; for json_lines.py the first argument
is `stream: BinaryIO` instead, UTF-8 bytes from the first one on (gzip, zip, a BOM and other
encodings are already taken off), read forwards only. The functions of each module:

- `inspect_…(source, name, reading) -> Found`
- `preview_…(source, name, reading, rows) -> Preview`
- `count_…(source, name, reading) -> int`
- `…_batches(source, name, reading) -> Iterator[TableBatch]`, the table form (see table_form.py)
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from dashboard.formats.reading_choices import Reading

TUPLES = ("columns", "headers", "sheets", "notes")


@dataclass(frozen=True, slots=True)
class Found:
    """`columns` are unique and never blank, `headers` as written (both of one length).

    `format` is delimited, json-lines, xlsx, xls, ods or parquet; `compression` gzip, zip or None;
    `encoding`, `delimiter`, `quote` and `sheet` None where the format has none. `header_row` is the
    header's row in the file, 0 = there is none. `notes` are plain sentences for people.
    """

    format: str
    columns: tuple[str, ...]
    headers: tuple[str, ...]
    header_row: int = 1
    compression: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        lists = {name: list(getattr(self, name)) for name in TUPLES}
        return {**asdict(self), **lists}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Found":
        return cls(**{**data, **{name: tuple(data.get(name, ())) for name in TUPLES}})

    @property
    def is_table(self) -> bool:
        """Read by its table form, not as delimited text."""
        return self.format != "delimited"

    def reading(self) -> Reading:
        """The choices that read the file just like this again."""
        kind = self.format
        if not self.is_table:
            kind = "tsv" if self.delimiter == "\t" else "csv"
        return Reading(
            format=kind,
            delimiter=self.delimiter,
            quote=self.quote,
            encoding=self.encoding,
            sheet=self.sheet,
            header_row=self.header_row if kind not in ("json-lines", "parquet") else None,
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows, cells as written and None where one is absent, and their row numbers.

    A row with too few cells is filled up with None; one with too many keeps them all.
    `total_rows` is None unless the whole file was read.
    """

    found: Found
    rows: list[list[str | None]]
    numbers: list[int]
    total_rows: int | None = None
    ragged: list[int] = field(default_factory=list)
    """Row numbers of those in `rows` that have too few or too many cells."""
