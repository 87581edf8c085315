"""One filter as the form has it: a field, an operator in words, and what was typed as its value."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as with_default
from typing import Any

from werkzeug.datastructures import MultiDict

from dashboard.errors import InputRefused
from dashboard.exporters.filters import Exportable, check_one, operators
from dashboard.exporters.quoting import brief, shown
from dashboard.lib.clock import now
from dashboard.records.fields import Field, FieldType

Form = MultiDict[str, str]

# `null` is two operators here, so that no value need be chosen beside it.
BLANK, FILLED = "blank", "filled"
ENTER = "Enter a value."
WORDS = {
    "eq": "is",
    "ne": "is not",
    "lt": "is less than",
    "le": "is at most",
    "gt": "is more than",
    "ge": "is at least",
    "in": "is one of",
    "contains": "contains",
    BLANK: "has no value",
    FILLED: "has a value",
}
OF_TIMES = {"lt": "is before", "le": "is until", "gt": "is after", "ge": "is from"}
NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.A)
OF_ROW = re.compile(r"f-(.*)-(?:field|op|value)$", re.S)
TIMES = (FieldType.DATE, FieldType.DATETIME, FieldType.TIME)
NUMBERS = (FieldType.INTEGER, FieldType.NUMBER, FieldType.DECIMAL)


@dataclass
class Row:
    """`number` tells the rows of one form apart; `values` are texts as typed. A field that is
    `gone` or an operator it does not have stays, and is wrong, until a person changes it: dropped,
    the export would hold more than was asked for.
    """

    number: int
    field: Field
    op: str = ""
    values: list[str] = with_default(default_factory=list)
    gone: bool = False
    problem: str = ""

    def __post_init__(self) -> None:
        self.op = brief(self.op) or next(iter(self.known_operators))

    @property
    def operators(self) -> Mapping[str, str]:
        """Operators in words, with the one that was chosen although there is none such."""
        known = self.known_operators
        return known if self.op in known else {self.op: WORDS.get(self.op, self.op), **known}

    @property
    def known_operators(self) -> Mapping[str, str]:
        """A field that is never blank is not asked whether it is."""
        own = OF_TIMES if self.field.type in TIMES else {}
        found = {op: own.get(op, WORDS[op]) for op in operators(self.field) if op != "null"}
        if self.field.nullable or not found:
            found |= {BLANK: WORDS[BLANK], FILLED: WORDS[FILLED]}
        return found

    @property
    def control(self) -> str:
        return self.control_of(self.op)

    def control_of(self, op: str) -> str:
        """What the value is entered with: none, checks, select, truth, lines, day or text."""
        if op in (BLANK, FILLED):
            return "none"
        if self.field.choices:
            return "checks" if op == "in" else "select"
        if op == "in":
            return "lines"
        if self.field.type is FieldType.BOOLEAN:
            return "truth"
        return "day" if self.field.type in (FieldType.DATE, FieldType.DATETIME) else "text"

    @property
    def keyboard(self) -> str:
        """The `inputmode` of a phone's keyboard."""
        return "decimal" if self.field.type in NUMBERS else "text"

    @property
    def value(self) -> str:
        return self.values[0] if self.values else ""

    @property
    def is_filled(self) -> bool:
        """Has a value been entered, where the operator asks for one?"""
        return bool(self.unfit) or self.control == "none" or any(self.values)

    @property
    def unfit(self) -> str:
        """What is wrong with the field or the operator, whatever the value."""
        if self.gone:
            return f"There is no field {shown(self.field.name)} any more. Take this filter out."
        if self.op not in (*self.known_operators, BLANK, FILLED):
            return f"{shown(self.op)} is no operator of this field. Choose another."
        return ""

    @property
    def unfilled(self) -> str:
        if self.is_filled:
            return ""
        return "Choose at least one." if self.control == "checks" else ENTER

    def as_filter(self) -> dict[str, Any]:
        found: dict[str, Any] = {"field": self.field.name, "op": self.op, "value": self.value}
        if self.op in (BLANK, FILLED):
            found |= {"op": "null", "value": self.op == BLANK}
        elif self.op == "in":
            found["value"] = self.values if self.field.choices else split(self.value)
        return found

    def check(self, place: int, table: Exportable) -> None:
        """Say under `problem` what is wrong; `place` counts the filters from 1."""
        self.problem = self.unfit or self.unfilled
        if self.problem:
            return
        try:
            check_one(place, self.as_filter(), table, now())
        except InputRefused as error:
            text = error.message.partition(": ")[2]
            self.problem = text[:1].upper() + text[1:]


def rows_of_options(filters: Sequence[Mapping[str, Any]], fields: Mapping[str, Field]) -> list[Row]:
    """Of a preset."""
    return [row_of_filter(number, item, fields) for number, item in enumerate(filters, 1)]


def row_of_filter(number: int, item: Mapping[str, Any], fields: Mapping[str, Field]) -> Row:
    op, value = str(item.get("op")), item.get("value")
    row = row_on(str(item.get("field")), fields, number, op)
    if op == "null":
        row.op = BLANK if value else FILLED
    elif isinstance(value, list):
        texts = [as_typed(one) for one in value]
        row.values = texts if row.field.choices else [joined(texts)]
    else:
        row.values = [as_typed(value)]
    return row


def rows_of_form(form: Form, fields: Mapping[str, Field]) -> list[Row]:
    """Raises InputRefused for a form that is not ours: one of its filters would be passed over."""
    numbers = list(dict.fromkeys(form.getlist("row")))
    for number in numbers:
        if not NUMBER.fullmatch(number):
            raise refuse(f"row is a number from 1, not {shown(number)}.")
    for key in form:
        if (part := OF_ROW.match(key)) and part[1] not in numbers:
            raise refuse(f"{shown(key)} belongs to no row. Send its number as row, too.")
    found = []
    for number in numbers:
        row = row_on(form.get(f"f-{number}-field", ""), fields, int(number))
        row.op = brief(form.get(f"f-{number}-op", "")) or row.op
        row.values = [value.strip() for value in form.getlist(f"f-{number}-value")]
        found.append(row)
    return found


def row_on(name: str, fields: Mapping[str, Field], number: int, op: str = "") -> Row:
    if name in fields:
        return Row(number, fields[name], op)
    name = brief(name)
    stand_in = Field(name, "", FieldType.STRING, nullable=True, label=name)
    return Row(number, stand_in, op, gone=True)


def refuse(message: str) -> InputRefused:
    return InputRefused(message, details={"field": "filters"})


def as_typed(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def split(text: str) -> list[str]:
    """Values between commas or line breaks; quotes go round one that has a comma."""
    try:
        lines = csv.reader(text.splitlines(), skipinitialspace=True)
        return [value.strip() for line in lines for value in line if value.strip()]
    except csv.Error:
        return [value.strip() for value in text.replace("\n", ",").split(",") if value.strip()]


def joined(values: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return (
        out.getvalue().replace(",", ", ") if not any("," in v for v in values) else out.getvalue()
    )
