"""The rules a table puts on single records, read from the database itself."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Connection, Table, text

WORD = re.compile(r"\w+")
QUOTES = {"'": "'", '"': '"', "`": "`", "[": "]"}
POSTGRES = """
SELECT conname, pg_get_expr(conbin, conrelid) FROM pg_constraint
WHERE contype = 'c' AND conrelid = CAST(:name AS regclass) ORDER BY conname
"""
POSTGRES_COLUMNS = """
SELECT attname, atthasdef OR attidentity <> '' FROM pg_attribute
WHERE attrelid = CAST(:name AS regclass) AND attnum > 0 AND attnotnull AND NOT attisdropped
"""


class Rule(NamedTuple):
    """A CHECK: its name ('' when it has none) and its expression over the table's columns."""

    name: str
    expression: str


def check_rules(connection: Connection, table: Table) -> list[Rule]:
    if connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(table)
        found = connection.execute(text(POSTGRES), {"name": name.replace("%%", "%")})
        return [Rule(*row) for row in found]
    asked = "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND lower(name) = :name"
    written = connection.scalar(text(asked), {"name": table.name.lower()})
    return list(written_checks(written or ""))


def columns_not_null(connection: Connection, table: Table) -> dict[str, bool]:
    """Column → does the database fill it when it is left out?"""
    if connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(table)
        found = connection.execute(text(POSTGRES_COLUMNS), {"name": name.replace("%%", "%")})
        return {column: bool(filled) for column, filled in found}
    asked = 'SELECT name, dflt_value, pk FROM pragma_table_info(:name) WHERE "notnull"'
    found = connection.execute(text(asked), {"name": table.name})
    own = table.autoincrement_column
    counted = own.name if own is not None else None
    return {name: default is not None or name == counted for name, default, _ in found}


def written_checks(statement: str) -> Iterator[Rule]:
    """CHECK (…) in a CREATE TABLE as it was written: SQLite keeps nothing else."""
    words: list[str] = []
    place = 0
    while place < len(statement):
        end = skip(statement, place)
        piece = statement[place:end]
        if piece[0] == "(" and words and words[-1].upper() == "CHECK":
            end = closing(statement, place)
            named = len(words) > 2 and words[-3].upper() == "CONSTRAINT"
            name = words[-2].strip("\"'`[]") if named else ""
            yield Rule(name, statement[place + 1 : end - 1])
            words = []
        elif piece.strip() and not piece.startswith(("--", "/*")):
            words.append(piece)
        place = end


def skip(statement: str, place: int) -> int:
    """The end of the word, quoted text, comment or single character that begins here."""
    first = statement[place]
    if statement.startswith("--", place):
        return (statement + "\n").index("\n", place)
    if statement.startswith("/*", place):
        end = statement.find("*/", place)
        return len(statement) if end < 0 else end + 2
    if first in QUOTES:
        end = statement.find(QUOTES[first], place + 1)
        return len(statement) if end < 0 else end + 1
    word = WORD.match(statement, place)
    return word.end() if word else place + 1


def closing(statement: str, place: int) -> int:
    """Behind the parenthesis that closes the one here."""
    depth = 0
    while place < len(statement):
        depth += {"(": 1, ")": -1}.get(statement[place], 0)
        place = skip(statement, place)
        if depth == 0:
            return place
    return place
