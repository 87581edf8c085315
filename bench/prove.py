"""`make prove`: kill -9 at random moments of a big import, over and over, changes nothing."""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select

from bench.cases import expected_faults
from bench.data import FOLDER, build
from bench.engine import Engine
from bench.job_types import BENCH_FLIGHTS
from bench.killing import Kill, Killing
from bench.postgres import Postgres
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told
from bench.sqlite import Sqlite
from dashboard.jobs.leases import CHUNK
from dashboard.models.columns import AnyRow
from dashboard.models.states import JobStatus

JOB_TYPE = "bench-flights-checked"
FAILURE_CELLS = ("row", "column", "code", "value")
OUTCOMES = ("created", "updated", "unchanged", "skipped", "failed", "not_processed")


@dataclass(slots=True)
class Proof:
    """What one database's run showed."""

    database: str
    seed: int
    rows: int
    failed: int
    undisturbed_seconds: float
    disturbed_seconds: float = 0.0
    most_attempts: int = 0
    kills: list[Kill] = field(default_factory=list)

    @property
    def slowest(self) -> float:
        return max((kill.taken_up for kill in self.kills), default=0.0)


def prove(database: Postgres | Sqlite, args: argparse.Namespace, files: dict[str, Path]) -> Proof:
    """An undisturbed run first; then the same file under kills, into the emptied table."""
    path, faults = files["flights-10-bad"], files["faults"]
    with database, Engine(database.url, database.folder) as engine:
        quiet = engine.run(JOB_TYPE, path)
        wanted = outcome(engine, quiet)
        known = expected_faults(path, faults)
        if [(row, column, value) for row, column, _, value in wanted["failures"]] != known:
            raise BenchFailed("the undisturbed run did not report the faults that were put in")
        database.rows(f"CREATE TABLE {reference(database)} AS SELECT * FROM {ours(database)}")
        with engine.context.target.begin() as connection:
            connection.execute(BENCH_FLIGHTS.delete())
        seconds = (quiet.finished_at - quiet.started_at).total_seconds()
        proof = Proof(database.name, args.seed, quiet.total, quiet.failed, seconds)
        killing = Killing(engine, args.seed, args.kills, seconds)
        job, proof.kills = killing.run(engine.submit(JOB_TYPE, path))
        proof.disturbed_seconds = (job.finished_at - job.started_at).total_seconds()
        compare(engine, database, job, wanted)
        proof.most_attempts = most_attempts(engine, job.id)
    return proof


def ours(database: Postgres | Sqlite) -> str:
    return "main.bench_flights" if isinstance(database, Sqlite) else "bench_flights"


def reference(database: Postgres | Sqlite) -> str:
    return "main.undisturbed" if isinstance(database, Sqlite) else "undisturbed"


def outcome(engine: Engine, job: AnyRow) -> dict[str, Any]:
    counts = {name: getattr(job, name) for name in OUTCOMES}
    if job.status != JobStatus.COMPLETED or sum(counts.values()) != job.total:
        raise BenchFailed(f"job {job.id} is {job.status}; {counts} of {job.total} rows")
    return {"counts": counts, "failures": engine.failures(job.id, *FAILURE_CELLS)}


def compare(
    engine: Engine, database: Postgres | Sqlite, job: AnyRow, wanted: dict[str, Any]
) -> None:
    """Counts, every failure, every record."""
    found = outcome(engine, job)
    if found["counts"] != wanted["counts"]:
        raise BenchFailed(f"counts are {found['counts']}, undisturbed {wanted['counts']}")
    if found["failures"] != wanted["failures"]:
        odd = sorted(set(found["failures"]) ^ set(wanted["failures"]))[:5]
        raise BenchFailed(f"failures differ from the undisturbed run, e.g. {odd}")
    one, other = ours(database), reference(database)
    for left, right in ((one, other), (other, one)):
        query = f"SELECT count(*) FROM (SELECT * FROM {left} EXCEPT SELECT * FROM {right}) d"
        ((count,),) = database.rows(query)
        if count:
            raise BenchFailed(f"{count} records are in {left} only")
    (((rows,),), ((reference_rows,),)) = (
        database.rows(f"SELECT count(*) FROM {table}") for table in (one, other)
    )
    if rows != reference_rows:
        raise BenchFailed(f"{rows} records, undisturbed {reference_rows}")


def most_attempts(engine: Engine, job_id: int) -> int:
    with engine.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        query = select(func.max(CHUNK.c.attempt)).where(CHUNK.c.job_id == job_id)
        return int(connection.scalar(query) or 0)


def shortened(path: Path, rows: int, out: Path) -> Path:
    """The first rows of a file, with its header."""
    with path.open("rb") as source, out.open("wb") as target:
        for _, line in zip(range(rows + 1), source, strict=False):
            target.write(line)
    return out


def options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.prove", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows", type=int, help="only the first rows (then nothing is kept)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the files are made")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    args = options(words)
    clean_up_when_told()
    made = build(args.data)
    folder = Path(tempfile.mkdtemp(prefix="prove-", dir=args.data))
    files = {"flights-10-bad": made["flights-10-bad"], "faults": made["flights-10"]}
    try:
        if args.rows:
            files = {n: shortened(p, args.rows, folder / f"{n}.csv") for n, p in files.items()}
        database = Sqlite(folder) if args.sqlite else Postgres(folder)
        print(f"{database.name}: {args.kills} kills, seed {args.seed}", flush=True)
        report(prove(database, args, files), kept=not args.rows)
    except (BenchFailed, OSError, psycopg.Error) as error:
        print(f"\nNot proved (seed {args.seed}). {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def report(proof: Proof, *, kept: bool) -> None:
    print(
        f"Proved: {proof.rows:,} rows, {proof.failed:,} refused, the same as undisturbed"
        f" ({proof.undisturbed_seconds:.1f} s; {proof.disturbed_seconds:.1f} s under"
        f" {len(proof.kills)} kills). Taken up at the latest {proof.slowest:.1f} s after a restart;"
        f" a chunk took at most {proof.most_attempts} attempts."
    )
    if kept:
        print(f"Kept in {keep(f'prove-{proof.database.lower()}', asdict(proof))}.")


if __name__ == "__main__":
    sys.exit(main())
