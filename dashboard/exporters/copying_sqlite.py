"""SQLite: a reading transaction sees one moment (WAL), and its SQL writes the lines of a CSV."""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Engine,
    Integer,
    Select,
    Text,
    and_,
    case,
    func,
    literal,
    or_,
    type_coerce,
)

from dashboard.exporters.reading import Steps, cursor_tables, is_unbounded, shortest
from dashboard.exporters.snapshot import Block, Lines, NotText, Tables
from dashboard.exporters.text_columns import holds_text
from dashboard.formats.write_formulas_sql import escape_sql
from dashboard.formats.write_options import WriteOptions
from dashboard.lib.clock import now
from dashboard.records.fields import Field, FieldType

Expression = Any  # a ColumnElement: the types of its functions say less than they take
# A function takes 127 arguments at most, printf's format among them.
MOST_COLUMNS = 120
# Marks that stand in no number, date or time, so that only texts need a look.
DELIMITERS = frozenset(",;|\t")
# Texts of these alone are written as they are, in one look: the fewer the ranges the faster. From 0
# to z there are some marks, but no quote, and no delimiter except the semicolon.
HARMLESS = "*[^0-z ]*"
HARMLESS_BESIDE_SEMICOLON = "*[^A-z0-9 ]*"
FIGURE = "[0-9]"
DAY = f"{FIGURE * 4}-{FIGURE * 2}-{FIGURE * 2}"
CLOCK = ":".join([FIGURE * 2] * 3)
UUID_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
FETCH_ROWS = 500
ODD, SHORTEST, DIGITS = "jobengine_odd", "jobengine_shortest", "jobengine_digits"


class SqliteSnapshot:
    """One connection: a second one would wait for the first (SQLite's allocator has a lock)."""

    dialect = "sqlite"
    parallel = False

    def __init__(self, engine: Engine) -> None:
        self.at = now()
        self.connection = engine.connect().execution_options(sqlite_begin="DEFERRED")
        # A deferred transaction sees what is there at its first read.
        self.connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
        self.planner = SqliteReader(self.connection)
        self.readers = [self.planner]

    def writes_text(self, fields: Sequence[Field], options: WriteOptions) -> bool:
        usual = options.is_delimited and options.is_utf8 and options.decimal == "."
        return usual and options.delimiter in DELIMITERS and 1 < len(fields) <= MOST_COLUMNS

    def close(self) -> None:
        self.connection.close()


class SqliteReader:
    def __init__(self, connection: Any) -> None:
        self.connection = connection
        driver = connection.connection.driver_connection
        driver.create_function(ODD, 1, odd, deterministic=True)
        driver.create_function(SHORTEST, 1, shortest_or_odd, deterministic=True)
        driver.create_function(DIGITS, 2, with_digits, deterministic=True)

    def fetch(self, query: Select[Any]) -> Sequence[Any]:
        found: Sequence[Any] = self.connection.execute(query).all()
        return found

    def lines(self, query: Select[Any], fields: Sequence[Field], options: WriteOptions) -> Lines:
        statement = query.with_only_columns(line(fields, list(query.selected_columns), options))
        compiled = statement.compile(self.connection.engine, compile_kwargs={"literal_binds": True})
        driver = self.connection.connection.driver_connection
        first = itemgetter(0)
        cursor, steps = driver.cursor(), Steps(FETCH_ROWS)
        # What is UTF-8 already need not become a text on its way.
        driver.text_factory, usual = bytes, driver.text_factory
        try:
            cursor.execute(str(compiled))
            while rows := cursor.fetchmany(steps.next()):
                block = Block(b"".join(map(first, rows)), len(rows))
                steps.took(len(rows), len(block.data))
                yield block
        except driver.OperationalError as error:
            if "user-defined function" in str(error):
                raise NotText from error
            raise
        finally:
            driver.text_factory = usual
            cursor.close()

    def tables(self, query: Select[Any], fields: Sequence[Field]) -> Tables:
        return cursor_tables(self.connection, query, fields)

    def cancel(self) -> None:
        self.connection.connection.driver_connection.interrupt()


def odd(value: Any) -> None:
    """Called for what is not in the form its column's type has; null is."""
    if value is not None:
        raise NotText


def shortest_or_odd(value: Any) -> str | None:
    if value is None or isinstance(value, float | int):
        return value if value is None else shortest(value)
    raise NotText


def with_digits(value: Any, digits: int) -> str | None:
    """A decimal, which SQLite keeps as a double, as SQLAlchemy reads it."""
    if value is None or isinstance(value, float | int):
        return value if value is None else f"{value:.{digits}f}"
    raise NotText


def line(
    fields: Sequence[Field], expressions: Sequence[Expression], options: WriteOptions
) -> Expression:
    """A record as a line; printf writes null as nothing."""
    shape = options.delimiter.join(["%s"] * len(fields)) + "\n"
    return func.printf(
        shape, *(cell(*pair, options) for pair in zip(fields, expressions, strict=True))
    )


def cell(field: Field, expression: Expression, options: WriteOptions) -> Expression:
    """Of the value as it is stored: SQLAlchemy's types convert nothing on the way."""
    value = type_coerce(expression, Text())
    if field.type is FieldType.UUID:
        return uuid_cell(value)
    if is_unbounded(field):
        return func.jobengine_shortest(value)
    if field.type is FieldType.JSON:
        return json_cell(value, options)
    if holds_text(field):
        return text_cell(value, options)
    return CELLS[field.type](field, value)


def text_cell(value: Expression, options: WriteOptions) -> Expression:
    """SQLite's own functions end a text at a NUL: one that holds it is not for them."""
    holds_nul = func.instr(value, func.char(0)) > 0
    written = escape_sql("sqlite", value) if options.escapes else value
    quoted = literal('"').concat(func.replace(written, '"', '""')).concat('"')
    marks = f'*[{options.delimiter}"\r\n]*'
    harmless = HARMLESS_BESIDE_SEMICOLON if options.delimiter == ";" else HARMLESS
    # A letter or a digit: neither empty nor the beginning of a formula.
    begins = or_(value >= "A", and_(value >= "0", value < ":"))
    return case(
        (and_(begins, value.op("NOT GLOB")(harmless), func.instr(value, func.char(0)) == 0), value),
        (holds_nul, func.jobengine_odd(value)),
        (or_(written.op("GLOB")(marks), value == ""), quoted),
        else_=written,
    )


def json_cell(value: Expression, options: WriteOptions) -> Expression:
    """SQLite takes a JSON text of a number for that number."""
    number = func.typeof(value).in_(["integer", "real"])
    return case((number, func.jobengine_shortest(value)), else_=text_cell(value, options))


def integer_cell(_field: Field, value: Expression) -> Expression:
    """Whatever its type, a column of SQLite may hold a text, which is more than any number."""
    return case((value >= "", func.jobengine_odd(value)), else_=value)


def boolean_cell(_field: Field, value: Expression) -> Expression:
    truth = type_coerce(value, Integer())
    return case((truth == 1, "true"), (truth == 0, "false"), else_=func.jobengine_odd(value))


def decimal_cell(field: Field, value: Expression) -> Expression:
    return func.jobengine_digits(value, field.scale)


def date_cell(_field: Field, value: Expression) -> Expression:
    return case((value.op("GLOB")(DAY), value), else_=func.jobengine_odd(value))


def time_cell(_field: Field, value: Expression) -> Expression:
    return clocked(value, CLOCK, 8, "")


def datetime_cell(field: Field, value: Expression) -> Expression:
    return clocked(value, f"{DAY} {CLOCK}", 19, "+00:00" if field.timezone else "")


def clocked(value: Expression, pattern: str, whole: int, zone: str) -> Expression:
    """Without the zeros that end its fraction of a second, as SQLAlchemy stores six figures."""
    seconds, fraction = func.substr(value, 1, whole), func.rtrim(value, "0")
    found = case(
        (value.op("GLOB")(f"{pattern}.000000"), seconds.concat(zone) if zone else seconds),
        (value.op("GLOB")(f"{pattern}.{FIGURE * 6}"), fraction.concat(zone) if zone else fraction),
        else_=func.jobengine_odd(value),
    )
    return found


def uuid_cell(value: Expression) -> Expression:
    """32 hexadecimal figures, or a UUID as it is written."""
    digits = func.lower(value)
    parts = [func.substr(digits, start, length) for start, length in UUID_PARTS]
    joined: Expression = parts[0]
    for part in parts[1:]:
        joined = joined.concat("-").concat(part)
    return case((func.length(value) == 32, joined), else_=func.jobengine_odd(value))


CELLS: Mapping[FieldType, Callable[[Field, Expression], Expression]] = {
    FieldType.INTEGER: integer_cell,
    FieldType.NUMBER: lambda _field, value: func.jobengine_shortest(value),
    FieldType.DECIMAL: decimal_cell,
    FieldType.BOOLEAN: boolean_cell,
    FieldType.DATE: date_cell,
    FieldType.TIME: time_cell,
    FieldType.DATETIME: datetime_cell,
}
