"""kill -9 of a worker at random moments of syncs: no record lost or doubled, cursor never ahead.

Consumers are forked, run the engine's own runner and sweeper, and are killed with their worker.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from bench import sync_types as types
from bench.postgres import Postgres
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told
from bench.sync_growing import Source
from config import Settings, from_environment
from dashboard.extensions import Base
from dashboard.jobs.context import JobContext
from dashboard.jobs.dispatcher import dispatch
from dashboard.jobs.registry import JobRegistry
from dashboard.jobs.runner import Runner
from dashboard.jobs.sweeper import Sweeper
from dashboard.jobs.transitions import JOB
from dashboard.models.columns import AnyRow
from dashboard.models.states import FINAL, JobStatus
from dashboard.sync.cursors import ensure_cursors, position_of
from dashboard.sync.taken_files import TAKEN_FILES

SETUPS = ("postgresql", "sqlite", "two-databases")
CASES = ("append", "upsert", "mirror", "folder")
# A file of the bench would be one chunk.
FILE_CHUNK_ROWS = 400
TABLES = {
    "append": types.LOG,
    "upsert": types.UPSERTED,
    "mirror": types.MIRRORED,
    "folder": types.FILED,
}
LONGEST_RUN = 300.0


@dataclass
class Silent:
    """In place of the queue: workers look for themselves."""

    def wake(self, *_what: Any, **_how: Any) -> None:
        """Nobody listens."""

    wake_after_commit = wake


class Syncing:
    """One case on one set-up: jobs of its type, workers, and what must hold at any moment."""

    def __init__(self, context: JobContext, case: str, source: Source) -> None:
        self.context, self.case, self.source = context, case, source
        self.name, self.table = f"{case}-sync", TABLES[case]
        self.jobs = 0

    def start(self) -> int:
        options = {"mostDeletedPercent": 100} if self.case == "mirror" else {}
        with Session(self.context.app) as session, session.begin():
            chunk_rows = FILE_CHUNK_ROWS if self.case == "folder" else None
            how: dict[str, Any] = {"user": None, "chunk_rows": chunk_rows, "options": options}
            self.jobs += 1
            return dispatch(self.context, session, self.name, **how).id

    def job(self, job_id: int) -> AnyRow:
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            return connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one()

    def work(self, job_id: int) -> None:
        """As a consumer would, until the job ends."""
        runner, sweeper = Runner(self.context), Sweeper(self.context)
        runner.heartbeat.start()
        deadline = time.monotonic() + LONGEST_RUN
        while self.job(job_id).status not in FINAL:
            sweeper.run_once()
            runner.turn(job_id)
            if time.monotonic() > deadline:
                raise BenchFailed(f"job {job_id} is {self.job(job_id).status}")
            time.sleep(0.01)
        runner.heartbeat.stop()

    def fork(self, job_id: int) -> int:
        """A consumer and its worker, in a process group of their own that dies as one: the engine
        blames no job for the death of a whole consumer."""
        consumer = os.fork()
        if consumer:
            with suppress(ProcessLookupError, PermissionError):
                os.setpgid(consumer, consumer)
            return consumer
        os.setpgid(0, 0)
        worker = os.fork()
        if worker:
            os.waitpid(worker, 0)
            os._exit(0)
        try:
            self.context.after_fork()
            self.work(job_id)
        finally:
            os._exit(0)

    # -- what must hold at any moment --------------------------------------------------------

    def check(self) -> None:
        """Of one moment: the table and the cursor are read in one transaction."""
        reading = {"sqlite_begin": "DEFERRED"}
        if self.context.target.dialect.name == "postgresql":
            reading = {"isolation_level": "REPEATABLE READ"}
        with self.context.target.connect().execution_options(**reading) as connection:
            rows = list(connection.execute(select(self.table.c.n, self.table.c.stamp)))
            {"append": self.append, "upsert": self.upsert, "folder": self.files}.get(
                self.case, self.nothing
            )(connection, rows)

    def append(self, connection: Connection, rows: Sequence[Any]) -> None:
        reached = self.reached(connection)
        numbers = sorted(row.n for row in rows)
        if numbers != list(range(1, reached + 1)):
            raise BenchFailed(f"the cursor stands at {reached}, but there are {len(numbers)} rows")

    def upsert(self, connection: Connection, rows: Sequence[Any]) -> None:
        """Every row whose last change the cursor has passed is there as it was then, or newer."""
        reached, there = self.reached(connection), {row.n: row.stamp for row in rows}
        for n, (stamp, _) in self.source.held().items():
            if stamp <= reached and there.get(n, -1) < stamp:
                raise BenchFailed(f"the cursor stands at {reached}, row {n} of {stamp} is missing")

    def files(self, connection: Connection, rows: Sequence[Any]) -> None:
        names = connection.scalars(select(TAKEN_FILES.c.mark)).all()
        taken = [name for name in self.source.files if any(name in mark for mark in names)]
        wanted = sorted(n for name in taken for n in self.source.files[name])
        found = sorted(row.n for row in rows)
        if len(set(found)) < len(found) or not set(wanted) <= set(found):
            raise BenchFailed(f"{len(taken)} files are taken, {len(found)} rows are there")

    def nothing(self, _connection: Connection, _rows: Sequence[Any]) -> None:
        """A mirror has no cursor; its end is compared."""

    def reached(self, connection: Connection) -> int:
        cursor = position_of(connection, self.name).cursor
        return int(cursor["value"]) if cursor else 0

    # -- the end -----------------------------------------------------------------------------

    def compare(self) -> int:
        """With the source; the records there are."""
        with self.context.target.connect().execution_options(sqlite_begin="DEFERRED") as target:
            columns = (self.table.c.n, self.table.c.stamp, self.table.c.text)
            rows = [tuple(row) for row in target.execute(select(*columns))]
        if self.case == "folder":
            wanted = [(n, n, f"row {n}") for listed in self.source.files.values() for n in listed]
        elif self.case == "append":
            with self.context.target.connect() as target:
                counted = target.scalar(select(func.count(self.table.c.n.distinct())))
            if counted != len(rows) or len(rows) != self.source.rows:
                raise BenchFailed(f"append: {len(rows)} records of {self.source.rows}")
            return len(rows)
        else:
            wanted = [(n, *told) for n, told in self.source.held().items()]
        if sorted(rows) != sorted(wanted):
            odd = sorted(set(rows) ^ set(wanted))[:3]
            raise BenchFailed(f"{self.case}: {len(rows)} of {len(wanted)} records, such as {odd}")
        return len(rows)


def prove(context: JobContext, case: str, source: Source, args: argparse.Namespace) -> Any:
    syncing, moments = Syncing(context, case, source), random.Random(f"{args.seed}{case}")
    source.grow(args.rows)
    began = time.monotonic()
    syncing.work(syncing.start())
    quiet = time.monotonic() - began
    kills, job_id = 0, changed_and_started(syncing, args)
    while kills < args.kills:
        if syncing.job(job_id).status in FINAL:
            job_id = changed_and_started(syncing, args)
        pid = syncing.fork(job_id)
        time.sleep(moments.uniform(0.02, quiet))
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        kills += os.WIFSIGNALED(status)
        syncing.check()
    syncing.work(job_id)
    job = syncing.job(job_id)
    if job.status != JobStatus.COMPLETED or job.failed:
        raise BenchFailed(f"{case}: job {job.id} is {job.status}: {job.error_message}")
    syncing.check()
    records = syncing.compare()
    return {"case": case, "kills": kills, "jobs": syncing.jobs, "records": records}


def changed_and_started(syncing: Syncing, args: argparse.Namespace) -> int:
    syncing.source.grow(args.rows)
    if syncing.case == "mirror":
        syncing.source.lose(args.rows // 5)
    return syncing.start()


@contextmanager
def contexts(setup: str, folder: Path, server: Postgres) -> Iterator[JobContext]:
    """A fresh schema or file for each set-up; `two-databases` keeps jobs in SQLite."""
    file = f"file:{folder / 'jobengine.db'}"
    schema = server.url + f"?options=-csearch_path%3D{setup.replace('-', '_')}"
    server.connection.execute(f"CREATE SCHEMA {setup.replace('-', '_')}")
    urls = {
        "postgresql": (schema, schema),
        "sqlite": (file, file),
        "two-databases": (file, schema),
    }[setup]
    settings: Settings = from_environment(
        {"DATABASE_URL": urls[0], "TARGET_DATABASE_URL": urls[1], "DEMO": "0"},
        instance=folder,
        job_types=types.TYPES,
    )
    context = JobContext(settings, JobRegistry(types.TYPES), Silent())  # type: ignore[arg-type]  # sends nothing
    Base.metadata.create_all(context.app)
    types.METADATA.create_all(context.target)
    ensure_cursors(context.target)
    yield context
    context.close()


def run(args: argparse.Namespace, report: Callable[[Any], None]) -> None:
    scratch = Path(tempfile.mkdtemp(prefix="sync-kills-"))
    try:
        with Postgres(scratch) as server:
            os.environ[types.SOURCE_URL] = server.url
            for setup in args.setup or SETUPS:
                folder = scratch / setup
                (folder / "drop").mkdir(parents=True)
                with contexts(setup, folder, server) as context:
                    for case in args.case or CASES:
                        source = Source(server.url, folder / "drop", random.Random(args.seed))
                        report({"setup": setup, **prove(context, case, source, args)})
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.sync_kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="a case (20)")
    parser.add_argument("--rows", type=int, default=4_000, help="new ones a sync (4000)")
    parser.add_argument("--setup", action="append", choices=SETUPS)
    parser.add_argument("--case", action="append", choices=CASES)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/results/")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    args, proofs = options(words), list[Any]()
    clean_up_when_told()

    def report(proof: Any) -> None:
        proofs.append(proof)
        print(json.dumps(proof), flush=True)

    try:
        run(args, report)
    except (BenchFailed, OSError, psycopg.Error) as error:
        print(f"\nNot proved (seed {args.seed}). {error}", file=sys.stderr)
        return 1
    if args.save:
        print(f"Kept in {keep('sync-kills', {'seed': args.seed, 'proofs': proofs})}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
