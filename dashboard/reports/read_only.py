"""A connection to the target that reads one moment and cannot write, whatever it is asked.

On PostgreSQL every transaction begins READ ONLY and its first statement takes its snapshot, after
which no statement can make it writable. A SQLite file is opened `mode=ro` under an authorizer that
allows reading alone.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url

INSTRUCTIONS = 10_000
ALLOWED = frozenset(
    {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
        sqlite3.SQLITE_TRANSACTION,
    }
)
# What pandas and SQLAlchemy ask to know a table by.
ALLOWED_PRAGMAS = frozenset(
    {"table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo"}
    | {"foreign_key_list", "database_list", "read_uncommitted"}
)


@contextmanager
def reading(url: str, seconds: float) -> Iterator[Connection]:
    """`seconds`: how long a statement (SQLite: all of them) may take."""
    engine = (
        sqlite_engine(url, seconds) if url.startswith("sqlite") else postgres_engine(url, seconds)
    )
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def postgres_engine(url: str, seconds: float) -> Engine:
    own = make_url(url).query.get("options", "")
    options = f"{own} -c default_transaction_read_only=on -c timezone=UTC"
    options += f" -c statement_timeout={max(1, round(seconds * 1000))}"
    engine = create_engine(
        url,
        # Prepared each time: a text of two statements is refused by the server.
        connect_args={"options": options, "connect_timeout": 10, "prepare_threshold": 0},
        execution_options={"postgresql_readonly": True},
        isolation_level="REPEATABLE READ",
    )
    event.listen(engine, "connect", notice_the_end)
    event.listen(engine, "begin", take_snapshot)
    return engine


def notice_the_end(connection: Any, _record: Any) -> None:
    """A query whose process was killed ends within a second, where the server can see that."""
    with suppress(psycopg.Error), connection.transaction():
        connection.execute("SELECT set_config('client_connection_check_interval', '1s', false)")
    connection.rollback()


def take_snapshot(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT 1")


def sqlite_engine(url: str, seconds: float) -> Engine:
    path = quote(make_url(url).database or "")
    deadline = time.monotonic() + seconds

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        connection.isolation_level = None
        connection.execute("PRAGMA query_only = ON")
        connection.set_progress_handler(lambda: time.monotonic() > deadline, INSTRUCTIONS)
        connection.set_authorizer(judge)
        return connection

    engine = create_engine(
        "sqlite://", creator=connect, execution_options={"sqlite_raw_colnames": True}
    )
    event.listen(engine, "begin", begin_reading)
    return engine


def begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN DEFERRED")


def judge(action: int, name: str | None, *_rest: Any) -> int:
    if action in ALLOWED or (action == sqlite3.SQLITE_PRAGMA and name in ALLOWED_PRAGMAS):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
