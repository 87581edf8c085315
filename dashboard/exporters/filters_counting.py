"""How many records the filters leave, told within a bounded time: the page asks while one types."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, func, literal, select, text
from sqlalchemy.exc import DBAPIError

from dashboard.exporters.export_table import ExportTable

log = logging.getLogger("jobengine.exports")

COUNT_SECONDS = 1.5
LOOK_SECONDS = 0.5
MANY = 10_000
# SQLite asks whether to go on after so many steps of its virtual machine, some 0.1 ms.
STEPS = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """`rows` of `total`, None where counting would have taken too long. `more_than` is then what
    was found in the time there was, if that was any. `broken`: the database cannot read them, such
    as those of a table that is not there.
    """

    rows: int | None
    total: int | None
    more_than: int | None = None
    broken: bool = False


def count(engine: Engine, table: ExportTable, tests: list[ColumnElement[bool]]) -> Found:
    """In at most about 3 seconds (twice COUNT_SECONDS)."""
    try:
        return counted(engine, table, tests)
    except DBAPIError:
        log.exception("the records of %s cannot be counted", table.name)
        return Found(None, None, broken=True)


def counted(engine: Engine, table: ExportTable, tests: list[ColumnElement[bool]]) -> Found:
    with engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        rows = within(connection, counting(table, tests), COUNT_SECONDS)
        if rows is None:
            some = table.select(literal(1)).where(*tests).limit(MANY + 1).subquery()
            seen = within(connection, select(func.count()).select_from(some), LOOK_SECONDS)
            return Found(None, None, MANY if seen is not None and seen > MANY else None)
        if not tests:
            return Found(rows, rows)
        return Found(rows, within(connection, counting(table, []), COUNT_SECONDS))


def counting(table: ExportTable, tests: list[ColumnElement[bool]]) -> Select[Any]:
    return table.select(func.count()).where(*tests)


def within(connection: Connection, query: Select[Any], seconds: float) -> int | None:
    """None when the database was stopped because the time was up."""
    with limited(connection, seconds):
        try:
            return int(connection.scalar(query) or 0)
        except DBAPIError as error:
            if stopped(error):
                return None
            raise
        finally:
            connection.rollback()


@contextmanager
def limited(connection: Connection, seconds: float) -> Iterator[None]:
    """PostgreSQL stops a statement by itself, SQLite asks us in between."""
    if connection.dialect.name != "sqlite":
        limit = f"SET LOCAL statement_timeout = {int(seconds * 1000)}"
        connection.execute(text(limit))
        yield
        return
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


def stopped(error: DBAPIError) -> bool:
    """57014 is PostgreSQL's query_canceled; SQLite says "interrupted"."""
    return getattr(error.orig, "sqlstate", None) == "57014" or "interrupted" in str(error.orig)
