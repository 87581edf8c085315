"""Values as a database holds them, in a form JSON can keep: told apart and put back exactly.

PostgreSQL's own text of a value; what SQLite stores; for any other database Python values.
"""

import json
import uuid
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import Text, cast, type_coerce
from sqlalchemy import types as sqltypes

UNTYPED = sqltypes.NullType()


def raw(dialect: str, value: Any) -> Any:
    """An expression for a column's value as it is kept."""
    if dialect == "postgresql":
        return cast(value, Text)
    return type_coerce(value, UNTYPED) if dialect == "sqlite" else value


def restored(dialect: str, bound: Any, kind: Any) -> Any:
    """An expression that gives a column of type `kind` such a value back."""
    if dialect == "postgresql":
        return cast(type_coerce(bound, Text), kind)
    return type_coerce(bound, UNTYPED if dialect == "sqlite" else kind)


def pack(value: Any) -> Any:
    """For JSON: plain values stay, others become [kind, text]."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    for kind, (classes, write, _) in KINDS.items():
        if isinstance(value, classes):
            return [kind, write(value)]
    raise TypeError(f"{type(value).__name__} cannot be kept for an undo.")


def unpack(kept: Any) -> Any:
    if not isinstance(kept, list):
        return kept
    kind, written = kept
    return KINDS[kind][2](written)


def enum_name(value: Enum) -> str:
    return value.name


# datetime before date: it is one
KINDS: dict[str, tuple[Any, Any, Any]] = {
    "datetime": (datetime, datetime.isoformat, datetime.fromisoformat),
    "date": (date, date.isoformat, date.fromisoformat),
    "time": (time, time.isoformat, time.fromisoformat),
    "decimal": (Decimal, str, Decimal),
    "uuid": (uuid.UUID, str, uuid.UUID),
    "enum": (Enum, enum_name, str),
    "bytes": (bytes, bytes.hex, bytes.fromhex),
    "json": ((dict, list), json.dumps, json.loads),
}


def shown(value: Any, kind: Any) -> str | None:
    """For people: a raw value as text."""
    if value is None:
        return None
    if isinstance(kind, sqltypes.Boolean) and value in (0, 1, True, False):
        return "true" if value else "false"
    packed = pack(value)
    return str(packed[1] if isinstance(packed, list) else packed)
