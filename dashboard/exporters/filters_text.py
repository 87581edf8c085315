"""Comparing texts alike on PostgreSQL and SQLite, whatever the database's locale."""

from typing import Any

from sqlalchemy import ColumnElement, Text, literal
from sqlalchemy import types as sqltypes
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

REGEX_SIGNS = frozenset(r"\.^$*+?()[]{}|")
GLOB_SIGNS = frozenset("*?[")


class ByCodePoint(FunctionElement[str]):
    """A text that is ordered by its code points."""

    name = "by_code_point"
    type = Text()
    inherit_cache = True


class Holds(FunctionElement[bool]):
    """Of a text, a regular expression (PostgreSQL) and a GLOB pattern (SQLite): does it match?"""

    name = "holds"
    type = sqltypes.Boolean()
    inherit_cache = True


def holds(text: ColumnElement[Any], needle: str) -> ColumnElement[bool]:
    """Is `needle` in the text, big and small letters alike? No character of it is a wildcard."""
    return Holds(text, literal(as_regex(needle), Text()), literal(as_glob(needle), Text()))


def as_regex(needle: str) -> str:
    return "".join(either(c) or (f"\\{c}" if c in REGEX_SIGNS else c) for c in needle)


def as_glob(needle: str) -> str:
    return f"*{''.join(either(c) or (f'[{c}]' if c in GLOB_SIGNS else c) for c in needle)}*"


def either(character: str) -> str:
    """`[eE]` for a letter with another case, else nothing. Cases of two letters do not count."""
    cases = {character, character.lower(), character.upper()}
    cases = {case for case in cases if len(case) == 1}
    return f"[{''.join(sorted(cases))}]" if len(cases) > 1 else ""


@compiles(ByCodePoint, "postgresql")
def by_code_point_postgres(element: Any, compiler: Any, **how: Any) -> str:
    return f'({compiler.process(element.clauses, **how)}) COLLATE "C"'


@compiles(ByCodePoint, "sqlite")
def by_code_point_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    return f"({compiler.process(element.clauses, **how)}) COLLATE BINARY"


@compiles(Holds, "postgresql")
def holds_postgres(element: Any, compiler: Any, **how: Any) -> str:
    text, regex, _ = (compiler.process(part, **how) for part in element.clauses)
    return f'({text} COLLATE "C" ~ {regex})'


@compiles(Holds, "sqlite")
def holds_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    text, _, glob = (compiler.process(part, **how) for part in element.clauses)
    return f"({text} GLOB {glob})"
