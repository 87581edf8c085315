"""An empty file to fill in: header, example rows and what each column may hold."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from dashboard.importers.importer import Importer
from dashboard.records.fields import Field, FieldType, Reference
from dashboard.records.table import TableDescription

EXAMPLES: dict[FieldType, tuple[str, str, str]] = {
    FieldType.INTEGER: ("1", "2", "3"),
    FieldType.NUMBER: ("1.5", "2.25", "3"),
    FieldType.DECIMAL: ("1.5", "2.25", "3"),
    FieldType.BOOLEAN: ("true", "false", "true"),
    FieldType.DATE: ("2026-01-31", "2026-02-28", "2026-12-01"),
    FieldType.TIME: ("08:00", "12:30", "17:45:30"),
    FieldType.DATETIME: ("2026-01-31 08:00:00", "2026-02-28 12:30:00", "2026-12-01 17:45:30"),
    FieldType.UUID: (
        "6ba7b810-9dad-41d1-80b4-00c04fd430c8",
        "6ba7b811-9dad-41d1-80b4-00c04fd430c8",
        "6ba7b812-9dad-41d1-80b4-00c04fd430c8",
    ),
    FieldType.JSON: ('{"a": 1}', "[1, 2]", "{}"),
}
FORMS: dict[FieldType, str] = {
    FieldType.INTEGER: "Whole number, digits only.",
    FieldType.NUMBER: "Number with a point, such as 3.14.",
    FieldType.DECIMAL: "Number with a point, such as 3.14.",
    FieldType.BOOLEAN: "true or false (also yes, no, 1, 0).",
    FieldType.DATE: "Date, YYYY-MM-DD.",
    FieldType.TIME: "Time, HH:MM or HH:MM:SS.",
    FieldType.DATETIME: "Date and time, YYYY-MM-DD HH:MM:SS.",
    FieldType.STRING: "Text.",
    FieldType.CHOICE: "One of the choices.",
    FieldType.UUID: "UUID, 32 hexadecimal digits.",
    FieldType.JSON: 'JSON, such as {"a": 1}.',
}
ROWS = 3
MOST_CHOICES = 20


@dataclass(frozen=True, slots=True)
class Template:
    """`rows` are example rows of texts, one per column; `notes` says what a column may hold."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


def template_rows(
    importer: Importer, description: TableDescription, connection: Connection | None = None
) -> Template:
    """The importer's own examples, or rows made from types, choices and references.

    With a connection to the target, references show records that are there. Computed fields are
    left out, and so is a key the database counts up by itself.
    """
    fields = [field for field in description.fields if is_asked_for(field, importer, description)]
    made = [examples_of(field, importer, connection) for field in fields]
    rows: Sequence[Sequence[str]] = list(zip(*made, strict=True))
    if importer.examples:
        rows = [[text_of(row.get(field.name)) for field in fields] for row in importer.examples]
    return Template(
        tuple(field.name for field in fields),
        tuple(tuple(row) for row in rows),
        tuple(note_of(field, importer, description) for field in fields),
    )


def is_asked_for(field: Field, importer: Importer, description: TableDescription) -> bool:
    counted = description.table.autoincrement_column
    counts_itself = counted is not None and field.column == counted.name
    wanted = importer.fields is not None or field.name in description.key
    if field.name in importer.computed:
        return False
    # The key is the counted one only when nobody named another.
    natural = len(description.unique_keys) > 1 or description.key != description.primary_key
    return not counts_itself or (wanted and not natural)


def examples_of(field: Field, importer: Importer, connection: Connection | None) -> tuple[str, ...]:
    found: Sequence[str] = ()
    if field.reference is not None and connection is not None:
        found = known_keys(connection, field.reference)
    elif field.choices:
        found = field.choices
    if not found:
        found = EXAMPLES.get(field.type) or texts_like(field)
    found = [within_rules(text, field, importer) for text in found]
    return tuple(found[number % len(found)] for number in range(ROWS))


def known_keys(connection: Connection, reference: Reference) -> list[str]:
    key = reference.table.c[reference.key]
    query = select(key).where(key.is_not(None)).order_by(key).limit(ROWS)
    return [text_of(value) for value in connection.scalars(query)]


def texts_like(field: Field) -> list[str]:
    """`Name A`, shortened to what the column holds."""
    limit = field.max_length or 40
    texts = [f"{field.label} {letter}" for letter in "ABC"]
    if max(len(text) for text in texts) > limit:
        texts = [letter * min(limit, 3) for letter in "ABC"]
    return texts


def within_rules(text: str, field: Field, importer: Importer) -> str:
    """An example of a number keeps to the rules min and max and to the digits of the column."""
    rule = importer.rules.get(field.name, {})
    if field.type in (FieldType.INTEGER, FieldType.NUMBER, FieldType.DECIMAL):
        value = Decimal(text)
        if rule.get("min") is not None:
            value = max(value, Decimal(str(rule["min"])))
        if rule.get("max") is not None:
            value = min(value, Decimal(str(rule["max"])))
        if field.type is FieldType.DECIMAL and field.scale is not None:
            value = round(value, field.scale)
        return str(value)
    one_of = [str(value) for value in rule.get("one_of", ())]
    return one_of[0] if one_of and text not in one_of else text


def note_of(field: Field, importer: Importer, description: TableDescription) -> str:
    """Plain sentences: needed or not, the form, limits, choices, whose record it names."""
    parts = ["Required." if field.required else "Optional."]
    if field.reference is not None:
        table = field.reference.table.name
        parts.append(f"{field.reference.key} of a record of {table} that is there already.")
    if field.choices:
        more = " …" if len(field.choices) > MOST_CHOICES else ""
        parts.append(f"One of: {', '.join(field.choices[:MOST_CHOICES])}{more}.")
    elif field.reference is None:
        parts.append(FORMS[field.type])
    if field.max_length:
        parts.append(f"At most {field.max_length} characters.")
    if field.type is FieldType.DECIMAL and field.scale:
        parts.append(f"At most {field.scale} decimals.")
    rule = importer.rules.get(field.name, {})
    parts += [f"{words} {rule[name]}." for name, words in RULES.items() if name in rule]
    if (field.name,) in description.unique_keys:
        parts.append("Unique: no two rows may share it.")
    elif field.name in description.key and len(description.key) > 1:
        parts.append(f"Unique together with the rest of {', '.join(description.key)}.")
    return " ".join(parts)


RULES = {"min": "At least", "max": "At most"}


def text_of(value: Any) -> str:
    """A Python value as a file holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
