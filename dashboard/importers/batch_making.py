"""A chunk's accepted records as the batch a writer takes, in the fastest form they allow."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Column, Connection

from dashboard.formats.delimited import Rows
from dashboard.importers.chunk_rows import ChunkRows
from dashboard.importers.hooks import Records
from dashboard.importers.job import Job
from dashboard.jobs.chunk_job import Chunk
from dashboard.records.batch import Batch
from dashboard.records.casting import CastColumn
from dashboard.records.defaults import default_columns, has_default
from dashboard.records.fields import Field
from dashboard.records.refusals import Refusals


class BatchMaker:
    """Knows one chunk; `make` is called once, with what the checks let pass."""

    def __init__(self, job: Job, chunk: Chunk, rows: ChunkRows, refusals: Refusals) -> None:
        self.job, self.chunk, self.rows, self.refusals = job, chunk, rows, refusals

    def make(
        self,
        connection: Connection,
        records: Records,
        stored: Mapping[str, Any],
        good: Any,
        casts: Sequence[CastColumn],
    ) -> Batch:
        """`good` are the places of the accepted among `records`, `stored` the columns by name."""
        columns = {name: take(values, good) for name, values in stored.items()}
        filled: list[Column[Any]] = []
        if self.job.options.mode != "update":
            missing = [c for c in self.job.target.table.columns if c.name not in columns]
            filled = [column for column in missing if has_default(column)]
        columns |= default_columns(connection, filled, len(good))
        batch = Batch(
            self.job.target.table,
            columns,
            records.positions[good],
            self.refusals,
            isolate=self.chunk.isolate,
            defaults=frozenset(column.name for column in filled),
        )
        if connection.dialect.name == "postgresql":
            self._keep_texts(batch, records, good, casts)
        return batch

    def _keep_texts(
        self, batch: Batch, records: Records, good: Any, casts: Sequence[CastColumn]
    ) -> None:
        """What PostgreSQL may read as the file has it: the whole records, or single columns."""
        safe = [cast for cast in casts if cast.raw_safe and is_plain(cast.field)]
        if self.job.importer.has("transform"):
            safe = [cast for cast in safe if untouched(cast, records)]
        elif len(safe) == len(batch.columns) and self._as_in_file(batch):
            keep_raw(batch, self.rows.read, good, self.chunk.data)
            if batch.raw is not None:
                return
        places = records.positions[good]
        batch.texts = {cast.field.column: take(cast.texts, places) for cast in safe}

    def _as_in_file(self, batch: Batch) -> bool:
        """Do the file's own bytes say just what is to be written?"""
        job = self.job
        return (
            self.rows.whole
            and not batch.isolate
            and not job.options.constants
            and len(batch.columns) == self.rows.texts.num_columns
            and all(reading.as_written for reading in job.columns.values())
        )


def keep_raw(batch: Batch, rows: Any, good: Any, data: bytes) -> None:
    """The bytes of the rows at `good`, unless they are no delimited text COPY could read."""
    if not isinstance(rows, Rows):
        return
    layout = rows.layout
    odd = layout.delimiter.isalnum() or layout.delimiter in ".\\"  # not in text format
    quoted = rows.quoted or rows.has_backslash or odd
    if not quoted or (layout.quote and b"\\." not in data):
        batch.raw = file_bytes(rows, good)
        batch.delimiter, batch.quote = layout.delimiter, layout.quote if quoted else ""


def file_bytes(rows: Rows, places: Any) -> bytes:
    """The file's own bytes of these table rows; what lies together is copied together."""
    if len(places) == rows.table.num_rows:
        return bytes(rows.raw_slice())
    starts, ends = rows.starts[places], rows.ends[places]
    gaps = np.flatnonzero(starts[1:] != ends[:-1] + 1)
    first, last = starts[np.r_[0, gaps + 1]].tolist(), ends[np.r_[gaps, -1]].tolist()
    pieces = [rows.data[start:stop] for start, stop in zip(first, last, strict=True)]
    return b"\n".join([*pieces, b""])


def untouched(cast: CastColumn, records: Records) -> bool:
    """Did `transform` leave the column as it was read? Comparing costs far less than writing."""
    after = records.values.get(cast.field.name)
    before = take(cast.values, records.positions)
    return after is not None and after.type == before.type and bool(after.equals(before))


def is_plain(field: Field) -> bool:
    """Stored as written, not looked up."""
    return field.reference is None or not field.reference.surrogate


def take(values: Any, places: Any) -> Any:
    return values if len(places) == len(values) else values.take(pa.array(places))
