"""Records of any database SQLAlchemy knows, as Arrow tables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import ColumnElement, Connection, Engine, Float, Select, String, type_coerce
from sqlalchemy import types as sqltypes

from dashboard.errors import InputRefused
from dashboard.exporters.snapshot import Lines, NotText, Tables
from dashboard.formats.write_options import WriteOptions
from dashboard.formats.write_texts import odd_float
from dashboard.lib.clock import now
from dashboard.records.casting import arrow_type
from dashboard.records.fields import Field, FieldType

BATCH_ROWS = 2_000
FIRST_ROWS, STEP_BYTES = 50, 4 << 20
FIXED_LEAST, FIXED_MOST = 1e-4, 1e15


class Steps:
    """How many rows to fetch next: `most`, or of wide rows some 4 MB.

    After each `most` rows a step ends, so that parts of a multiple of them end with one too.
    """

    def __init__(self, most: int) -> None:
        self._most = self._left = most
        self._fitting = FIRST_ROWS

    def next(self) -> int:
        return min(self._fitting, self._left)

    def took(self, rows: int, size: int) -> None:
        """They had `size` bytes."""
        self._fitting = max(1, rows * STEP_BYTES // max(size, 1))
        self._left = self._left - rows or self._most


class CursorSnapshot:
    """One repeatable-read transaction; the rows come by a cursor of the server."""

    dialect = "other"
    parallel = False

    def __init__(self, engine: Engine) -> None:
        self.at = now()
        self.connection = engine.connect().execution_options(isolation_level="REPEATABLE READ")
        self.planner = CursorReader(self.connection)
        self.readers = [self.planner]

    def writes_text(self, fields: Sequence[Field], options: WriteOptions) -> bool:
        return False

    def close(self) -> None:
        self.connection.close()


class CursorReader:
    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def fetch(self, query: Select[Any]) -> Sequence[Any]:
        return self.connection.execute(query).all()

    def lines(self, query: Select[Any], fields: Sequence[Field], options: WriteOptions) -> Lines:
        raise NotText

    def tables(self, query: Select[Any], fields: Sequence[Field]) -> Tables:
        return cursor_tables(self.connection, query, fields)

    def cancel(self) -> None:
        self.connection.invalidate()


def cursor_tables(connection: Connection, query: Select[Any], fields: Sequence[Field]) -> Tables:
    """Raises InputRefused for a value that is not of its column's type."""
    pairs = list(zip(fields, query.selected_columns, strict=True))
    read = query.with_only_columns(*(readable(*pair) for pair in pairs))
    schema = pa.schema([(field.name, arrow_type(field)) for field in fields])
    steps = Steps(BATCH_ROWS)
    with connection.execute(read, execution_options={"stream_results": True}) as result:
        try:
            while rows := result.fetchmany(steps.next()):
                columns = zip(*rows, strict=True)
                arrays = [as_array(*pair) for pair in zip(fields, columns, strict=True)]
                table = pa.Table.from_arrays(arrays, schema=schema)
                steps.took(len(rows), table.nbytes)
                yield table
        except (ValueError, TypeError) as error:
            raise misfit(str(error)) from error


def readable(field: Field, expression: ColumnElement[Any]) -> ColumnElement[Any]:
    """What is text in a file stays the text it is stored as."""
    if isinstance(expression.type, sqltypes.JSON | sqltypes.Enum):
        return type_coerce(expression, String())
    if is_unbounded(field) and expression.type._type_affinity is sqltypes.Numeric:
        return type_coerce(expression, Float())
    return expression


def is_unbounded(field: Field) -> bool:
    return field.type is FieldType.DECIMAL and field.precision is None


def as_array(field: Field, values: Sequence[Any]) -> Any:
    if convert := CONVERTERS.get(field.type if not field.choices else FieldType.STRING):
        values = [None if value is None else convert(field, value) for value in values]
    try:
        return pa.array(values, arrow_type(field))
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        raise misfit(f'column "{field.name}": {error}') from error


def as_decimal(field: Field, value: Any) -> Any:
    """One without a scale is a text to Arrow; only SQLite keeps it as a double."""
    if not is_unbounded(field):
        return value
    return shortest(value) if isinstance(value, float) else format(value, "f")


def shortest(value: float) -> str:
    """As PostgreSQL writes a double: `1`, `0.1`, `1e+15`, `NaN`; a whole number in full."""
    if isinstance(value, int):
        return str(value)
    if FIXED_LEAST <= abs(value) < FIXED_MOST or not value:
        return repr(float(value)).removesuffix(".0")
    return odd_float(float(value), FIXED_MOST)


def misfit(what: str) -> InputRefused:
    return InputRefused(
        f"A value of the table is not of its column's type, {what}. Correct the record, or leave"
        " the column out.",
        code="value_does_not_fit",
    )


def as_json(_field: Field, value: Any) -> Any:
    """SQLite takes a JSON text of a number for that number."""
    return value if isinstance(value, str) else shortest(value)


CONVERTERS: Mapping[FieldType, Callable[[Field, Any], Any]] = {
    FieldType.UUID: lambda _field, value: str(value),
    FieldType.DECIMAL: as_decimal,
    FieldType.JSON: as_json,
}
