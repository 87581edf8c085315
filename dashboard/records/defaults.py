"""Columns the file leaves out whose default SQLAlchemy, not the database, gives."""

import enum
import json
import uuid
from collections.abc import Collection
from typing import Any

import pyarrow as pa
from sqlalchemy import Column, Connection, Table, literal, select

from dashboard.records.casting import arrow_type
from dashboard.records.fields import Field, type_of


def default_columns(
    connection: Connection, columns: list[Column[Any]], count: int
) -> dict[str, Any]:
    """One array per column: a callable is called for each record, SQL is asked once a chunk."""
    return {column.name: default_of(connection, column, count) for column in columns}


def has_default(column: Column[Any]) -> bool:
    default: Any = column.default
    return default is not None and not default.is_sequence


def default_of(connection: Connection, column: Column[Any], count: int) -> Any:
    default: Any = column.default
    if default.is_callable:
        found = [plain(column, default.arg(None)) for _ in range(count)]
    elif default.is_clause_element:
        found = [plain(column, connection.scalar(select(default.arg)))] * count
    else:
        found = [plain(column, default.arg)] * count
    shape = type_of(column)
    if shape is None:
        return pa.array(found)
    return pa.array(found, arrow_type(Field(column.name, column.name, label="", **shape)))


def plain(column: Column[Any], value: Any) -> Any:
    """What Arrow can hold: enum names, UUID and JSON as text."""
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, uuid.UUID):
        return str(value)
    return json.dumps(value) if isinstance(value, dict | list) else value


def onupdate_values(table: Table, given: Collection[str]) -> dict[str, Any]:
    """What SQLAlchemy puts into columns of changed records that nobody gives, one value a chunk."""
    found = {}
    for column in table.columns:
        asked: Any = column.onupdate
        if asked is None or asked.is_sequence or column.name in given:
            continue
        value = asked.arg(None) if asked.is_callable else asked.arg
        found[column.name] = value if asked.is_clause_element else literal(value, column.type)
    return found
