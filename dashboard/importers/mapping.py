"""Which column of the file fills which field."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dashboard.errors import FileRefused, InputRefused
from dashboard.records.fields import Field

Aliases = Mapping[str, Sequence[str]]
"""Other names a field goes by in files: {field: names}."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """`fields` maps the file's columns to field names, in the file's order; the rest is ignored.

    `constants` are the fields that get one text in every record.
    """

    fields: Mapping[str, str]
    ignored: tuple[str, ...]
    constants: Mapping[str, str] = field(default_factory=dict)

    @property
    def filled(self) -> set[str]:
        return {*self.fields.values(), *self.constants}


def match_columns(
    fields: Sequence[Field],
    columns: Sequence[str],
    overrides: Mapping[str, Any] | None = None,
    *,
    aliases: Aliases | None = None,
    constants: Mapping[str, str] | None = None,
    needed: Collection[str] | None = None,
) -> ColumnMapping:
    """Match by name or alias, ignoring case, spaces and underscores.

    `overrides` go first (null = ignore). `needed` are the fields that must be filled (left out: the
    required ones); a constant fills one too. Raises FileRefused when one gets nothing, InputRefused
    for a choice that cannot be followed.
    """
    constants = dict(constants or {})
    wanted = check_overrides(fields, columns, overrides or {})
    check_constants(fields, constants, wanted)
    taken = {name for name in wanted.values() if name is not None} | set(constants)
    names = field_names(fields, aliases or {})
    mapped: dict[str, str] = {}
    for column in columns:
        if column in wanted:
            if wanted[column] is not None:
                mapped[column] = str(wanted[column])
            continue
        name = names.get(plain(column))
        if name is not None and name not in taken:
            mapped[column] = name
            taken.add(name)
    required = [f for f in fields if (f.required if needed is None else f.name in needed)]
    missing = [f for f in required if f.name not in taken]
    if missing:
        raise missing_columns(missing, columns)
    if not mapped:
        raise missing_columns(fields, columns)
    ignored = tuple(name for name in columns if name not in mapped)
    return ColumnMapping(mapped, ignored, constants)


def field_names(fields: Sequence[Field], aliases: Aliases) -> dict[str, str]:
    """Plain names to fields: an own name goes before another field's alias, the first field first.

    A field's name goes before its column's and its label.
    """
    found: dict[str, str] = {}
    own = [(field.name, name) for field in fields for name in names_of(field)]
    other = [(field.name, name) for field in fields for name in aliases.get(field.name, ())]
    for name, written in [*own, *other]:
        found.setdefault(plain(written), name)
    return found


def names_of(field: Field) -> tuple[str, ...]:
    return field.name, field.column, field.label


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


def check_constants(
    fields: Iterable[Field], constants: Mapping[str, str], wanted: Mapping[str, str | None]
) -> None:
    known, mapped = {field.name for field in fields}, set(wanted.values())
    for name in constants:
        if name not in known:
            raise refuse(f"There is no field {name!r}. Fields: {listed(sorted(known))}.")
        if name in mapped:
            raise refuse(f"Field {name!r} has a column and a constant. Choose one of them.")


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
