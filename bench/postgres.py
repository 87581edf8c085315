"""The limit on PostgreSQL: `psql \\copy` of the same rows into an identical table."""

import os
import resource
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench.cases import Case, header
from bench.services import APPLICATION, BenchFailed, cpu_seconds

SERVER = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
WALWRITER = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'"
OURS = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = %s"
FOREIGN_KEYS = """SELECT pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = %s::regclass AND contype = 'f'"""
# The backend's own CPU time is only to be had while it lives: psql reads it last.
COPY = """SELECT pg_backend_pid() AS pid \\gset
\\setenv BACKEND :pid
\\copy limit_{table} ({columns}) FROM '{path}' WITH (FORMAT csv, HEADER true)
\\! cat /proc/$BACKEND/stat 2>/dev/null
"""
NO_AUTOVACUUM = "ALTER TABLE {} SET (autovacuum_enabled = false)"


class Postgres:
    """A scratch database on the server, gone afterwards."""

    name = "PostgreSQL"

    def __init__(self, folder: Path) -> None:
        self.database = f"jobengine_bench_{os.getpid()}"
        self.folder = folder
        info = conninfo_to_dict(SERVER)
        password = f":{info['password']}" if info.get("password") else ""
        address = f"{info.get('host', '127.0.0.1')}:{info.get('port', 5432)}"
        self.url = f"postgresql://{info['user']}{password}@{address}/{self.database}"

    def __enter__(self) -> Self:
        with psycopg.connect(SERVER, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {self.database}")
            self.version = str(admin.info.server_version // 10000)
        self.connection = psycopg.connect(self.url, autocommit=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.connection.close()
        with psycopg.connect(SERVER, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")

    def scalar(self, query: str, *values: Any) -> Any:
        row = self.connection.execute(query, values).fetchone()
        return row[0] if row else None

    def make_limit(self, case: Case) -> None:
        """An identical table: columns, defaults, indexes, constraints and foreign keys."""
        limit = f"limit_{case.table}"
        self.connection.execute(f"DROP TABLE IF EXISTS {limit}")
        self.connection.execute(f"CREATE TABLE {limit} (LIKE {case.table} INCLUDING ALL)")
        for (definition,) in self.connection.execute(FOREIGN_KEYS, (case.table,)).fetchall():
            self.connection.execute(f"ALTER TABLE {limit} ADD {definition}")
        for table in (case.table, limit):
            self.connection.execute(NO_AUTOVACUUM.format(table))

    def empty_ours(self, case: Case) -> None:
        self._empty(case.table)

    def _empty(self, table: str) -> None:
        self.connection.execute(f"TRUNCATE {table}")
        with suppress(psycopg.errors.InsufficientPrivilege):
            self.connection.execute("CHECKPOINT")
        os.sync()

    def limit(self, case: Case, path: Path) -> tuple[float, float | None]:
        """Wall and CPU seconds (psql, its backend, the WAL writer) of one `\\copy`."""
        self._empty(f"limit_{case.table}")
        script = COPY.format(table=case.table, columns=", ".join(header(path)), path=path)
        before, wal = children_seconds(), self._walwriter()
        started = time.perf_counter()
        out = run_psql(self.url, script, self.folder)
        seconds = time.perf_counter() - started
        fields = out.rpartition(")")[2].split()
        if not fields or wal is None:
            return seconds, None
        backend = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        wal_used = (self._walwriter() or wal) - wal
        return seconds, children_seconds() - before + backend + wal_used

    def backend_cpu(self) -> float | None:
        """CPU seconds so far of our services' backends and the WAL writer; None when remote."""
        wal = self._walwriter()
        if wal is None:
            return None
        pids = self.connection.execute(OURS, (APPLICATION, self.database)).fetchall()
        return wal + sum(cpu_of(pid) for (pid,) in pids)

    def _walwriter(self) -> float | None:
        pid = self.scalar(WALWRITER)
        with suppress(psutil.Error, TypeError):
            if "postgres" in psutil.Process(pid).name():
                return cpu_of(pid)
        return None

    def counts(self, case: Case) -> tuple[int, int]:
        ours = self.scalar(f"SELECT count(*) FROM {case.table}")
        return ours, self.scalar(f"SELECT count(*) FROM limit_{case.table}")

    def differences(self, case: Case, columns: list[str]) -> int:
        """Rows of ours that the limit's table does not hold just so."""
        on = " AND ".join(f"l.{name} = o.{name}" for name in case.key)
        differs = " OR ".join(f"o.{name} IS DISTINCT FROM l.{name}" for name in columns)
        query = f"SELECT count(*) FROM {case.table} o LEFT JOIN limit_{case.table} l ON {on}"
        wrong: int = self.scalar(f"{query} WHERE {differs}")
        return wrong + (self.scalar(case.also) if case.also else 0)

    def rows(self, query: str) -> list[Any]:
        cursor = self.connection.execute(query)
        return cursor.fetchall() if cursor.description else []


def run_psql(url: str, script: str, folder: Path) -> str:
    with tempfile.NamedTemporaryFile("w", suffix=".sql", dir=folder) as file:
        file.write(script)
        file.flush()
        words = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", file.name]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(f"psql: {done.stderr}")
    return done.stdout


def cpu_of(pid: int) -> float:
    with suppress(psutil.NoSuchProcess):
        return cpu_seconds([psutil.Process(pid)])
    return 0.0


def children_seconds() -> float:
    """CPU of every child of this process that has ended and been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
