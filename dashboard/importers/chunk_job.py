"""The import job every import type runs unless it names its own."""

from collections.abc import Mapping, Sequence
from dataclasses import fields as dataclass_fields
from functools import cached_property
from typing import Any, BinaryIO

import pyarrow as pa
from sqlalchemy import Connection, literal, select, text

from dashboard.errors import InputRefused
from dashboard.formats.delimited import Layout, detect
from dashboard.importers.chunk_import import ChunkImport, Job
from dashboard.importers.importer import Importer, importer_for
from dashboard.importers.mapping import ColumnMapping, match_columns
from dashboard.importers.planning import KeySpec, plan_delimited
from dashboard.jobs.chunk_job import BaseChunkJob, Chunk, Outcome, Plan
from dashboard.records.casting import arrow_type
from dashboard.records.checks import ReferenceChecker
from dashboard.records.fields import FieldType
from dashboard.records.table import TableDescription

READING = ("delimiter", "encoding", "quote")
LAYOUT_NAMES = tuple(field.name for field in dataclass_fields(Layout))


class GenericImportChunkJob(BaseChunkJob):
    """Imports a delimited file into the type's table, chunk by chunk.

    The plan's layout also holds `fields` (the file's columns to fields), `keys` (fields of each
    unique key, as `duplicates` counts them), `ignored` (columns no field takes) and `into_empty`
    (no record stood in the table: its keys need no look-up; one that comes meanwhile from elsewhere
    is met by the constraint, and the chunk then isolates).
    """

    @cached_property
    def importer(self) -> Importer:
        return importer_for(self.job_type)

    @cached_property
    def target(self) -> TableDescription:
        return self.importer.describe(self.connect)

    @cached_property
    def references(self) -> ReferenceChecker:
        return ReferenceChecker()

    def plan(self, source: BinaryIO) -> Plan:
        refuse_what_is_missing(self.options)
        reading: dict[str, Any] = {name: self.options.get(name) for name in READING}
        mapping = self.match(detect(source, **reading).columns)
        keys = self._keys(mapping)
        plan = plan_delimited(
            source,
            key_columns=[self._key_spec(key, mapping) for key in keys],
            chunk_rows=self.options.get("chunkRows") or self.job_type.chunk_rows,
            **reading,
        )
        extra = {
            "fields": dict(mapping.fields),
            "keys": keys,
            "ignored": list(mapping.ignored),
            "into_empty": self._target_is_empty(),
        }
        return Plan({**plan.layout, **extra}, plan.chunks)

    def match(self, columns: tuple[str, ...]) -> ColumnMapping:
        """Columns to fields, by name or as `options["mapping"]` says."""
        overrides = self.options.get("mapping")
        return match_columns(self.target.fields, columns, overrides)

    def run_chunk(self, chunk: Chunk) -> Outcome:
        layout = Layout.from_json({name: chunk.layout[name] for name in LAYOUT_NAMES})
        job = Job(
            self.importer,
            self.target,
            in_file_order(chunk.layout["fields"], layout.columns),
            tuple(tuple(key) for key in chunk.layout["keys"]),
            frozenset((*self.importer.sensitive, *self.job_type.sensitive)),
            self.references,
            bool(chunk.layout.get("into_empty")),
        )
        with self.connect() as connection:
            # Only reads: on SQLite it must not wait for, or hold, the write lock.
            reading = connection.execution_options(sqlite_begin="DEFERRED")
            return ChunkImport(job, layout, chunk).run(reading)

    def before(self, connection: Connection) -> None:
        self.importer.before(connection)

    def after(self, connection: Connection) -> None:
        raise_sequence(connection, self.target)
        self.importer.after(connection)

    def _target_is_empty(self) -> bool:
        with self.connect() as connection:
            connection.execution_options(sqlite_begin="DEFERRED")
            return (
                connection.scalar(select(literal(1)).select_from(self.target.table).limit(1))
                is None
            )

    def _keys(self, mapping: ColumnMapping) -> list[list[str]]:
        """The unique keys this file fills."""
        filled = set(mapping.fields.values()) - set(self.importer.computed)
        return [list(key) for key in self.target.unique_keys if filled.issuperset(key)]

    def _key_spec(self, key: list[str], mapping: ColumnMapping) -> KeySpec:
        column_of = {name: column for column, name in mapping.fields.items()}
        return KeySpec(
            tuple(column_of[name] for name in key),
            tuple(self._key_type(name) for name in key),
            ("", *self.importer.null_values),
        )

    def _key_type(self, name: str) -> Any:
        field = self.target.field(name)
        # A naive time may be written with Z, which Arrow's own cast refuses: compared as text.
        naive = field.type is FieldType.DATETIME and not field.timezone
        return pa.string() if naive else arrow_type(field)


def refuse_what_is_missing(options: Mapping[str, Any]) -> None:
    """An option that would change what is written must not be passed over."""
    mode = options.get("mode") or "insert"
    if mode != "insert":
        raise InputRefused(f"Mode {mode!r} is not available. Use 'insert'.", code="mode")
    if options.get("check"):
        raise InputRefused("An import cannot be checked without running it yet.", code="check")


def raise_sequence(connection: Connection, target: TableDescription) -> None:
    """Keys from a file leave PostgreSQL's sequence behind: the next new record would collide."""
    column = target.table.autoincrement_column
    filled = any(column is not None and f.column == column.name for f in target.fields)
    if column is None or not filled or connection.dialect.name != "postgresql":
        return
    name = connection.dialect.identifier_preparer.format_table(target.table)
    asked = text("SELECT pg_get_serial_sequence(:name, :column)")
    sequence = connection.scalar(asked, {"name": name, "column": column.name})
    top = connection.scalar(select(column).order_by(column.desc()).limit(1))
    if sequence and top:
        # Only a sequence that is behind: others may be counting on it right now.
        behind = f"FROM {sequence} WHERE last_value < :top"  # the server's own, quoted name of it
        raised = f"SELECT setval(:sequence, :top) {behind}"
        connection.execute(text(raised), {"sequence": sequence, "top": top})


def in_file_order(fields: Mapping[str, str], columns: Sequence[str]) -> dict[str, str]:
    """A database's JSON may forget the order of keys; raw bytes have the file's."""
    return {column: fields[column] for column in columns if column in fields}
