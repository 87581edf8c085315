"""Takes any file into a new table: every column a text, every row as it is written.

A blank cell of a delimited file is an empty text; null is a cell that is not there at all (an empty
cell of a workbook, a key a JSON line lacks, a null in a Parquet file).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
from sqlalchemy import Column, Connection, MetaData, Table, Text, inspect, literal, select

from dashboard.errors import FileRefused, InputRefused
from dashboard.importers.batch_making import keep_raw
from dashboard.importers.chunk_job import GenericImportChunkJob
from dashboard.importers.chunk_rows import ChunkRows
from dashboard.importers.duplicate_rows import KeyChoice
from dashboard.importers.importer import Importer
from dashboard.importers.upload import opened
from dashboard.jobs.chunk_job import Chunk, Connect, Outcome, Plan
from dashboard.records.batch import BLANKS_MARK, Batch
from dashboard.records.loading import writer_for
from dashboard.records.refusals import Refusals, ragged_failures
from dashboard.records.table import TableDescription
from dashboard.records.written import Written

TABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
RESERVED = ("sqlite_", "pg_", "jobengine_")
# What would change or choose cells: this type takes all of them as they are.
MEANINGLESS = ("mapping", "key", "constants", "formats", "values")
MOST_COLUMNS = {"postgresql": 1_600, "sqlite": 2_000}
NAME_BYTES = 63
SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})


class AnyFileImporter(Importer):
    """No field: a file's columns are matched with nothing."""

    def describe(self, connect: Connect | None = None) -> TableDescription:
        return TableDescription(Table("any_file", MetaData()), (), (), (), ())


class AnyFileImportJob(GenericImportChunkJob):
    """The option `table` names the table; the plan's layout holds it and, in `fields`, the columns.

    The table is made before the first chunk. One of that name is refused, unless it has the very
    columns and no rows: then it is this job's own, prepared again after a crash.
    """

    made: Table | None = None

    def plan(self, source: BinaryIO) -> Plan:
        refuse_meaningless(self.options)
        name = table_name(self.options.get("table"))
        with opened(source, self.forms, self.options) as upload:
            self.made = self._new_table(name, upload.columns)
            plan = upload.plan(
                key_columns=(),
                chunk_rows=self.options.get("chunkRows") or self.job_type.chunk_rows,
                choice=KeyChoice(),
            )
        fields = dict(zip(upload.columns, self.made.columns.keys(), strict=True))
        extra: dict[str, Any] = {"table": name, "fields": fields, "keys": [], "ignored": []}
        return Plan({**plan.layout, **extra}, plan.chunks)

    def _new_table(self, name: str, columns: Sequence[str]) -> Table:
        with self.connect() as connection:
            connection.execution_options(sqlite_begin="DEFERRED")
            table = text_table(name, column_names(connection.dialect.name, columns))
            refuse_existing(connection, table)
            return table

    def before(self, connection: Connection) -> None:
        if self.made is not None and self.purpose != "check":
            self.made.create(connection, checkfirst=True)

    def after(self, connection: Connection) -> None:
        """There is no importer with a hook."""

    def run_chunk(self, chunk: Chunk) -> Outcome:
        fields = chunk.layout["fields"]
        table = text_table(chunk.layout["table"], [fields[c] for c in chunk.layout["columns"]])
        rows = ChunkRows(chunk, nulls=True)
        hidden = {column for column in fields if column in self.job_type.sensitive}
        refusals = Refusals(rows.texts, rows.numbers, {}, hidden)
        columns = {fields[name]: cells_of(rows.texts[name]) for name in rows.texts.column_names}
        count, writer = len(rows.numbers), None
        if count:
            batch = Batch(table, columns, np.arange(count), refusals, isolate=chunk.isolate)
            writer = self._writer(batch, rows, chunk)
        failures = ragged_failures(rows.ragged, hidden)
        return Outcome(count, failures, writer, skipped=rows.skipped)

    def _writer(self, batch: Batch, rows: ChunkRows, chunk: Chunk) -> Any:
        if self.purpose == "check":
            return NewTable(batch.count)
        with self.connect() as connection:
            dialect = connection.dialect.name
        if dialect == "postgresql":
            batch.texts, batch.keeps_blanks = batch.columns, True
            if rows.whole and not batch.isolate and BLANKS_MARK not in chunk.data:
                keep_raw(batch, rows.read, batch.positions, chunk.data)
        return writer_for(dialect, batch)


class NewTable:
    """A check of a table that is not there yet: every record would be a new one."""

    def __init__(self, count: int) -> None:
        self.count = count

    def open(self, connection: Connection) -> None:
        """Nothing to open."""

    def write(self, connection: Connection) -> Written:
        return Written([], created=self.count)

    def close(self, connection: Connection | None) -> None:
        """Nothing was made."""


def refuse_meaningless(options: Mapping[str, Any]) -> None:
    if options.get("mode") not in (None, "", "insert"):
        message = f"mode {options['mode']!r}: a new table holds nothing to change. Use 'insert'."
        raise InputRefused(message, code="mode")
    for name in MEANINGLESS:
        if options.get(name):
            message = f"{name}: any-file takes every column as it is. Leave it out."
            raise InputRefused(message, code=name)


def table_name(name: Any) -> str:
    """A name that needs no quotes anywhere; raises InputRefused."""
    if not name:
        raise wrong_table("Name the new table, such as 'prices_2026'.")
    if not isinstance(name, str) or not TABLE_NAME.fullmatch(name):
        raise wrong_table(
            f"{name!r} cannot name a table. Use letters, digits and _ (at most 63), not beginning"
            " with a digit."
        )
    if name.lower().startswith(RESERVED):
        raise wrong_table(f"{name!r} begins like a table of the database's own. Choose another.")
    return name


def wrong_table(message: str) -> InputRefused:
    return InputRefused(message, code="table")


def text_table(name: str, columns: Sequence[str]) -> Table:
    return Table(name, MetaData(), *(Column(column, Text()) for column in columns))


def refuse_existing(connection: Connection, table: Table) -> None:
    inspector = inspect(connection)
    same = same_name(connection.dialect.name)
    names = [*inspector.get_table_names(), *inspector.get_view_names()]
    if same(table.name) not in map(same, names):
        return
    there = inspector.get_columns(table.name)
    ours = [column["name"] for column in there] == list(table.columns.keys())
    ours = ours and all(isinstance(column["type"], Text) for column in there)
    if not ours or connection.scalar(select(literal(1)).select_from(table).limit(1)):
        raise wrong_table(
            f"There is a table {table.name!r} already. Choose another name for the new one."
        )


def column_names(dialect: str, columns: Sequence[str]) -> list[str]:
    """Names the database takes: at most 63 bytes, unique, none of its own (`name_2` instead).

    SQLite does not tell upper from lower case.
    """
    most = MOST_COLUMNS.get(dialect, min(MOST_COLUMNS.values()))
    if len(columns) > most:
        message = (
            f"The file has {len(columns):,} columns; a table takes at most {most:,}."
            " Delete columns, or split the file."
        )
        raise FileRefused(message, code="too_many_columns")
    same = same_name(dialect)
    as_they_are = {same(name) for name in columns if fits(name)}
    taken, found = set(SYSTEM_COLUMNS), []
    for name in columns:
        chosen, number = name, 1
        while (
            same(chosen) in taken
            or (chosen != name and same(chosen) in as_they_are)
            or not fits(chosen)
        ):
            number += 1
            ending = f"_{number}" if number > 2 or fits(name) else ""
            chosen = name.encode()[: NAME_BYTES - len(ending)].decode(errors="ignore") + ending
        taken.add(same(chosen))
        found.append(chosen)
    return found


def same_name(dialect: str) -> Callable[[str], str]:
    return str.lower if dialect == "sqlite" else str


def fits(name: str) -> bool:
    return len(name.encode()) <= NAME_BYTES


def cells_of(column: Any) -> Any:
    """One array whose absent cells are null."""
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
