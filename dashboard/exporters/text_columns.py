"""Fields as the texts their cells have in a file, made by the database itself.

They are to the letter what formats/write_texts.py makes of Arrow columns.
"""

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, literal
from sqlalchemy import types as sqltypes

from dashboard.formats.write_formulas_sql import escape_sql
from dashboard.records.casting import arrow_type
from dashboard.records.fields import Field, FieldType

Expression = ColumnElement[Any]
# Their own text in PostgreSQL, with the session's settings, is the cell's.
PLAIN = frozenset({FieldType.INTEGER, FieldType.NUMBER, FieldType.DATE, FieldType.TIME})


def holds_text(field: Field) -> bool:
    """Is it a text to Arrow too, so that formulas are escaped in it?"""
    return str(arrow_type(field)) == "string"


def as_text(expression: Expression) -> Expression:
    """What may not be text to PostgreSQL yet: enums, JSON, UUIDs, padded and unbounded types."""
    kind = expression.type
    plain = isinstance(kind, sqltypes.String) and not isinstance(
        kind, sqltypes.CHAR | sqltypes.Enum
    )
    return expression if plain else cast(expression, Text())


def postgres_cell(field: Field, expression: Expression, *, escapes: bool) -> Expression:
    """A column of COPY's CSV format; null stays null."""
    if holds_text(field):
        text = as_text(expression)
        return escape_sql("postgresql", text) if escapes else text
    if field.type is FieldType.DATETIME and field.timezone:
        return cast(expression, Text()).concat(literal(":00"))
    if field.type is FieldType.BOOLEAN:
        return cast(expression, Text())
    return expression


def postgres_value(field: Field, expression: Expression) -> Expression:
    """A column of COPY's CSV format that Arrow reads as the field's type."""
    if holds_text(field):
        return as_text(expression)
    return cast(expression, Text()) if field.type is FieldType.BOOLEAN else expression
