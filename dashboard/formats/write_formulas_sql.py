"""The rule of lib/cells.py in SQL, for exports whose text the database itself writes."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Integer, Text, and_, case, func, literal, not_, or_, type_coerce

from dashboard.errors import ConfigurationError
from dashboard.lib.cells import FORMULA_STARTS, PLAIN_NUMBER

Clause = Any  # a ColumnElement: the types of its functions say less than they take
DIGITS = "0123456789"
MINUS = "-"
# So far behind a character is its full-width form: modulo this, both are the same number.
WIDE_FORMS = ord("\uff1d") - ord("=")


def escape_sql(dialect: str, column: Clause) -> Clause:
    """A text column with an apostrophe before what a spreadsheet would run; null stays null.

    For PostgreSQL (a database in UTF-8) and SQLite; raises ConfigurationError for any other.
    """
    if dialect not in RISKY:
        message = f"Formulas cannot be escaped in the SQL of {dialect}. Use postgresql or sqlite."
        raise ConfigurationError(message)
    text = type_coerce(column, Text())
    return case((RISKY[dialect](text), literal("'").concat(text)), else_=text)


def risky_postgresql(text: Clause) -> Clause:
    """The first character is looked at before any pattern: most texts are done with that."""
    first = [ord(character) for character in (*FORMULA_STARTS, "'")]
    starts = FORMULA_STARTS.replace(MINUS, "") + MINUS
    code = func.ascii(text)
    return and_(
        # One look is enough for a text that begins with a letter.
        code.op("%", return_type=Integer)(WIDE_FORMS) <= ord("@"),
        code.in_(first),
        text.regexp_match(f"^'*[{starts}]"),
        not_(text.regexp_match(f"^'*{PLAIN_NUMBER}$")),
    )


def risky_sqlite(text: Clause) -> Clause:
    """Without patterns, which SQLite has none of by itself."""
    bare = func.ltrim(text, "'")
    first = func.substr(bare, 1, 1)
    return or_(
        first.in_(list(FORMULA_STARTS.replace(MINUS, ""))),
        and_(first == MINUS, not_(is_number(bare))),
    )


def is_number(text: Clause) -> Clause:
    """Of a text that begins with a minus: digits, perhaps a fraction, perhaps an exponent."""
    before = func.rtrim(text, DIGITS)
    mark = func.lower(func.substr(before, -2))
    mantissa = case(
        (mark.in_(["e+", "e-"]), func.substr(before, 1, func.length(before) - 2)),
        (func.substr(mark, -1) == "e", func.substr(before, 1, func.length(before) - 1)),
        else_=text,
    )
    whole = func.rtrim(mantissa, DIGITS)
    integer = func.substr(whole, 1, func.length(whole) - 1)
    return and_(
        before != text,
        whole != mantissa,
        or_(
            whole == MINUS,
            and_(
                func.substr(whole, -1) == ".",
                integer != MINUS,
                func.rtrim(integer, DIGITS) == MINUS,
            ),
        ),
    )


RISKY: Mapping[str, Callable[[Clause], Clause]] = {
    "postgresql": risky_postgresql,
    "sqlite": risky_sqlite,
}
