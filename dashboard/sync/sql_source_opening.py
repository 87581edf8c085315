"""A connection to another database that can only read, and can be cut off from outside."""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from urllib.parse import quote

from sqlalchemy import URL, Connection, CursorResult, Executable, Row, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import NullPool

from dashboard.errors import ConfigurationError
from dashboard.sync.source import SourceError
from dashboard.sync.sql_source_values import as_mysql_texts, as_postgres_texts

Found = TypeVar("Found")
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
    "sqlite": "sqlite",
}
NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB", "sqlite": "SQLite"}
CONNECT_SECONDS = 10
LOOK_EVERY = 0.5
# What a server that stopped answering gets on top, before the connection is cut.
GRACE_SECONDS = 5.0
CANCEL_SECONDS = 2.0
# Their drivers read all rows to the end when a result is closed.
UNSTOPPABLE = ("mysql", "mariadb")
TOO_SLOW = {"57014", "1969", "3024", "interrupted"}


def read_url(text: str) -> URL:
    """Raises ConfigurationError; the URL itself is not shown, it may hold a password."""
    path = text.removeprefix("file:").removeprefix("//")
    try:
        url = URL.create("sqlite", database=path) if text.startswith("file:") else make_url(text)
    except (ArgumentError, ValueError):
        url = URL.create("unknown")
    family = url.get_backend_name()
    if family not in DRIVERS:
        raise ConfigurationError(
            "A source's database URL: use postgresql://, mysql://, mariadb:// or sqlite:///PATH."
        )
    if family == "sqlite" and not url.database:
        raise ConfigurationError("A source's SQLite URL names no file: use sqlite:///PATH.")
    return url.set(drivername=DRIVERS[family])


def shown(url: URL) -> str:
    """Which database this is, without user and password."""
    name = NAMES[url.get_backend_name()]
    if url.host is None:
        return f"{name} {url.database}"
    return f"{name} {url.host}/{url.database or ''}"


class Database:
    """One connection, worked by a thread of its own, so that the caller can look up meanwhile.

    `seconds`: the longest a step (opening, a statement, fetching some rows) may take.
    """

    def __init__(self, url: URL, seconds: float, check: Callable[[], None]) -> None:
        self.url, self.seconds, self.check = url, seconds, check
        self.family = url.get_backend_name()
        self._engine = create_engine(
            opened(url) if self.family == "sqlite" else url,
            poolclass=NullPool,
            connect_args=connect_options(url),
        )
        self._thread = ThreadPoolExecutor(1, "source")
        self._step: Future[Any] | None = None
        self._connection: Connection | None = None
        self._result: CursorResult[Any] | None = None
        self._cursor: Any = None
        self._line: socket.socket | None = None

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            raise SourceError("The source's database is not open.")
        return self._connection

    def run(self, step: Callable[[], Found], seconds: float | None = None) -> Found:
        """Its result; `seconds` when it may take another time. Raises SourceError, and what `check`
        raises."""
        self.check()
        grace = 0 if self.family == "sqlite" else GRACE_SECONDS
        ends = time.monotonic() + (seconds or self.seconds) + grace
        future: Future[Found] = self._thread.submit(step)
        self._step = future
        while not wait([future], LOOK_EVERY).done:
            self.check()
            if time.monotonic() > ends:
                raise too_slow(self.url, self.seconds) if seconds is None else silent(self.url)
        try:
            return future.result()
        except DBAPIError as error:
            raise self._meaning(error) from None
        except UnicodeError:
            raise SourceError(
                f"{shown(self.url)} sent text that is not in its encoding.", code="wrong_encoding"
            ) from None

    def open(self) -> None:
        """Connect, and give up the right to write. To be run as a step."""
        connection = self._connection = self._engine.connect()
        driver: Any = connection.connection.driver_connection
        if self.family == "postgresql":
            self._line = duplicate(driver.pgconn.socket)
            as_postgres_texts(driver)
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            connection.execution_options(**options)
        elif self.family != "sqlite":
            self._line = duplicate(driver._sock.fileno())
            # Short for the greeting; from now on `run` is the one that watches the time.
            driver._read_timeout = self.seconds + 2 * GRACE_SECONDS
        for statement in self._settings():
            connection.exec_driver_sql(statement)

    def _settings(self) -> Iterator[str]:
        if self.family == "sqlite":
            yield "PRAGMA query_only = ON"
        elif self.family == "postgresql":
            yield "SET TimeZone = 'UTC'"
            yield "SET DateStyle = 'ISO'"
            yield "SET IntervalStyle = 'iso_8601'"
            yield f"SET statement_timeout = {int(self.seconds * 1000)}"
        else:
            yield "SET SESSION time_zone = '+00:00'"
            if getattr(self.connection.dialect, "is_mariadb", False):
                yield f"SET SESSION max_statement_time = {self.seconds:f}"
            else:
                yield f"SET SESSION max_execution_time = {int(self.seconds * 1000)}"
            yield "SET SESSION TRANSACTION READ ONLY"

    def execute(self, statement: Executable) -> None:
        """Begin to read its rows; they stay with the server until they are fetched."""
        stream = self.connection.execution_options(stream_results=True)
        self._result = self.run(lambda: stream.execute(statement))
        self._cursor = self._result.cursor

    def fetch(self, count: int) -> Sequence[Row[Any]]:
        """The next rows, at most `count`; none: that was all."""
        result = self._result
        rows = [] if result is None else self.run(lambda: result.fetchmany(count))
        if not rows:
            self._result = None
        return rows

    def close(self) -> None:
        """At once, in the middle of a step too, and with rows unread."""
        unread = self._result is not None and self.family in UNSTOPPABLE
        working = self._step is not None and not self._step.done()
        if working or unread:
            self._cancel()
        if self._step is not None and not wait([self._step], CANCEL_SECONDS).done:
            self._hang_up()
        self._thread.submit(self._leave)
        self._thread.shutdown()
        if self._line is not None:
            self._line.close()

    def _cancel(self) -> None:
        """Ask the server to end what the connection is doing."""
        driver: Any = self._connection and self._connection.connection.driver_connection
        with suppress(Exception):  # it is being given up
            if self.family == "sqlite":
                driver.interrupt()
            elif self.family == "postgresql":
                driver.cancel_safe(timeout=CANCEL_SECONDS)
            else:
                with self._engine.connect() as other:
                    other.exec_driver_sql(f"KILL QUERY {driver.thread_id()}")

    def _hang_up(self) -> None:
        """A server that does not even answer that."""
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)

    def _leave(self) -> None:
        # The driver's first: interrupted, it says so once, and the others would log it.
        for end in (self._cursor, self._result, self._connection):
            if end is not None:
                with suppress(Exception):  # it was cut in the middle of a word
                    end.close()
        unread = getattr(self._cursor, "_result", None)
        if unread is not None and self.family in UNSTOPPABLE:
            # Else the driver looks for the rest of the rows later, on a line that is gone.
            unread.unbuffered_active = False
        self._engine.dispose()

    def _meaning(self, error: DBAPIError) -> SourceError:
        original: Any = error.orig
        numbers = {str(getattr(original, "sqlstate", "")), *map(str, original.args[:1])}
        if numbers & TOO_SLOW:
            return too_slow(self.url, self.seconds)
        said = said_by(original)
        if self._connection is None or error.connection_invalidated:
            return SourceError(
                f"{shown(self.url)} cannot be reached, or ended the connection. It says: {said}",
                code="not_reachable",
                permanent=False,
            )
        return SourceError(
            f"{shown(self.url)} refuses the source's query. It says: {said}", code="query_refused"
        )


@contextmanager
def database(url: URL, seconds: float, check: Callable[[], None]) -> Iterator[Database]:
    """Open and read-only. Raises SourceError."""
    found = Database(url, seconds, check)
    try:
        found.run(found.open, CONNECT_SECONDS)
        yield found
    finally:
        found.close()


def opened(url: URL) -> URL:
    """A SQLite file that is there: another would be made, empty."""
    path = quote(url.database or "")
    return url.set(database=f"file:{path}").update_query_dict({"mode": "rw", "uri": "true"})


def connect_options(url: URL) -> dict[str, Any]:
    """What the driver is told besides the URL."""
    family = url.get_backend_name()
    if family == "sqlite":
        return {"timeout": CONNECT_SECONDS}
    if family == "postgresql":
        return {
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "jobengine",
            "client_encoding": "utf8",
        }
    options = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": CONNECT_SECONDS,
        "write_timeout": CONNECT_SECONDS,
        "conv": as_mysql_texts(),
    }
    # As text it would be taken for Latin-1, unlike what servers have it in.
    return options if url.password is None else {**options, "password": url.password.encode()}


def duplicate(descriptor: int) -> socket.socket:
    """A second handle of the connection, by which it can be shut while the driver waits."""
    return socket.socket(fileno=os.dup(descriptor))


def said_by(error: Any) -> str:
    """The database's own words, on one line; drivers put no password into them."""
    primary = getattr(getattr(error, "diag", None), "message_primary", None)
    words = primary or (error.args[-1] if error.args else "nothing")
    lines = [line.strip() for line in str(words).splitlines() if line.strip()]
    return (lines[0] if lines else "nothing")[:300]


def silent(url: URL) -> SourceError:
    return SourceError(
        f"{shown(url)} does not answer. Check the URL, and that the server runs.",
        code="not_reachable",
        permanent=False,
    )


def too_slow(url: URL, seconds: float) -> SourceError:
    return SourceError(
        f"{shown(url)} took longer than {seconds:g} seconds for one step. Index the cursor's"
        " column, read less, or raise statement_seconds.",
        code="source_too_slow",
        permanent=False,
    )
