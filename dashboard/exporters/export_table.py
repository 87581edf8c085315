"""What an export can read: fields, the SQL of each, and the key its records are ordered by."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, Select, Table, select

from dashboard.errors import ConfigurationError, InputRefused
from dashboard.records.fields import Field, label_for, type_of
from dashboard.records.table import reference_of, table_of

Hook = Callable[[Select[Any]], Select[Any]]
References = Mapping[str, tuple[str, str]]
# Key columns a hook's query carries along although they are not exported.
HIDDEN_KEY = "_key_"


@dataclass(frozen=True, slots=True)
class ExportTable:
    """`expressions` give each field's value by its name; `key` orders the file and is unique when
    the table has a primary key. Both are columns of `source`, what is read from.
    """

    name: str
    fields: tuple[Field, ...]
    expressions: Mapping[str, ColumnElement[Any]]
    key: tuple[ColumnElement[Any], ...]
    source: FromClause
    where: tuple[ColumnElement[bool], ...] = field(default=())

    def field(self, name: str) -> Field:
        for known in self.fields:
            if known.name == name:
                return known
        names = ", ".join(known.name for known in self.fields)
        raise InputRefused(f"{self.name} has no field {name!r}. Fields: {names}.")

    def select(self, *columns: ColumnElement[Any]) -> Select[Any]:
        """The records that match, in no order."""
        return select(*columns).select_from(self.source).where(*self.where)


def export_table(
    source: Any,
    fields: Sequence[str] | None,
    key: Sequence[str] | str | None,
    *,
    references: References,
    hidden: Collection[str],
    hook: Hook | None = None,
) -> ExportTable:
    """Derive it from a SQLAlchemy model or (reflected) Table. Raises ConfigurationError."""
    table = table_of(source)
    known = exported_columns(table, references, hidden)
    chosen = [pick(table, known, name) for name in fields] if fields is not None else known
    if not chosen:
        raise ConfigurationError(f"{table.name}: nothing of it can be exported.")
    order = ordering(table, known, key)
    if hook is None:
        by_name = {found.name: expression for found, expression in chosen}
        return ExportTable(table.name, tuple(f for f, _ in chosen), by_name, order, table)
    return hooked(table, chosen, order, hook, hidden)


Exported = tuple[Field, ColumnElement[Any]]


def exported_columns(
    table: Table, references: References, hidden: Collection[str]
) -> list[Exported]:
    """Every column a file can hold: not those of bytes, not the hidden ones."""
    declared = {column: (name, key) for name, (column, key) in references.items()}
    found = (exported(column, declared.get(column.name)) for column in table.columns)
    return [
        one for one in found if one is not None and not {one[0].name, one[0].column} & set(hidden)
    ]


def exported(column: Column[Any], declared: tuple[str, str] | None) -> Exported | None:
    """A column; one that holds a surrogate key shows what files call the record it refers to."""
    shape, reference = type_of(column), reference_of(column, declared)
    name = column.name
    expression: ColumnElement[Any] = column
    if reference is not None and reference.surrogate:
        other = reference.table.alias()
        shape = type_of(reference.table.c[reference.key])
        name = declared[0] if declared else column.name.removesuffix("_id")
        named = select(other.c[reference.key]).where(other.c[reference.column] == column)
        expression = named.scalar_subquery()
    if shape is None:
        return None
    label = str(column.info.get("label") or label_for(name))
    return Field(
        name, column.name, label=label, nullable=bool(column.nullable), **shape
    ), expression


def pick(table: Table, known: Iterable[Exported], name: str) -> Exported:
    known = list(known)
    for found, expression in known:
        if name in (found.name, found.column):
            return found, expression
    names = ", ".join(found.name for found, _ in known)
    raise ConfigurationError(f"{table.name}: there is no field {name!r}. Fields: {names}.")


def ordering(
    table: Table, known: Iterable[Exported], key: Sequence[str] | str | None
) -> tuple[Column[Any], ...]:
    """The key's columns, and the primary key behind them so that no two records are alike."""
    names = (key,) if isinstance(key, str) else tuple(key or ())
    chosen = [
        table.c[name] if name in table.c else table.c[pick(table, known, name)[0].column]
        for name in names
    ]
    behind = [column for column in table.primary_key.columns if column not in set(chosen)]
    return (*chosen, *behind)


def hooked(
    table: Table,
    chosen: Sequence[Exported],
    order: Sequence[Column[Any]],
    hook: Hook,
    hidden: Collection[str],
) -> ExportTable:
    """The hook's query as a table of its own; without the key's columns it is read in one go."""
    keys = [column.label(f"{HIDDEN_KEY}{column.name}") for column in order]
    columns = [expression.label(found.name) for found, expression in chosen]
    query = hook(select(*columns, *keys).select_from(table))
    inner = query.subquery("exported")
    known = {found.name: found for found, _ in chosen}
    fields = tuple(
        known.get(column.name) or computed(table, column)
        for column in inner.c
        if not column.name.startswith(HIDDEN_KEY) and column.name not in hidden
    )
    key = tuple(inner.c[k.name] for k in keys if k.name in inner.c)
    return ExportTable(
        table.name,
        fields,
        {found.name: inner.c[found.name] for found in fields},
        key if len(key) == len(keys) else (),
        inner,
    )


def computed(table: Table, column: ColumnElement[Any]) -> Field:
    name = str(getattr(column, "name", ""))
    shape = type_of(Column(name, column.type))
    if shape is None:
        raise ConfigurationError(
            f"Export of {table.name}: the query's column {name!r} has no type a file can hold."
            " Give it one with cast() or type_coerce(), and a name with .label()."
        )
    return Field(name, "", label=label_for(name), **shape)
