"""`python -m bench.export_kills`: kill -9 in the middle of an export, twenty times, harms nothing.

Part of `make prove`. Every start is a new generation of parts; the last one is left in peace. The
file is then that of an undisturbed export, to the byte, and nothing else is left in the store.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psycopg
from sqlalchemy import func, select

from bench.data import FLIGHT_ROWS, FOLDER, build
from bench.engine import Engine
from bench.export import Exports, output, submit
from bench.postgres import Postgres
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told, wait_for
from bench.sqlite import Sqlite
from dashboard.jobs.leases import CHUNK
from dashboard.models.columns import AnyRow
from dashboard.models.states import FINAL, ChunkState
from dashboard.models.stored_file import StoredFile
from dashboard.storage.store import PARTS

FIRST, LAST = 0.1, 0.9
SWEPT_WITHIN = 60.0


@dataclass(frozen=True, slots=True)
class Kill:
    """When it came (share of the rows that lay in parts) and in which attempt."""

    attempt: int
    wanted: float
    share: float


@dataclass(slots=True)
class Proof:
    database: str
    seed: int
    format: str
    rows: int = 0
    bytes: int = 0
    sha256: str = ""
    undisturbed_seconds: float = 0.0
    attempts: int = 0
    kills: list[Kill] = field(default_factory=list)


class Killing:
    """One export, its workers killed again and again."""

    def __init__(self, engine: Engine, proof: Proof) -> None:
        self.engine, self.proof = engine, proof
        self.random = random.Random(proof.seed)

    def run(self, job_id: int, kills: int) -> AnyRow:
        attempt = 0
        for number in range(1, kills + 1):
            attempt = self._kill(job_id, number, attempt)
        return self.engine.finish(job_id)

    def _kill(self, job_id: int, number: int, before: int) -> int:
        """In the attempt behind `before`; all of the jobs consumer, and now and then both."""
        wanted = self.random.uniform(FIRST, LAST)
        seen = [0.0]

        def reached() -> bool:
            seen[0] = self._share(job_id, before)
            return seen[0] >= wanted

        what = f"{wanted:.0%} of the rows before kill {number}"
        wait_for(reached, 120, what, self.engine.services)
        both = self.random.random() < 0.3
        victims = self.engine.services if both else [self.engine.jobs]
        for service in victims:
            service.kill()
        job, share = self.engine.job(job_id), seen[0]
        if job.status in FINAL:
            raise BenchFailed(f"the export ended before kill {number}: {job.status}")
        self.proof.kills.append(Kill(job.attempt, round(wanted, 3), round(share, 3)))
        print(f"  kill {number:>2}: attempt {job.attempt}, {share:.0%} done", flush=True)
        for service in victims:
            service.start()
        return int(job.attempt)

    def _share(self, job_id: int, before: int) -> float:
        """Of the present attempt: the parts of an earlier one count for nothing."""
        job = self.engine.job(job_id)
        if job.status in FINAL:
            return 1.0
        if job.attempt <= before or job.status != "active" or not job.total:
            return 0.0
        where = (CHUNK.c.job_id == job_id, CHUNK.c.state == ChunkState.DONE)
        query = select(func.coalesce(func.sum(CHUNK.c.rows), 0)).where(*where)
        with self.engine.context.app.connect().execution_options(
            sqlite_begin="DEFERRED"
        ) as connection:
            return int(connection.scalar(query) or 0) / int(job.total)


def prove(database: Postgres | Sqlite, args: argparse.Namespace, paths: dict[str, Path]) -> Proof:
    proof, options = Proof(database.name, args.seed, args.format), {"format": args.format}
    with database, Engine(database.url, database.folder) as engine:
        Exports(engine, database).fill(paths)
        quiet = ended(engine.finish(submit(engine, options)))
        proof.undisturbed_seconds = (quiet.finished_at - quiet.started_at).total_seconds()
        wanted = stored(engine, quiet)
        output(engine, quiet).unlink()
        job = ended(Killing(engine, proof).run(submit(engine, options), args.kills))
        found = stored(engine, job)
        if (found.bytes, found.sha256, found.rows) != (wanted.bytes, wanted.sha256, wanted.rows):
            raise BenchFailed("the file differs from that of the undisturbed export")
        proof.rows, proof.bytes, proof.sha256 = found.rows, found.bytes, found.sha256
        proof.attempts = job.attempt
        if proof.attempts <= args.kills:
            raise BenchFailed(f"{args.kills} kills, but only {proof.attempts} attempts")
        nothing_else(engine, output(engine, job))
    return proof


def ended(job: AnyRow) -> AnyRow:
    if (job.status, job.created) != ("completed", FLIGHT_ROWS):
        raise BenchFailed(f"job {job.id}: {job.status}, {job.created}. {job.error_message or ''}")
    return job


def stored(engine: Engine, job: AnyRow) -> AnyRow:
    with engine.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        table = StoredFile.__table__
        return connection.execute(select(table).where(table.c.id == job.output_id)).one()


def nothing_else(engine: Engine, file: Path) -> None:
    """No part and no unfinished file; parts go just after the job has ended."""
    wait_for(lambda: not left_behind(engine, file), SWEPT_WITHIN, "the parts' end", engine.services)


def left_behind(engine: Engine, file: Path) -> list[Path]:
    parts = engine.context.store.local_path(PARTS)
    beside = [path for path in file.parent.iterdir() if path != file]
    return [*beside, *(path for path in (parts or file).rglob("*") if path.is_file())]


def report(proof: Proof) -> None:
    print(
        f"Proved on {proof.database}: {proof.rows:,} rows, {proof.bytes:,} bytes of {proof.format},"
        f" the same as undisturbed ({proof.undisturbed_seconds:.1f} s), after {len(proof.kills)}"
        f" kills and {proof.attempts} attempts; nothing else is left."
    )
    print(f"Kept in {keep(f'export-kills-{proof.database.lower()}', asdict(proof))}.")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.export_kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--format", default="json-lines", help="csv may end before it is killed")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the files are made")
    args = parser.parse_args(words)
    clean_up_when_told()
    paths = build(args.data)
    folder = Path(tempfile.mkdtemp(prefix="export-kills-", dir=args.data))
    database = Sqlite(folder) if args.sqlite else Postgres(folder)
    print(f"{database.name}: {args.kills} kills, seed {args.seed}", flush=True)
    try:
        report(prove(database, args, paths))
    except (BenchFailed, OSError, psycopg.Error) as error:
        print(f"\nNot proved (seed {args.seed}). {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
