"""Arrow values in the forms a database's own driver, or SQLAlchemy, keeps them."""

import json
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute
from sqlalchemy import Table
from sqlalchemy import types as sqltypes

pc: Any = pyarrow.compute  # its published types know only some calls


def stored_in_sqlite(values: Any, kind: Any) -> Any:
    """As SQLAlchemy itself stores a column of type `kind` in SQLite: the ORM reads equal objects.

    Times are ISO text (with time zone: the UTC wall time), booleans 0 and 1, decimals REAL, UUIDs
    32 hexadecimal digits.
    """
    if pa.types.is_timestamp(values.type):
        return pc.cast(values.cast(pa.timestamp("us")), pa.string())
    if pa.types.is_date(values.type) or pa.types.is_time(values.type):
        return pc.cast(values, pa.string())
    if pa.types.is_boolean(values.type):
        return values.cast(pa.int64())
    if pa.types.is_decimal(values.type):
        return values.cast(pa.float64())
    if isinstance(kind, sqltypes.Uuid):
        return pc.utf8_lower(pc.replace_substring(values, "-", ""))
    if pa.types.is_string(values.type) and isinstance(kind, sqltypes.Numeric):
        return values.cast(pa.float64())
    return values


def python_values(values: Any, kind: Any) -> list[Any]:
    """As SQLAlchemy's type `kind` takes them."""
    convert = converter(kind)
    found: list[Any] = values.to_pylist()
    return [convert(value) if value is not None else None for value in found] if convert else found


def converter(kind: Any) -> Callable[[Any], Any] | None:
    """For what Arrow keeps as text: UUID, JSON and numerics without a precision."""
    if isinstance(kind, sqltypes.Uuid):
        return uuid.UUID if kind.as_uuid else None
    if isinstance(kind, sqltypes.JSON):
        return json.loads
    if isinstance(kind, sqltypes.Numeric) and not isinstance(kind, sqltypes.Float):
        return to_decimal
    return None


def to_decimal(value: Any) -> Decimal:
    return Decimal(str(value))


def records(
    table: Table, columns: Mapping[str, Any], start: int, stop: int
) -> list[dict[str, Any]]:
    """Records [start, stop) as Python values, the way SQLAlchemy's types want them."""
    lists = {
        name: python_values(values.slice(start, stop - start), table.c[name].type)
        for name, values in columns.items()
    }
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
