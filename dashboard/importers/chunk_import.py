"""One chunk of a file: read, cast, hooks, checks, and the records ready to write."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from dashboard.importers.batch_making import BatchMaker
from dashboard.importers.chunk_rows import ChunkRows
from dashboard.importers.column_reading import ColumnReading
from dashboard.importers.duplicate_rows import SKIP
from dashboard.importers.hooks import Records, run_hooks
from dashboard.importers.job import Job
from dashboard.importers.key_checks import KeyChecks, key_refusal
from dashboard.importers.rules import check_rules
from dashboard.jobs.chunk_job import Chunk, Outcome
from dashboard.records.casting import BLANK, CastColumn
from dashboard.records.loading import writer_for
from dashboard.records.refusals import Refusals, ragged_failures

REPEATED = "stands in row {other} {too} and must be unique. Change it or delete one of the rows."
UNKNOWN = "is not known in {table}. Add it there first, or correct it."


class ChunkImport:
    """Steps in the order of `run`; what each finds wrong goes to `refusals`."""

    def __init__(self, job: Job, chunk: Chunk) -> None:
        self.job, self.chunk = job, chunk
        self.rows = ChunkRows(chunk)
        self.texts, self.numbers = self.rows.texts, self.rows.numbers
        shown = {reading.field.name: column for column, reading in job.columns.items()}
        self.hidden = frozenset(column for name, column in shown.items() if name in job.sensitive)
        self.refusals = Refusals(self.texts, self.numbers, shown, self.hidden)

    def run(self, connection: Connection) -> Outcome:
        records = Records(np.arange(len(self.numbers)), self._cast())
        if self.has_hooks:
            records = self._run_hooks(records)
        self._rules(records)
        self._duplicates()
        stored = self._references(connection, records)
        checks = KeyChecks(self.job, self.refusals, records, stored)
        checks.run(connection, isolate=self.chunk.isolate, again=self.chunk.only_rows is not None)
        return self._outcome(connection, records, stored)

    # -- values ------------------------------------------------------------------------------

    def _cast(self) -> dict[str, Any]:
        found = {}
        for cast in self.casts.values():
            name = cast.field.name
            self.refusals.extend(name, self._bad_cells(cast))
            if name in self.job.key_fields and self.job.options.merges:
                self._key_needs_values(cast)
            found[name] = cast.values
        for name, cast in self.constants.items():
            self.refusals.extend(name, cast.bad)
            found[name] = cast.values
        return found

    @cached_property
    def casts(self) -> dict[str, CastColumn]:
        """By the file's column."""
        return {
            column: reading.cast(self.texts[column]) for column, reading in self.job.columns.items()
        }

    @cached_property
    def constants(self) -> dict[str, CastColumn]:
        count, target = len(self.numbers), self.job.target
        return {
            name: ColumnReading(target.field(name)).cast(pa.array([text] * count, pa.string()))
            for name, text in self.job.options.constants.items()
        }

    @property
    def _all_casts(self) -> list[CastColumn]:
        return [*self.casts.values(), *self.constants.values()]

    def _bad_cells(self, cast: CastColumn) -> list[tuple[int, str, str]]:
        """A blank that leaves what is there is not wrong (a merge looks at new records)."""
        if not self.job.leaves_blanks or cast.field.name in self.job.key_fields:
            return cast.bad
        return [item for item in cast.bad if item[1] != BLANK[0]]

    def _key_needs_values(self, cast: CastColumn) -> None:
        if cast.field.nullable and cast.texts.null_count:
            blank = np.flatnonzero(np.asarray(cast.texts.is_null()))
            self.refusals.extend(cast.field.name, ((place, *BLANK) for place in blank.tolist()))

    @property
    def has_hooks(self) -> bool:
        return self.job.importer.has("transform") or self.job.importer.has("validate")

    def _run_hooks(self, records: Records) -> Records:
        extra = {}
        if self.job.importer.has("transform"):
            names = [name for name in self.texts.column_names if name not in self.job.columns]
            extra = {name: self.texts[name] for name in names}
        return run_hooks(
            self.job.importer,
            self.job.target,
            records,
            extra,
            self.refusals,
            blank_too=self.job.leaves_blanks,
        )

    # -- checks ------------------------------------------------------------------------------

    def _rules(self, records: Records) -> None:
        for name, rule in self.job.importer.rules.items():
            if name not in records.values:
                continue
            for mask, code, allowed in check_rules(rule, records.values[name]):
                for position in records.positions[mask].tolist():
                    self.refusals.add(position, name, code, allowed)

    def _duplicates(self) -> None:
        """What planning found in the whole file; a row that failed already says enough."""
        for row, key, other, *what in self.chunk.planned.hints.get("duplicates", ()):
            position = self.rows.position(row)
            if position is None or self.refusals.bad[position] or what == [SKIP]:
                continue
            names = self.job.keys[key]
            if not self._has_other_key(row, names) and not self._has_other_key(other, names):
                ending = REPEATED.format(other=other, too="already" if other < row else "too")
                self.refusals.add(position, *key_refusal(names, "duplicate_in_file", ending))

    def _has_other_key(self, row: int, names: tuple[str, ...]) -> bool:
        """Was the row left out, or its key changed, by a correction?"""
        if row not in self.rows.corrections:
            return False
        position = self.rows.position(row)
        if position is None:
            return True
        return any(
            self._corrected(row, position, column)
            for column, reading in self.job.columns.items()
            if reading.field.name in names
        )

    def _corrected(self, row: int, position: int, column: str) -> bool:
        before = self.rows.as_in_file(row, column)
        if before is None:
            return True
        was = self.job.columns[column].cast(pa.array([before], pa.string())).values
        return not was.equals(self.casts[column].values.slice(position, 1))

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

    # -- records -----------------------------------------------------------------------------

    def _outcome(
        self, connection: Connection, records: Records, stored: Mapping[str, Any]
    ) -> Outcome:
        job, bad = self.job, self.refusals.bad
        good = np.flatnonzero(~bad[records.positions])
        ragged = ragged_failures(self.rows.ragged, self.hidden)
        failures = sorted([*self.refusals.failures(), *ragged], key=lambda failure: failure.row)
        dropped = len(self.numbers) - len(records.positions)
        refused_early = int(bad.sum()) - int(bad[records.positions].sum())
        skipped = self.rows.skipped + dropped - refused_early
        writer: Any = None
        if len(good):
            maker = BatchMaker(job, self.chunk, self.rows, self.refusals)
            batch = maker.make(connection, records, stored, good, self._all_casts)
            writer = writer_for(connection.dialect.name, batch, job.merge(self.chunk.number))
        return Outcome(len(good), failures, writer, skipped=skipped)
