"""Records of other tables that a delete would take along or change without a word."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, column, exists, or_, table, text

POSTGRES = """
SELECT n.nspname, c.relname, f.conname,
    (SELECT attname FROM pg_attribute WHERE attrelid = f.conrelid AND attnum = k.own),
    (SELECT attname FROM pg_attribute WHERE attrelid = f.confrelid AND attnum = k.named)
FROM pg_constraint f
JOIN pg_class c ON c.oid = f.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN LATERAL unnest(f.conkey, f.confkey) AS k(own, named)
WHERE f.contype = 'f' AND f.confrelid = CAST(:name AS regclass)
    AND f.confdeltype IN ('c', 'n', 'd') AND f.conparentid = 0
"""
SQLITE = """
SELECT 'main', m.name, f.id, f."from", f."to"
FROM main.sqlite_master AS m, pragma_foreign_key_list(m.name) AS f
WHERE m.type = 'table' AND lower(f."table") = lower(:name)
    AND f.on_delete IN ('CASCADE', 'SET NULL', 'SET DEFAULT')
"""


def taken_along(connection: Connection, target: Table) -> ColumnElement[bool] | None:
    """Is a record of `target` named by a foreign key that cascades or clears itself? None: there is
    no such key."""
    name = target.name
    if connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(target)
    elif connection.dialect.name != "sqlite":
        return None
    asked = text(POSTGRES if connection.dialect.name == "postgresql" else SQLITE)
    keys: dict[tuple[Any, ...], list[tuple[str, Any]]] = {}
    primary = [column.name for column in target.primary_key.columns]
    for *key, own, named in connection.execute(asked, {"name": name}):
        pairs = keys.setdefault(tuple(key), [])
        pairs.append((own, named if named is not None else primary[len(pairs)]))
    found = [named_by(target, key[0], key[1], pairs) for key, pairs in keys.items()]
    return or_(*found) if found else None


def named_by(
    target: Table, schema: str, name: str, pairs: list[tuple[str, Any]]
) -> ColumnElement[bool]:
    other: Any = table(name, *(column(own) for own, _ in pairs), schema=schema)
    other = other.alias()  # it may be the same table
    return exists().where(and_(*(other.c[own] == target.c[named] for own, named in pairs)))
