"""Which records an export has: filters on its fields, checked and turned into SQL.

A filter is `{"field": "carrier", "op": "eq", "value": "AA"}`; a record must meet all of them.
`ne` also finds records without a value, the other comparisons never do. `contains` takes big and
small letters alike. A day compared with a date and time means that whole day, in UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement

from dashboard.errors import InputRefused
from dashboard.exporters.filters_sql import condition
from dashboard.exporters.filters_values import (
    Span,
    Unfit,
    is_relative,
    read_values,
)
from dashboard.exporters.quoting import shown
from dashboard.lib.clock import now as clock
from dashboard.records.fields import Field, FieldType

MOST_FILTERS = 50
PARTS = ("field", "op", "value")
NAMED = ("eq", "ne", "in", "null")
ORDERED = ("eq", "ne", "lt", "le", "gt", "ge", "in", "null")
BY_TYPE: Mapping[FieldType, tuple[str, ...]] = {
    FieldType.BOOLEAN: ("eq", "ne", "null"),
    FieldType.STRING: (*ORDERED[:-1], "contains", "null"),
    FieldType.CHOICE: NAMED,
    FieldType.UUID: NAMED,
    FieldType.JSON: ("null",),
}


class Exportable(Protocol):
    """What can be exported: fields, and by their names the SQL that gives their values."""

    @property
    def fields(self) -> Sequence[Field]: ...

    @property
    def expressions(self) -> Mapping[str, ColumnElement[Any]]: ...


@dataclass(frozen=True, slots=True)
class Filter:
    """As it was asked for, relative dates still relative; `in` has a tuple of values."""

    field: str
    op: str
    value: Any

    def as_json(self) -> dict[str, Any]:
        value = list(self.value) if isinstance(self.value, tuple) else self.value
        return {"field": self.field, "op": self.op, "value": value}


@dataclass(frozen=True, slots=True)
class Checked:
    """A filter that fits its field; `spans` are its values as the database compares them."""

    filter: Filter
    field: Field
    spans: tuple[Span, ...]


def operators(field: Field) -> tuple[str, ...]:
    """What a field can be asked."""
    return NAMED if field.choices else BY_TYPE.get(field.type, ORDERED)


def read_filters(filters: Any, table: Exportable) -> tuple[Filter, ...]:
    """From JSON. Raises InputRefused naming the filter, its field and what is allowed."""
    return tuple(checked.filter for checked in check(filters, table, clock()))


def where(
    table: Exportable, filters: Sequence[Filter | Mapping[str, Any]], now: datetime | None = None
) -> list[ColumnElement[bool]]:
    """Conditions that must all hold. Relative dates count from `now` (aware; default: the clock).

    Raises InputRefused as `read_filters` does: the table may have changed since.
    """
    return [
        condition(table.expressions[checked.field.name], checked.filter.op, checked.spans)
        for checked in check(filters, table, now or clock())
    ]


def told(
    table: Exportable, filters: Sequence[Filter | Mapping[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    """The filters as JSON; those with relative dates say under `resolved` what these came to."""
    found = []
    for checked in check(filters, table, now):
        item = checked.filter.as_json()
        if is_relative(checked.field, checked.filter.value):
            texts = [span.told for span in checked.spans]
            item["resolved"] = texts if checked.filter.op == "in" else texts[0]
        found.append(item)
    return found


def check(filters: Any, table: Exportable, now: datetime) -> list[Checked]:
    if not isinstance(filters, list | tuple):
        example = '[{"field": "year", "op": "eq", "value": 2013}]'
        raise refuse(f"filters is a list, such as {example}, not {shown(filters)}.")
    if len(filters) > MOST_FILTERS:
        raise refuse(f"There are {len(filters)} filters. Use at most {MOST_FILTERS}.")
    return [check_one(number, item, table, now) for number, item in enumerate(filters, 1)]


def check_one(number: int, item: Any, table: Exportable, now: datetime) -> Checked:
    asked, field = item.as_json() if isinstance(item, Filter) else item, None
    try:
        check_parts(asked)
        field = known_field(table, asked["field"])
        op = known_operator(field, asked["op"])
        kept, spans = read_values(
            field, table.expressions[field.name].type, op, asked["value"], now
        )
    except Unfit as error:
        place = f"Filter {number} ({field.name})" if field else f"Filter {number}"
        name = field.name if field else None
        raise refuse(f"{place}: {error}", filter=number, name=name) from None
    return Checked(Filter(field.name, op, kept), field, spans)


def check_parts(asked: Any) -> None:
    if not isinstance(asked, Mapping):
        raise Unfit(f"{shown(asked)} is no object. A filter has field, op and value.")
    for part in asked:
        if part not in PARTS:
            raise Unfit(f"there is no key {shown(part)}. A filter has field, op and value.")
    for part in PARTS:
        if part not in asked:
            raise Unfit(f"{part} is missing. A filter has field, op and value.")


def known_field(table: Exportable, name: Any) -> Field:
    for field in table.fields:
        if field.name == name:
            return field
    names = ", ".join(field.name for field in table.fields)
    raise Unfit(f"there is no field {shown(name)}. Fields: {names}.")


def known_operator(field: Field, op: Any) -> str:
    allowed = operators(field)
    if op in allowed:
        return str(op)
    what = "a choice" if field.choices else field.type.value
    raise Unfit(f"{shown(op)} is no operator for {what}. Use {', '.join(allowed)}.")


def refuse(message: str, **details: Any) -> InputRefused:
    details = {"field": "filters", **details}
    return InputRefused(message, code="filter_refused", details=details)
