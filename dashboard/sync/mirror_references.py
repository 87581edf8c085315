"""Which records of a table others name: a mirror keeps them, whatever the foreign key would do."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, inspect, or_

from dashboard.records.dependents import named_by

SYSTEM = ("information_schema", "pg_catalog", "pg_toast")


def named_by_others(connection: Connection, target: Table) -> ColumnElement[bool] | None:
    """Does a foreign key of any table name the record? None: there is no such key."""
    found = [named_by(target, *key) for key in keys_naming(connection, target)]
    return or_(*found) if found else None


def keys_naming(
    connection: Connection, target: Table
) -> Iterator[tuple[Any, str, list[tuple[str, Any]]]]:
    """(schema, table, [(its column, the column of `target` it names)]) of each foreign key."""
    inspector = inspect(connection)
    here = target.schema or inspector.default_schema_name
    for schema in inspector.get_schema_names():
        if schema in SYSTEM:
            continue
        for (_, name), keys in inspector.get_multi_foreign_keys(schema=schema).items():
            for key in keys:
                named_schema = key["referred_schema"] or inspector.default_schema_name
                if key["referred_table"] != target.name or named_schema != here:
                    continue
                pairs = zip(key["constrained_columns"], key["referred_columns"], strict=True)
                yield schema, name, list(pairs)


def names_itself(target: Table) -> bool:
    return any(
        key.column.table is target for column in target.columns for key in column.foreign_keys
    )
