"""Makes one report in a process of its own (child.py asks for it): a Parquet file and its facts.

One line of JSON comes on standard input. Two go out: `{"ready": true}` once the database is open,
then the facts or `{"refused": {code, message}}`. What the report itself prints goes to the log.
"""

import json
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import chain, islice
from typing import IO, Any

import psycopg
import pyarrow.parquet
from sqlalchemy import Connection, TextClause
from sqlalchemy.exc import DBAPIError

from dashboard.errors import JobEngineError
from dashboard.formats.workbook_request import limit
from dashboard.jobs.registry import load_path
from dashboard.lib.clock import now
from dashboard.reports.parameters import resolve
from dashboard.reports.read_only import reading
from dashboard.reports.refusals import (
    TargetAway,
    code_error,
    database_error,
    is_timeout,
    too_large,
    too_slow,
)
from dashboard.reports.report import Report, writes_code
from dashboard.reports.tables import check_columns, table_of_frame, table_of_rows

pq: Any = pyarrow.parquet
ROWS_AT_ONCE, GROUP_ROWS = 5_000, 20_000
OUT_OF_MEMORY = 3
Selected = tuple[Sequence[str], Iterator[Sequence[Any]]]
PLACEHOLDER = re.compile(r"%\((\w+)\)s|%%", re.A)


def make(request: Mapping[str, Any], say: Any) -> dict[str, Any]:
    """Run the report and write its file. Raises ReportRefused, TargetAway."""
    report: Report = load_path(request["report"])()
    try:
        with reading(request["url"], request["timeout"]) as connection:
            connection.begin()
            say({"ready": True})
            at, began = now(), time.monotonic()
            table, of, cut = rows_of(report, connection, request)
            seconds = time.monotonic() - began
    except DBAPIError as error:
        raise too_slow(request["timeout"]) if is_timeout(error) else database_error(error) from None
    check_columns(table.column_names, report.named_columns)
    with open(request["output"], "wb") as output:
        pq.write_table(table, output, row_group_size=GROUP_ROWS)
    types = [str(kind) for kind in table.schema.types]
    facts = {"rows": table.num_rows, "of": of, "cut": cut, "seconds": round(seconds, 3)}
    return {**facts, "read_at": at.isoformat(), "names": table.column_names, "types": types}


def rows_of(
    report: Report, connection: Connection, request: Mapping[str, Any]
) -> tuple[Any, int | None, bool]:
    """The table, how many rows there were (None: more than were asked for), and was it cut?"""
    moment = datetime.fromisoformat(request["now"])
    values = resolve(report.parameters, request["parameters"], moment)
    most = report.row_limit
    if writes_code(type(report)):
        table, of = table_of_frame(run_code(report, connection, values), most)
        return table, of, of > most
    clause, used = report.statement(connection.dialect.name, values)
    with selected(connection, clause, used) as (names, rows):
        table, more = table_of_rows(names, rows, most)
    return table, None if more else table.num_rows, more


def run_code(report: Report, connection: Connection, values: Mapping[str, Any]) -> Any:
    try:
        return report.run(connection, values)
    except (JobEngineError, DBAPIError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error.__cause__, DBAPIError):  # pandas wraps the database's errors
            raise error.__cause__ from None
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        raise code_error(error) from None


@contextmanager
def selected(
    connection: Connection, clause: TextClause, values: Mapping[str, Any]
) -> Iterator[Selected]:
    """Column names and rows, streamed."""
    if connection.dialect.name == "postgresql":
        statement = str(clause.compile(dialect=connection.dialect))
        driver: Any = connection.connection.driver_connection
        cursor = driver.cursor()
        at_once = ROWS_AT_ONCE if psycopg.capabilities.has_stream_chunked() else 1
        # By the protocol that takes a single statement. Left open, it would lock the connection.
        with closing(cursor.stream(statement, values, size=at_once)) as rows:
            told = going_on(rows, statement)
            first = list(islice(told, 1))
            names = [column.name for column in cursor.description or ()]
            yield names, chain(first, told)
        return
    result = connection.execute(clause, dict(values))
    yield list(result.keys()), pages(result)


def pages(result: Any) -> Iterator[Sequence[Any]]:
    while page := result.fetchmany(ROWS_AT_ONCE):
        yield from page


def going_on(rows: Any, statement: str) -> Iterator[Sequence[Any]]:
    try:
        yield from rows
    except psycopg.Error as error:
        raise explained(error, statement) from None


def explained(error: psycopg.Error, statement: str) -> Exception:
    """With the line the server points to."""
    wrapped = DBAPIError(statement, {}, error)
    if is_timeout(wrapped):
        return wrapped
    place = error.diag.statement_position
    return database_error(wrapped, line_at(statement, int(place)) if place else None)


def line_at(statement: str, place: int) -> int:
    """The line of a character of the statement as it was sent: `$1` for each placeholder."""
    numbers: dict[str, int] = {}

    def sent(match: "re.Match[str]") -> str:
        name = match[1]
        return f"${numbers.setdefault(name, len(numbers) + 1)}" if name else "%"

    return PLACEHOLDER.sub(sent, statement)[: place - 1].count("\n") + 1


def main() -> None:
    answers = own_output()

    def say(body: Mapping[str, Any]) -> None:
        answers.write(json.dumps(body).encode() + b"\n")
        answers.flush()

    request = json.loads(sys.stdin.buffer.readline())
    sys.path.extend(path for path in request["paths"] if path not in sys.path)
    limit({"memory": request["memory"], "seconds": request["timeout"]})
    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        say(make(request, say))
    except JobEngineError as error:
        say({"refused": {"code": error.code, "message": error.message}})
    except TargetAway as error:
        say({"away": str(error)})
    except (MemoryError, RecursionError):
        refusal = too_large(request["memory"])
        say({"refused": {"code": refusal.code, "message": refusal.message}})
    finally:
        sys.stderr.flush()
    # Not by the end of the interpreter, which would wait for the thread that listens.
    os._exit(0)


def end_with_parent() -> None:
    """With all that the report started: its end of our standard input closes when it dies."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def own_output() -> IO[bytes]:
    """Standard output for the answers alone: what the report prints joins the log."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    main()
