"""A Parquet file's columns and rows, as text; runs in a process of its own (see parquet.py)."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from dashboard.errors import FileRefused
from dashboard.formats import parquet_refusals, refusals
from dashboard.formats.arrow_text import CellProblem, texts
from dashboard.formats.layout import MAX_COLUMNS, MAX_RECORD_BYTES
from dashboard.formats.naming import unique_names
from dashboard.formats.table_form import BATCH_ROWS, make_batch

pc: Any = pyarrow.compute
pq: Any = pyarrow.parquet  # its published types know only some calls

FIRST_ROW = 2  # as if a header stood in row 1
PIECE_BYTES = 8 << 20  # of values, as the file says their size
NANOSECONDS = 1_000


class ParquetTable:
    """One file. Raises FileRefused, also while it is read."""

    def __init__(self, path: Path) -> None:
        with translated():
            # What older writers keep as INT96 may lie past 2262, where nanoseconds wrap silently.
            self.file = pq.ParquetFile(path, coerce_int96_timestamp_unit="us", pre_buffer=False)
            self.headers: list[str] = self.file.schema_arrow.names
            self.rows: int = self.file.metadata.num_rows
        if len(self.headers) > MAX_COLUMNS:
            raise refusals.too_many_columns(1, len(self.headers))
        if not self.headers:
            raise parquet_refusals.no_columns()
        self.columns = unique_names(self.headers)
        self.path = path

    @cached_property
    def old_times(self) -> dict[int, str]:
        """Columns of INT96, by place. Refused inside of others: there they would be rounded."""
        schema = self.file.schema
        leaves = [schema.column(place) for place in range(len(schema))]
        found = [leaf.path for leaf in leaves if leaf.physical_type == "INT96"]
        for path in found:
            if path not in self.headers or self.headers.count(path) > 1:
                raise parquet_refusals.old_times(path)
        return {self.headers.index(path): path for path in found}

    def batches(self, most_rows: int = BATCH_ROWS) -> Iterator[pa.RecordBatch]:
        """Of texts, for the table form; memory follows the batch, not the row group."""
        if not self.rows:
            raise parquet_refusals.no_rows()
        row = FIRST_ROW
        with translated():
            for batch, exact in self._read(self._batch_rows(most_rows)):
                numbers = np.arange(row, row + batch.num_rows)
                cells = [
                    self._cells(batch, exact, place, row) for place in range(len(self.headers))
                ]
                made = make_batch(self.columns, cells, numbers)
                check_length(made, row)
                yield made
                row += batch.num_rows
        if row - FIRST_ROW != self.rows:
            raise parquet_refusals.damaged()

    def first(self, rows: int) -> pa.RecordBatch:
        """What a preview shows: of very long records fewer."""
        found = next(self.batches(rows)).slice(0, rows)
        while found.num_rows > 1 and found.nbytes > MAX_RECORD_BYTES:
            found = found.slice(0, found.num_rows // 2)
        return found

    def _read(self, rows: int) -> Iterator[tuple[Any, Any]]:
        """All columns, and beside them those of INT96 in nanoseconds."""
        options: dict[str, Any] = {"batch_size": rows, "use_threads": False}
        whole = self.file.iter_batches(**options)
        if not self.old_times:
            return ((batch, None) for batch in whole)
        exact = pq.ParquetFile(self.path, pre_buffer=False)
        beside = exact.iter_batches(columns=list(self.old_times.values()), **options)
        return zip(whole, beside, strict=True)

    def _batch_rows(self, most_rows: int) -> int:
        """Fewer rows at a time where they are wide."""
        groups = (self.file.metadata.row_group(n) for n in range(self.file.num_row_groups))
        widest = max((g.total_byte_size // max(g.num_rows, 1) for g in groups), default=0)
        return max(1, min(most_rows, PIECE_BYTES // max(widest, 1)))

    def _cells(self, batch: Any, exact: Any, place: int, row: int) -> Any:
        column = batch.column(place)
        try:
            if place in self.old_times:
                nanoseconds = exact.column(list(self.old_times).index(place))
                found = old_time_texts(column, nanoseconds)
            else:
                found = texts(column)
        except CellProblem as problem:
            name = self.columns[place]
            number = row + problem.position
            raise parquet_refusals.cell(number, name, str(problem), problem.code) from None
        check_nul(found, row)
        return found


def old_time_texts(microseconds: Any, nanoseconds: Any) -> Any:
    """INT96 exactly: microseconds reach far enough, the rest follows from what has wrapped."""
    counts = microseconds.cast(pa.int64()).fill_null(0).to_numpy().astype(np.uint64)
    wrapped = nanoseconds.cast(pa.int64()).fill_null(0).to_numpy().astype(np.uint64)
    rest = (wrapped - counts * np.uint64(NANOSECONDS)).astype(np.int64)
    found = texts(microseconds)
    if not rest.any():
        return found
    pairs = zip(found.to_pylist(), rest.tolist(), strict=True)
    return pa.array([text and with_nanoseconds(text, more) for text, more in pairs], pa.string())


def with_nanoseconds(text: str, nanoseconds: int) -> str:
    if not nanoseconds:
        return text
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction or '000000':0<6}{nanoseconds:03}"


def check_length(batch: pa.RecordBatch, row: int) -> None:
    """A value kept once may stand in every row: a small file can hold rows of any length."""
    if batch.nbytes <= MAX_RECORD_BYTES:
        return
    lengths = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns[:-1]:
        lengths += pc.binary_length(column).fill_null(0).to_numpy()
    if lengths.max() > MAX_RECORD_BYTES:
        raise parquet_refusals.row_too_long(row + int(lengths.argmax()))


def check_nul(found: Any, row: int) -> None:
    data = found.buffers()[2]
    if data is None or b"\0" not in memoryview(data).tobytes():
        return
    for number, text in enumerate(found.to_pylist(), row):
        if text is not None and "\0" in text:
            raise refusals.nul_byte(number)


@contextmanager
def translated() -> Iterator[None]:
    """What Arrow says about a file, as a refusal."""
    try:
        yield
    except pa.ArrowNotImplementedError as error:
        raise parquet_refusals.unsupported(str(error)) from error
    except (MemoryError, pa.ArrowMemoryError) as error:
        raise parquet_refusals.too_large() from error
    except (pa.ArrowException, OSError) as error:
        raise why_unreadable(str(error)) from error


def why_unreadable(said: str) -> FileRefused:
    if "encrypt" in said.lower() or "decrypt" in said.lower():
        return parquet_refusals.encrypted()
    return parquet_refusals.damaged()
