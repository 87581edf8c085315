"""PostgreSQL: COPY out of one exported snapshot, over several connections at once."""

import os
from collections.abc import Sequence
from contextlib import closing, suppress
from io import BytesIO
from select import POLLIN, poll
from typing import Any

import pyarrow as pa
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, TransactionStatus
from pyarrow import csv
from sqlalchemy import ClauseElement, Column, Connection, Engine, Select, literal_column

from dashboard.errors import InputRefused
from dashboard.exporters.snapshot import Block, Lines, Tables
from dashboard.exporters.text_columns import Expression, postgres_cell, postgres_value
from dashboard.formats.write_options import WriteOptions
from dashboard.lib.clock import now
from dashboard.records.casting import arrow_type
from dashboard.records.fields import Field

# Two keep two cores busy: the server's half of the work is done by another process.
MOST_READERS = 2
BLOCK_BYTES = 256 << 10
# Text forms that do not hang on who is connected; nothing ends the wait of the keeper.
SESSION = """SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, MDY';
SET LOCAL extra_float_digits = 1; SET LOCAL jit = off; SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = '60s'; SET LOCAL idle_in_transaction_session_timeout = 0"""
READ_ONLY = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class PostgresSnapshot:
    """The planner's connection keeps the snapshot; it dies with that connection."""

    dialect = "postgresql"
    parallel = True

    def __init__(self, engine: Engine) -> None:
        self.at = now()
        self.planner = PostgresReader(engine)
        self.readers: list[PostgresReader] = []
        try:
            name = self.planner.connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar()
            for _ in range(min(MOST_READERS, os.cpu_count() or 1)):
                self.readers.append(PostgresReader(engine, name))
        except BaseException:
            self.close()
            raise

    def writes_text(self, fields: Sequence[Field], options: WriteOptions) -> bool:
        """COPY quotes a lone `\\.` and leaves a lone null blank: one column is written by us."""
        usual = options.is_delimited and options.is_utf8 and options.decimal == "."
        return usual and len(fields) > 1

    def close(self) -> None:
        for reader in (*self.readers, self.planner):
            reader.close()


class PostgresReader:
    """A read-only transaction that sees the snapshot `name`, or takes one."""

    def __init__(self, engine: Engine, name: str | None = None) -> None:
        self.connection = engine.connect().execution_options(**READ_ONLY)
        self._cells: dict[str, Expression] = {}
        try:
            if name is not None:
                self.connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{name}'")
            self.connection.exec_driver_sql(SESSION)
        except BaseException:
            self.close()
            raise

    def fetch(self, query: Select[Any]) -> Sequence[Any]:
        return self.connection.execute(query).all()

    def lines(self, query: Select[Any], fields: Sequence[Field], options: WriteOptions) -> Lines:
        pairs = zip(fields, query.selected_columns, strict=True)
        cells = [self._cell(*pair, escapes=options.escapes) for pair in pairs]
        return copied(self.connection, query.with_only_columns(*cells), options.delimiter)

    def tables(self, query: Select[Any], fields: Sequence[Field]) -> Tables:
        values = [
            postgres_value(*pair) for pair in zip(fields, query.selected_columns, strict=True)
        ]
        schema = pa.schema([(field.name, arrow_type(field)) for field in fields])
        with closing(copied(self.connection, query.with_only_columns(*values), ",")) as blocks:
            for block in blocks:
                yield read_block(block.data, schema)

    def _cell(self, field: Field, expression: Expression, *, escapes: bool) -> Expression:
        """Rendered once, not for every part; a subquery needs the query around it."""
        cell = postgres_cell(field, expression, escapes=escapes)
        if not isinstance(expression, Column):
            return cell
        if field.name not in self._cells:
            self._cells[field.name] = literal_column(rendered(self.connection, cell))
        return self._cells[field.name]

    def cancel(self) -> None:
        driver: Any = self.connection.connection.driver_connection
        driver.cancel_safe(timeout=5.0)

    def close(self) -> None:
        with suppress(Exception):
            self.connection.invalidate() if self._is_copying() else self.connection.rollback()
        self.connection.close()

    def _is_copying(self) -> bool:
        driver: Any = self.connection.connection.driver_connection
        return bool(driver.pgconn.transaction_status == TransactionStatus.ACTIVE)


def copy_out(connection: Connection, query: Select[Any], delimiter: str) -> str:
    mark = f"E'\\x{ord(delimiter):02x}'"
    options = f"FORMAT csv, DELIMITER {mark}, ENCODING 'UTF8'"
    return f"COPY ({rendered(connection, query)}) TO STDOUT WITH ({options})"


def rendered(connection: Connection, element: ClauseElement) -> str:
    """SQL without parameters: COPY takes none."""
    compiled = element.compile(connection.engine, compile_kwargs={"literal_binds": True})
    # SQLAlchemy doubles percent signs for statements that have parameters.
    return str(compiled).replace("%%", "%")


def copied(connection: Connection, query: Select[Any], delimiter: str) -> Lines:
    """libpq hands over a row at a time; taken from it directly, a row costs least.

    Close it: until it ends, the connection is locked and cannot even be rolled back.
    """
    statement = copy_out(connection, query, delimiter)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement):
        take = driver.pgconn.get_copy_data
        held, rows = bytearray(), 0
        size, row = next_row(driver.pgconn)
        while size > 0:
            held += row
            rows += 1
            if len(held) > BLOCK_BYTES:
                yield Block(held, rows)
                held, rows = bytearray(), 0
            size, row = take(1)
            if not size:
                size, row = next_row(driver.pgconn)
        finish(driver)
    if rows:
        yield Block(held, rows)


def next_row(pgconn: Any) -> tuple[int, bytes]:
    """(its size, the row) as soon as it is there; the size is negative at the end.

    libpq could wait by itself, but no other thread would run until the server answers.
    """
    arrived = poll()
    arrived.register(pgconn.socket, POLLIN)
    while True:
        pgconn.consume_input()
        size, row = pgconn.get_copy_data(1)
        if size:
            return size, row
        arrived.poll()


def finish(driver: Any) -> None:
    """The end of a COPY: well, or with the server's error."""
    error = None
    while (result := driver.pgconn.get_result()) is not None:
        if result.status == ExecStatus.FATAL_ERROR:
            error = error_from_result(result, "utf-8")
    if error is not None:
        raise error


def read_block(data: bytes | bytearray, schema: Any) -> Any:
    """COPY's CSV as Arrow; raises InputRefused for values Arrow has no type for (infinity, BC)."""
    reading = csv.ReadOptions(
        column_names=schema.names, use_threads=False, block_size=len(data) + 1
    )
    parsing = csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
    converting = csv.ConvertOptions(
        column_types=schema,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["true"],
        false_values=["false"],
    )
    try:
        return csv.read_csv(BytesIO(data), reading, parsing, converting)
    except pa.ArrowInvalid as error:
        raise InputRefused(
            f"A value of the table cannot be exported in this form: {error}. Leave the column or"
            " the record out.",
            code="value_does_not_fit",
        ) from error
