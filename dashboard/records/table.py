"""A table as a file sees it: its fields, keys and references, derived from model or table."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, Table, UniqueConstraint
from sqlalchemy import inspect as sqlalchemy_inspect

from dashboard.errors import ConfigurationError
from dashboard.records.fields import (
    Field,
    Reference,
    as_choices,
    checked_choices,
    label_for,
    needs_value,
    type_of,
)


@dataclass(frozen=True, slots=True)
class TableDescription:
    """`unique_keys` and `primary_key` name fields; `unfilled` columns take their own default."""

    table: Table
    fields: tuple[Field, ...]
    primary_key: tuple[str, ...]
    unique_keys: tuple[tuple[str, ...], ...]
    key: tuple[str, ...]

    def field(self, name: str) -> Field:
        for field in self.fields:
            if field.name == name:
                return field
        raise ConfigurationError(f"{self.table.name}: there is no field {name!r}.")


def table_of(source: Any) -> Table:
    """The Table of a mapped class, or the Table itself."""
    if isinstance(source, Table):
        return source
    mapped = sqlalchemy_inspect(source, raiseerr=False)
    local = getattr(mapped, "local_table", None)
    if not isinstance(local, Table):
        raise ConfigurationError(f"{source!r} is neither a model nor a table.")
    return local


def describe(
    source: Any,
    fields: Sequence[str] | None = None,
    key: Sequence[str] | str | None = None,
    *,
    references: Mapping[str, tuple[str, str]] | None = None,
    choices: Mapping[str, Iterable[Any]] | None = None,
) -> TableDescription:
    """Derive what a file may hold from a SQLAlchemy model or a (reflected) Table.

    `references` names surrogate keys: `{"airport": ("airport_id", "faa")}` reads field `airport`
    as airports.faa and stores its id; left out, a key to a table with one other unique column is
    read that way by itself. `choices` adds `{"field": ["a", "b"]}` or an enum class.
    """
    table = table_of(source)
    declared = {column: (name, key) for name, (column, key) in (references or {}).items()}
    checked = checked_choices(table)
    found = [derive(column, declared.get(column.name), checked) for column in table.columns]
    known = [field for field in found if field is not None]
    for name, values in (choices or {}).items():
        known = [replace(f, choices=as_choices(values)) if f.name == name else f for f in known]
    if fields is not None:
        known = [pick(table, known, name) for name in fields]
    by_column = {field.column: field.name for field in known}
    primary = named(by_column, table.primary_key.columns)
    wanted = (key,) if isinstance(key, str) else tuple(key or ())
    return TableDescription(
        table, tuple(known), primary, unique_keys(table, by_column), wanted or primary
    )


def pick(table: Table, known: list[Field], name: str) -> Field:
    for field in known:
        if name in (field.name, field.column):
            return field
    names = ", ".join(field.name for field in known)
    raise ConfigurationError(f"{table.name}: there is no field {name!r}. Fields: {names}.")


def derive(
    column: Column[Any], declared: tuple[str, str] | None, checked: Mapping[str, tuple[str, ...]]
) -> Field | None:
    """One column as a field; None when no file can fill it (generated, binary …)."""
    shape = type_of(column)
    if shape is None or column.computed is not None:
        if needs_value(column):
            raise ConfigurationError(
                f"{column.table.name}.{column.name}: {column.type!r} cannot be read from a file."
                " Give the column a default or allow null."
            )
        return None
    name, reference = column.name, reference_of(column, declared)
    if reference is not None and reference.surrogate:
        name = declared[0] if declared else column.name.removesuffix("_id")
        shape = type_of(reference.table.c[reference.key]) or shape
    field = Field(
        name,
        column.name,
        label=str(column.info.get("label") or label_for(name)),
        required=needs_value(column),
        nullable=bool(column.nullable),
        reference=reference,
        **shape,
    )
    return replace(field, choices=checked[column.name]) if column.name in checked else field


def reference_of(column: Column[Any], declared: tuple[str, str] | None) -> Reference | None:
    """Which record of another table a cell names, and by which of its columns."""
    for key in column.foreign_keys:
        if key.constraint is not None and len(key.constraint.elements) > 1:
            continue
        target = key.column
        if target.table is column.table and declared is None:
            return None  # rows of one file may name each other: only the database can tell
        natural = declared[1] if declared else natural_key(target)
        return Reference(target.table, target.name, natural)
    if declared:
        raise ConfigurationError(f"{column.table.name}.{column.name} is not a foreign key.")
    return None


def natural_key(target: Column[Any]) -> str:
    """The one other unique column of a table whose key is a bare number, else the key itself."""
    if target.table.autoincrement_column is not target:
        return target.name
    single = {columns[0] for columns in unique_columns(target.table) if len(columns) == 1}
    single.discard(target.name)
    return single.pop() if len(single) == 1 else target.name


def unique_columns(table: Table) -> list[tuple[str, ...]]:
    """Every set of columns the database keeps unique, the primary key first; none twice."""
    sets = [tuple(column.name for column in table.primary_key.columns)]
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            sets.append(tuple(column.name for column in constraint.columns))
    for index in table.indexes:
        partial = any(kind.get("where") is not None for kind in index.dialect_options.values())
        if index.unique and not partial:
            sets.append(tuple(p.name if isinstance(p, Column) else "" for p in index.expressions))
    kept: dict[frozenset[str], tuple[str, ...]] = {}
    for names in sets:
        if names and all(name in table.columns for name in names):
            kept.setdefault(frozenset(names), names)
    primary, *others = kept.values() if kept else [()]
    return [names for names in (primary, *sorted(others)) if names]


def unique_keys(table: Table, by_column: Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """The unique sets a file can fill: all their columns are fields."""
    return tuple(
        tuple(by_column[name] for name in names)
        for names in unique_columns(table)
        if all(name in by_column for name in names)
    )


def named(by_column: Mapping[str, str], columns: Iterable[Column[Any]]) -> tuple[str, ...]:
    return tuple(by_column[column.name] for column in columns if column.name in by_column)
