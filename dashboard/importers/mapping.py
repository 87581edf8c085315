"""Which column of the file fills which field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard.errors import FileRefused, InputRefused
from dashboard.records.fields import Field


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """`fields` maps the file's columns to field names, in the file's order; the rest is ignored."""

    fields: Mapping[str, str]
    ignored: tuple[str, ...]


def match_columns(
    fields: Sequence[Field],
    columns: Sequence[str],
    overrides: Mapping[str, Any] | None = None,
) -> ColumnMapping:
    """Match by name, ignoring case, spaces and underscores; `overrides` win (null = ignore).

    Raises FileRefused when a required field gets no column.
    """
    wanted = check_overrides(fields, columns, overrides or {})
    by_name = {plain(name): field for field in reversed(fields) for name in names_of(field)}
    taken = {name for name in wanted.values() if name is not None}
    mapped: dict[str, str] = {}
    for column in columns:
        if column in wanted:
            if wanted[column] is not None:
                mapped[column] = str(wanted[column])
            continue
        field = by_name.get(plain(column))
        if field is not None and field.name not in taken:
            mapped[column] = field.name
            taken.add(field.name)
    missing = [field for field in fields if field.required and field.name not in taken]
    if missing:
        raise missing_columns(missing, columns)
    if not mapped:
        raise missing_columns(fields, columns)
    return ColumnMapping(mapped, tuple(name for name in columns if name not in mapped))


def names_of(field: Field) -> tuple[str, ...]:
    return field.label, field.column, field.name


def plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character not in " _-\t")


def check_overrides(
    fields: Sequence[Field], columns: Sequence[str], overrides: Mapping[str, Any]
) -> dict[str, str | None]:
    """The mapping a person chose; a column or field that does not exist is refused."""
    known, used = {field.name for field in fields}, set[str]()
    for column, name in overrides.items():
        if column not in columns:
            raise refuse(f"The file has no column {column!r}. Its columns: {listed(columns)}.")
        if name is None:
            continue
        if name not in known:
            raise refuse(f"There is no field {name!r}. Fields: {listed(sorted(known))}.")
        if name in used:
            raise refuse(f"Field {name!r} is mapped twice. Map each field once.")
        used.add(name)
    return dict(overrides)


def refuse(message: str) -> InputRefused:
    return InputRefused(message, code="mapping")


def missing_columns(missing: Sequence[Field], columns: Sequence[str]) -> FileRefused:
    names = listed([field.name for field in missing])
    message = (
        f"The file has no column for {names}. Columns found: {listed(columns)}."
        " Add the column, or map another one to it."
    )
    details = {"missing": [field.name for field in missing], "columns": list(columns)}
    return FileRefused(message, code="missing_column", details=details)


def listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:30])
    return f"{shown} and {len(names) - 30} more" if len(names) > 30 else shown
