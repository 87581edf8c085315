"""The limit on SQLite: the shell's `.import` of the same file into an identical table."""

import os
import resource
import sqlite3
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import DateTime

from bench.cases import Case
from bench.job_types import BENCH_FLIGHTS
from bench.services import BenchFailed

TIMES = {column.name for column in BENCH_FLIGHTS.columns if isinstance(column.type, DateTime)}


class Sqlite:
    """The application database in the engine's folder, and one file more for the limit."""

    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "jobengine.db"
        self.limit_file = folder / "limit.db"
        self.url = f"file:{self.file}"
        self.version = sqlite3.sqlite_version

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The files lie in the bench's folder and go with it."""

    def rows(self, query: str) -> list[Any]:
        connection = sqlite3.connect(self.file, timeout=30, isolation_level=None)
        try:
            connection.execute("ATTACH DATABASE ? AS other", (str(self.limit_file),))
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def scalar(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def make_limit(self, case: Case) -> None:
        """Made afresh before each `.import`, so that both sides begin with an empty file."""

    def _fresh_limit(self, case: Case) -> None:
        table = self.scalar(f"SELECT sql FROM main.sqlite_master WHERE name = '{case.table}'")
        self.limit_file.unlink(missing_ok=True)
        connection = sqlite3.connect(self.limit_file)
        connection.execute(table)
        connection.close()

    def empty_ours(self, case: Case) -> None:
        """Back to a small file: freed pages would be a head start, or a burden."""
        for statement in (f"DELETE FROM {case.table}", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            self.rows(statement)
        os.sync()

    def limit(self, case: Case, path: Path) -> tuple[float, float | None]:
        """Wall and CPU seconds of one `.import`."""
        self._fresh_limit(case)
        os.sync()
        command = f".import --csv --skip 1 {path} {case.table}"
        words = ["sqlite3", "-bail", str(self.limit_file), command]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode or done.stderr:
            raise BenchFailed(f"sqlite3: {done.stderr[:500]}")
        user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
        return seconds, user + system

    def backend_cpu(self) -> float | None:
        """No server: the workers do it all."""
        return 0.0

    def counts(self, case: Case) -> tuple[int, int]:
        ours = self.scalar(f"SELECT count(*) FROM main.{case.table}")
        return ours, self.scalar(f"SELECT count(*) FROM other.{case.table}")

    def differences(self, case: Case, columns: list[str]) -> int:
        """Rows of ours that the limit's table does not hold; `.import` keeps a blank as ''."""
        on = " AND ".join(f"l.{name} = o.{name}" for name in case.key)
        differs = " OR ".join(different(name) for name in columns)
        query = f"SELECT count(*) FROM main.{case.table} o LEFT JOIN other.{case.table} l ON {on}"
        return int(self.scalar(f"{query} WHERE {differs}"))


def different(name: str) -> str:
    """The shell stores a time as the file writes it: compared as seconds."""
    if name in TIMES:
        return f"strftime('%s', o.{name}) IS NOT strftime('%s', l.{name})"
    return f"o.{name} IS NOT nullif(l.{name}, '')"
