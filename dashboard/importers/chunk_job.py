"""The import job every import type runs unless it names its own."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, BinaryIO

import pyarrow as pa
from sqlalchemy import Connection, literal, select, text

from dashboard.errors import InputRefused
from dashboard.importers.chunk_import import ChunkImport
from dashboard.importers.chunk_rows import is_one_of, read_rows
from dashboard.importers.column_reading import ESCAPED_FORMATS, ColumnReading
from dashboard.importers.duplicate_rows import KeyChoice
from dashboard.importers.import_options import ImportOptions
from dashboard.importers.importer import Importer, importer_for
from dashboard.importers.job import Job
from dashboard.importers.key_choice import chosen_key, filled_keys, needed_fields
from dashboard.importers.key_finder import KeySpec
from dashboard.importers.mapping import ColumnMapping, match_columns
from dashboard.importers.upload import TABLE, Upload, opened
from dashboard.jobs.chunk_job import BaseChunkJob, Chunk, Outcome, Plan
from dashboard.records.casting import arrow_type
from dashboard.records.checks import ReferenceChecker
from dashboard.records.failures import HIDDEN
from dashboard.records.fields import FieldType
from dashboard.records.table import TableDescription

Keys = Sequence[tuple[str, ...]]
POINTS = (
    "Format of column {column!r}: the file's own numbers have a decimal point, so '.' cannot mark"
    " thousands in it. Turn the column's texts into numbers, or save the file as CSV."
)


class GenericImportChunkJob(BaseChunkJob):
    """Imports a file into the type's table, chunk by chunk.

    The plan's layout also holds `kind` ("delimited" or "table"), `found` (what was found out about
    the file, formats/found.py), `fields` (the file's columns to fields), `keys` (fields of each
    unique key, as `duplicates` counts them), `key` (the place of the chosen one), `ignored`
    (columns no field takes) and `into_empty` (no record stood in the table: its keys need no
    look-up; one that comes meanwhile from elsewhere is met by the constraint, and the chunk then
    isolates).
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

    @cached_property
    def sensitive(self) -> frozenset[str]:
        """Fields whose cells nobody may read."""
        return frozenset((*self.importer.sensitive, *self.job_type.sensitive))

    @cached_property
    def chosen(self) -> ImportOptions:
        """Raises InputRefused."""
        return ImportOptions.from_options(self.options)

    # -- planning ----------------------------------------------------------------------------

    def plan(self, source: BinaryIO) -> Plan:
        key = chosen_key(self.target, self.chosen)
        with opened(source, self.forms, self.options) as upload:
            mapping = self.match(upload)
            found, typed = upload.found.format, upload.layout is None
            self._check_choices(mapping, typed=typed)
            keys, place = filled_keys(self.importer, self.target, self.chosen, mapping.filled, key)
            plan = upload.plan(
                key_columns=[self._key_spec(k, mapping, found, typed=typed) for k in keys],
                chunk_rows=self.options.get("chunkRows") or self.job_type.chunk_rows,
                choice=KeyChoice(place, self.chosen.duplicates),
            )
        if plan.rows > 1:
            refuse_one_record(keys, mapping)
        extra = {
            "fields": dict(mapping.fields),
            "keys": [list(names) for names in keys],
            "key": place,
            "ignored": list(mapping.ignored),
            "into_empty": not self.chosen.merges and self._target_is_empty(),
        }
        return Plan({**plan.layout, **extra}, plan.chunks)

    def match(self, upload: Upload) -> ColumnMapping:
        """Columns to fields, by name or alias, or as `options["mapping"]` says."""
        upload.check_headers(self.chosen.mapping)
        key = chosen_key(self.target, self.chosen)
        return match_columns(
            self.target.fields,
            upload.columns,
            self.chosen.mapping,
            aliases=self.importer.aliases,
            constants=self.chosen.constants,
            needed=needed_fields(self.target, self.chosen, key),
        )

    def _check_choices(self, mapping: ColumnMapping, *, typed: bool) -> None:
        """What is chosen for single columns and fields must mean something. InputRefused."""
        for column, chosen in self.chosen.formats.items():
            if column not in {*mapping.fields, *mapping.ignored}:
                raise refuse("format", f"formats: the file has no column {column!r}.")
            if typed and chosen.thousands == ".":
                raise refuse("format", POINTS.format(column=column))
        for name in self.chosen.values:
            if name not in mapping.filled:
                raise refuse("values", f"values: no column fills a field {name!r}.")
        for name, constant in mapping.constants.items():
            field = self.target.field(name)
            cast = ColumnReading(field).cast(pa.array([constant], pa.string()))
            shown = HIDDEN if name in self.sensitive else constant
            for _, _, ending in cast.bad:
                raise refuse("constant", f'Constant for {field.label}: "{shown}" {ending}')

    def _target_is_empty(self) -> bool:
        with self.connect() as connection:
            connection.execution_options(sqlite_begin="DEFERRED")
            return (
                connection.scalar(select(literal(1)).select_from(self.target.table).limit(1))
                is None
            )

    def _key_spec(
        self, key: Sequence[str], mapping: ColumnMapping, found: str, *, typed: bool
    ) -> KeySpec:
        """A constant part of a key is the same in every row."""
        column_of = {name: column for column, name in mapping.fields.items()}
        names = [name for name in key if name in column_of]
        readings = [self.reading(column_of[name], name, found, typed=typed) for name in names]
        return KeySpec(
            tuple(column_of[name] for name in names),
            tuple(self._key_type(name) for name in names),
            ("", *self.importer.null_values),
            tuple(r.rewritten if r.rewrites else None for r in readings),
        )

    def _key_type(self, name: str) -> Any:
        field = self.target.field(name)
        # A naive time may be written with Z, which Arrow's own cast refuses: compared as text.
        naive = field.type is FieldType.DATETIME and not field.timezone
        return pa.string() if naive else arrow_type(field)

    # -- running -----------------------------------------------------------------------------

    def reading(self, column: str, name: str, found: str, *, typed: bool = False) -> ColumnReading:
        """How a column's cells become a field's values; `found` is the file's format, `typed` as
        in `ColumnReading`."""
        return ColumnReading(
            self.target.field(name),
            self.chosen.values.get(name, {}),
            tuple(self.importer.null_values),
            self.chosen.formats.get(column),
            typed,
            self.chosen.unescape and found in ESCAPED_FORMATS,
        )

    def facts(self, layout: Mapping[str, Any]) -> Job:
        """What all chunks of the job share, by the plan's layout."""
        fields = in_file_order(layout["fields"], layout["columns"])
        found, typed = layout["found"]["format"], layout.get("kind") == TABLE
        keeps_undo = self.job_type.undo_days > 0 and self.chosen.undo and self.purpose == "run"
        return Job(
            self.importer,
            self.target,
            {c: self.reading(c, name, found, typed=typed) for c, name in fields.items()},
            tuple(tuple(key) for key in layout["keys"]),
            layout.get("key"),
            self.sensitive,
            self.references,
            self.chosen,
            into_empty=bool(layout.get("into_empty")),
            check=self.purpose == "check",
            undo_of=self.uuid if keeps_undo else None,
        )

    def run_chunk(self, chunk: Chunk) -> Outcome:
        job = self.facts(chunk.layout)
        with self.connect() as connection:
            # Only reads: on SQLite it must not wait for, or hold, the write lock.
            reading = connection.execution_options(sqlite_begin="DEFERRED")
            return ChunkImport(job, chunk).run(reading)

    def cells_of(self, chunk: Chunk, rows: Collection[int]) -> dict[int, list[str]]:
        """As the file has them, ragged rows too: a correction starts here when cells are hidden."""
        read = read_rows(chunk)
        mask = is_one_of(read.numbers, rows)
        cells = read.table.filter(pa.array(mask)).to_pydict().values()
        found = zip(read.numbers[mask].tolist(), zip(*cells, strict=True), strict=True)
        whole = {row: list(texts) for row, texts in found}
        return whole | {row.row: row.cells for row in read.ragged if row.row in rows}

    def before(self, connection: Connection) -> None:
        """A check calls no hook that may write."""
        if self.purpose != "check":
            self.importer.before(connection)

    def after(self, connection: Connection) -> None:
        if self.purpose != "check":
            raise_sequence(connection, self.target)
            self.importer.after(connection)


def refuse(code: str, message: str) -> InputRefused:
    return InputRefused(message, code=code)


def refuse_one_record(keys: Keys, mapping: ColumnMapping) -> None:
    """Constants that fill a whole key would make every row the same record."""
    for names in keys:
        if mapping.constants.keys() >= set(names):
            message = f"Constants fill the whole key ({', '.join(names)}): all rows would be one"
            raise refuse("constant", f"{message} record. Map a column to one of its fields.")


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
