"""One chunk of a delimited file: read, cast, hooks, checks, and the records ready to write."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
from sqlalchemy import Column, Connection

from dashboard.formats.delimited import Layout, Rows, read_block
from dashboard.importers.hooks import Records, run_hooks
from dashboard.importers.importer import Importer
from dashboard.importers.planning import block_of
from dashboard.importers.rules import check_rules
from dashboard.jobs.chunk_job import Chunk, Outcome
from dashboard.records.batch import Batch
from dashboard.records.casting import CastColumn, cast_column
from dashboard.records.checks import ReferenceChecker, existing
from dashboard.records.defaults import default_columns, has_default
from dashboard.records.fields import Field
from dashboard.records.loading import writer_for
from dashboard.records.refusals import Refusals, ragged_failures
from dashboard.records.table import TableDescription

pc: Any = pyarrow.compute  # its published types know only some calls

REPEATED = "stands in row {first} already and must be unique. Change it or delete one of the rows."
TAKEN = "is already in the table. Change it, or leave the row out."
UNKNOWN = "is not known in {table}. Add it there first, or correct it."


@dataclass(frozen=True, slots=True)
class Job:
    """What all chunks of one job share."""

    importer: Importer
    target: TableDescription
    fields: Mapping[str, str]
    keys: tuple[tuple[str, ...], ...]
    sensitive: frozenset[str]
    references: ReferenceChecker
    into_empty: bool = False


class ChunkImport:
    """Steps in the order of `run`; what each finds wrong goes to `refusals`."""

    def __init__(self, job: Job, layout: Layout, chunk: Chunk) -> None:
        self.job, self.layout, self.chunk = job, layout, chunk
        self.rows: Rows = read_block(chunk.data, layout, block_of(chunk.planned))
        self.selected = select_rows(self.rows.numbers, chunk.only_rows)
        self.texts, self.numbers = self.rows.table, self.rows.numbers
        if self.selected is not None:
            self.texts = self.texts.filter(pa.array(self.selected))
            self.numbers = self.numbers[self.selected]
        self.hidden = frozenset(c for c, name in job.fields.items() if name in job.sensitive)
        shown = {name: column for column, name in job.fields.items()}
        self.refusals = Refusals(self.texts, self.numbers, shown, self.hidden)

    def run(self, connection: Connection) -> Outcome:
        records = Records(np.arange(len(self.numbers)), self._cast())
        if self.has_hooks:
            extra = {name: self.texts[name] for name in self._unmapped}
            job = self.job
            records = run_hooks(job.importer, job.target, records, extra, self.refusals)
        self._rules(records)
        self._duplicates()
        stored = self._references(connection, records)
        self._existing(connection, records, stored)
        return self._outcome(connection, records, stored)

    @property
    def has_hooks(self) -> bool:
        return self.job.importer.has("transform") or self.job.importer.has("validate")

    @property
    def _unmapped(self) -> list[str]:
        if not self.job.importer.has("transform"):
            return []
        return [name for name in self.layout.columns if name not in self.job.fields]

    def _cast(self) -> dict[str, Any]:
        for column, cast in self.casts.items():
            self.refusals.extend(self.job.fields[column], cast.bad)
        return {cast.field.name: cast.values for cast in self.casts.values()}

    @cached_property
    def casts(self) -> dict[str, CastColumn]:
        """By the file's column."""
        found = {}
        for column, name in self.job.fields.items():
            texts = self.texts[column]
            if self.job.importer.null_values:
                texts = blank_out(texts, self.job.importer.null_values)
            found[column] = cast_column(self.job.target.field(name), texts)
        return found

    def _rules(self, records: Records) -> None:
        for name, rule in self.job.importer.rules.items():
            if name not in records.values:
                continue
            for mask, code, allowed in check_rules(rule, records.values[name]):
                for position in records.positions[mask].tolist():
                    self.refusals.add(position, name, code, allowed)

    def _duplicates(self) -> None:
        """What planning found in the whole file; a row that failed already says enough."""
        for row, key, first in self.chunk.planned.hints.get("duplicates", ()):
            position = int(np.searchsorted(self.numbers, row))
            if position == len(self.numbers) or self.numbers[position] != row:
                continue
            if not self.refusals.bad[position]:
                self._refuse_key(position, key, "duplicate_in_file", REPEATED.format(first=first))

    def _refuse_key(self, position: int, key: int, code: str, ending: str) -> None:
        names = self.job.keys[key]
        if len(names) == 1:
            self.refusals.add(position, names[0], code, ending)
        else:
            self.refusals.add(position, "", code, f"has a key ({', '.join(names)}) that {ending}")

    def _references(self, connection: Connection, records: Records) -> dict[str, Any]:
        """The columns to store: natural keys turned into what the table holds."""
        stored = {}
        for name, values in records.values.items():
            field = self.job.target.field(name)
            reference = field.reference
            if reference is not None:
                resolve = self.job.references.resolve
                values, unknown = resolve(connection, reference, values)
                ending = UNKNOWN.format(table=reference.table.name)
                for position in records.positions[unknown].tolist():
                    self.refusals.add(position, name, "unknown_reference", ending)
            stored[field.column] = values
        return stored

    def _existing(
        self, connection: Connection, records: Records, stored: Mapping[str, Any]
    ) -> None:
        if self.job.into_empty and not self.chunk.isolate:
            return
        good = np.flatnonzero(~self.refusals.bad[records.positions])
        target = self.job.target
        for number, names in enumerate(self.job.keys):
            columns = [target.table.c[target.field(name).column] for name in names]
            if not all(column.name in stored for column in columns):
                continue
            keys = [take(stored[column.name], good) for column in columns]
            for place in existing(connection, columns, keys).tolist():
                position = int(records.positions[good[place]])
                if not self.refusals.bad[position]:
                    self._refuse_key(position, number, "already_exists", TAKEN)

    def _outcome(
        self, connection: Connection, records: Records, stored: Mapping[str, Any]
    ) -> Outcome:
        good = np.flatnonzero(~self.refusals.bad[records.positions])
        ragged = ragged_failures(self._ragged, self.hidden)
        failures = sorted([*self.refusals.failures(), *ragged], key=lambda failure: failure.row)
        untouched = len(self.numbers) - len(records.positions)
        refused_early = int(self.refusals.bad.sum()) - int(
            self.refusals.bad[records.positions].sum()
        )
        skipped = untouched - refused_early
        writer = None
        if len(good):
            batch = self._batch(connection, records, stored, good)
            writer = writer_for(connection.dialect.name, batch)
        return Outcome(len(good), failures, writer, skipped=skipped)

    @property
    def _ragged(self) -> list[Any]:
        only = self.chunk.only_rows
        return [row for row in self.rows.ragged if only is None or row.row in only]

    def _batch(
        self, connection: Connection, records: Records, stored: Mapping[str, Any], good: Any
    ) -> Batch:
        columns = {name: take(values, good) for name, values in stored.items()}
        missing = [c for c in self.job.target.table.columns if c.name not in columns]
        filled = [column for column in missing if has_default(column)]
        columns |= default_columns(connection, filled, len(good))
        batch = Batch(
            self.job.target.table,
            columns,
            records.positions[good],
            self.refusals,
            isolate=self.chunk.isolate,
        )
        if connection.dialect.name == "postgresql":
            self._keep_texts(batch, records, good, filled)
        return batch

    def _keep_texts(
        self, batch: Batch, records: Records, good: Any, filled: list[Column[Any]]
    ) -> None:
        """What PostgreSQL may read as the file has it: the whole records, or single columns."""
        safe = {c: cast for c, cast in self.casts.items() if cast.raw_safe and is_plain(cast.field)}
        if self.job.importer.has("transform"):
            kept = [cast for cast in safe.values() if untouched(cast, records)]
            places = records.positions[good]
            batch.texts = {cast.field.column: take(cast.texts, places) for cast in kept}
            return
        layout = self.layout
        whole = len(safe) == len(layout.columns) and not filled and not batch.isolate
        if whole and not self.job.importer.null_values and self.selected is None:
            odd = layout.delimiter.isalnum() or layout.delimiter in ".\\"  # not in text format
            quoted = self.rows.quoted or self.rows.has_backslash or odd
            if not quoted or (layout.quote and b"\\." not in self.chunk.data):
                batch.raw = file_bytes(self.rows, good)
                batch.delimiter, batch.quote = layout.delimiter, layout.quote if quoted else ""
                return
        batch.texts = {cast.field.column: take(cast.texts, good) for cast in safe.values()}


def untouched(cast: CastColumn, records: Records) -> bool:
    """Did `transform` leave the column as it was read? Comparing costs far less than writing."""
    after = records.values.get(cast.field.name)
    before = take(cast.values, records.positions)
    return after is not None and after.type == before.type and bool(after.equals(before))


def file_bytes(rows: Rows, places: Any) -> bytes:
    """The file's own bytes of these table rows; what lies together is copied together."""
    if len(places) == rows.table.num_rows:
        return bytes(rows.raw_slice())
    starts, ends = rows.starts[places], rows.ends[places]
    gaps = np.flatnonzero(starts[1:] != ends[:-1] + 1)
    first, last = starts[np.r_[0, gaps + 1]].tolist(), ends[np.r_[gaps, -1]].tolist()
    pieces = [rows.data[start:stop] for start, stop in zip(first, last, strict=True)]
    return b"\n".join([*pieces, b""])


def is_plain(field: Field) -> bool:
    """Stored as written, not looked up."""
    return field.reference is None or not field.reference.surrogate


def take(values: Any, places: Any) -> Any:
    return values if len(places) == len(values) else values.take(pa.array(places))


def select_rows(numbers: Any, only: frozenset[int] | None) -> Any:
    """A mask of the rows this round tries again; None means all of them."""
    return None if only is None else np.isin(numbers, np.fromiter(only, np.int64, len(only)))


def blank_out(texts: Any, tokens: Any) -> Any:
    hit = pc.is_in(texts, pa.array(list(tokens), pa.string()))
    return pc.if_else(hit, "", texts)
