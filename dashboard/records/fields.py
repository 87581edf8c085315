"""What a file may hold for one column of a table: its type, limits and choices."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy import types as sqltypes


class FieldType(StrEnum):
    INTEGER = "integer"
    NUMBER = "number"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    STRING = "string"
    CHOICE = "choice"
    UUID = "uuid"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Reference:
    """The file holds `key` of `table`; what is stored is that record's `column`."""

    table: Table
    column: str
    key: str

    @property
    def surrogate(self) -> bool:
        return self.column != self.key


@dataclass(frozen=True, slots=True)
class Field:
    """One column a file can fill. `required`: neither blank nor left out of the file.

    `nullable` and `required` differ for a column with a default: it may be left out of the file,
    yet a cell that is there must not be blank. `bits` sizes integers and floats; `choices` are the
    texts as stored; `max_length` counts characters.
    """

    name: str
    column: str
    type: FieldType
    label: str
    required: bool = False
    nullable: bool = True
    max_length: int | None = None
    choices: tuple[str, ...] = ()
    bits: int = 64
    precision: int | None = None
    scale: int | None = None
    timezone: bool = False
    reference: Reference | None = field(default=None, compare=False)

    def as_json(self) -> dict[str, Any]:
        """For forms and the REST API: only what says something."""
        shown: dict[str, Any] = {
            "name": self.name,
            "type": self.type.value,
            "required": self.required,
            "label": self.label,
        }
        for name in ("max_length", "precision", "scale"):
            if getattr(self, name) is not None:
                shown[name] = getattr(self, name)
        if self.choices:
            shown["choices"] = list(self.choices)
        if self.reference is not None:
            shown["reference"] = f"{self.reference.table.name}.{self.reference.key}"
        return shown


def label_for(name: str) -> str:
    return name.replace("_", " ").strip().capitalize()


def needs_value(column: Column[Any]) -> bool:
    """Not null, and nothing else fills it: no default, no server default, no autoincrement."""
    if column.nullable or column.default is not None or column.server_default is not None:
        return False
    return not fills_itself(column)


def fills_itself(column: Column[Any]) -> bool:
    """An integer key the database counts up, or a generated column."""
    if column.identity is not None or column.computed is not None:
        return True
    return column.table is not None and column.table.autoincrement_column is column


def type_of(column: Column[Any]) -> Mapping[str, Any] | None:
    """The Field arguments that follow from a column's SQL type; None: no file can fill it."""
    sql = column.type
    if isinstance(sql, sqltypes.TypeDecorator):
        sql = sql.impl_instance
    for classes, build in BUILDERS:
        if isinstance(sql, classes):
            shape: Mapping[str, Any] = build(sql)
            return shape
    return None


def integer(sql: Any) -> Mapping[str, Any]:
    bits = 32
    if isinstance(sql, sqltypes.SmallInteger):
        bits = 16
    if isinstance(sql, sqltypes.BigInteger):
        bits = 64
    return {"type": FieldType.INTEGER, "bits": bits}


def number(sql: Any) -> Mapping[str, Any]:
    single = isinstance(sql, sqltypes.REAL) or (sql.precision or 53) <= 24
    return {"type": FieldType.NUMBER, "bits": 32 if single else 64}


def decimal(sql: Any) -> Mapping[str, Any]:
    scale = sql.scale if sql.scale is not None else (0 if sql.precision else None)
    return {"type": FieldType.DECIMAL, "precision": sql.precision, "scale": scale}


def text(sql: Any) -> Mapping[str, Any]:
    return {"type": FieldType.STRING, "max_length": getattr(sql, "length", None)}


def choice(sql: Any) -> Mapping[str, Any]:
    return {"type": FieldType.CHOICE, "choices": tuple(sql.enums)}


def plain(kind: FieldType) -> Any:
    return lambda sql: {"type": kind, "timezone": bool(getattr(sql, "timezone", False))}


# Order matters: Enum is a String, Float a Numeric, Boolean stands before the numbers.
BUILDERS: tuple[tuple[tuple[type, ...], Any], ...] = (
    ((sqltypes.Enum,), choice),
    ((sqltypes.Boolean,), plain(FieldType.BOOLEAN)),
    ((sqltypes.Integer,), integer),
    ((sqltypes.Float,), number),
    ((sqltypes.Numeric,), decimal),
    ((sqltypes.DateTime,), plain(FieldType.DATETIME)),
    ((sqltypes.Date,), plain(FieldType.DATE)),
    ((sqltypes.Time,), plain(FieldType.TIME)),
    ((sqltypes.Uuid,), plain(FieldType.UUID)),
    ((sqltypes.JSON,), plain(FieldType.JSON)),
    ((sqltypes.String,), text),
)
IN_LIST = re.compile(r"""^\(*\s*["`]?(\w+)["`]?\s+IN\s*\((.+?)\)\s*\)*$""", re.I | re.S)
# As PostgreSQL keeps it: ((size)::text = ANY ((ARRAY['S'::character varying, …])::text[]))
ANY_LIST = re.compile(
    r"""^\(*"?(\w+)"?\)*(?:::[\w ]+)?\s*=\s*ANY\s*\(+ARRAY\[(.+?)\](?:\)*::[\w ]+\[\])?\)*$""", re.S
)
CAST = re.compile(r"::[\w ]+")
QUOTED = re.compile(r"'((?:[^']|'')*)'")


def checked_choices(table: Table) -> dict[str, tuple[str, ...]]:
    """Columns whose CHECK reads `column IN ('a', 'b')`."""
    found: dict[str, tuple[str, ...]] = {}
    for constraint in table.constraints:
        if not isinstance(constraint, CheckConstraint):
            continue
        rule = str(constraint.sqltext).strip()
        match = IN_LIST.match(rule) or ANY_LIST.match(rule)
        if match and not CAST.sub("", QUOTED.sub("", match[2])).replace(",", "").strip():
            values = QUOTED.findall(match[2])
            found[match[1]] = tuple(value.replace("''", "'") for value in values)
    return found


def as_choices(values: Any) -> tuple[str, ...]:
    """Choices as an engineer writes them: texts, or an enum class (its names are stored)."""
    if isinstance(values, type) and issubclass(values, enum.Enum):
        return tuple(values.__members__)
    return tuple(str(value) for value in values)
