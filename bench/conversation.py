"""`python -m bench.conversation`: failed rows fixed and uploaded again; an upsert undone, killed.

Part of `make prove`. Both end with the whole table compared.
"""

import argparse
import csv
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import select

from bench.data import FOLDER, build, write_whole
from bench.engine import Engine
from bench.killing import Kill, Killing
from bench.postgres import Postgres
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told
from bench.sqlite import Sqlite
from bench.upsert import with_changes
from dashboard.extensions import transaction
from dashboard.jobs.dispatcher import store_upload
from dashboard.jobs.failed_rows import failed_rows
from dashboard.jobs.reupload import reupload_failed_rows
from dashboard.jobs.undoing import undo
from dashboard.lib.cells import write_csv_rows
from dashboard.models.columns import AnyRow
from dashboard.models.user import User

JOB_TYPE = "bench-flights-checked"
ROW_COLUMN = "row in file"
# Before the upsert to undo, the table holds the first part of the file, later rows are inserted.
KNOWN_SHARE = 0.7
Database = Postgres | Sqlite


@dataclass(slots=True)
class Proof:
    """Rows and seconds of each part."""

    database: str
    seed: int
    rows: int = 0
    failed: int = 0
    fix_seconds: float = 0.0
    undone: int = 0
    undo_seconds: float = 0.0
    undo_seconds_killed: float = 0.0
    kills: list[Kill] = field(default_factory=list)


def table(database: Database) -> str:
    return "main.bench_flights" if isinstance(database, Sqlite) else "bench_flights"


def copy_table(database: Database, name: str) -> str:
    full = f"main.{name}" if isinstance(database, Sqlite) else name
    database.rows(f"DROP TABLE IF EXISTS {full}")
    database.rows(f"CREATE TABLE {full} AS SELECT * FROM {table(database)}")
    return full


def same(database: Database, other: str) -> None:
    one = table(database)
    for left, right in ((one, other), (other, one)):
        query = f"SELECT count(*) FROM (SELECT * FROM {left} EXCEPT SELECT * FROM {right}) d"
        ((count,),) = database.rows(query)
        if count:
            raise BenchFailed(f"{count} records are in {left} only")
    ((rows,),), ((wanted,),) = (
        database.rows(f"SELECT count(*) FROM {name}") for name in (one, other)
    )
    if rows != wanted:
        raise BenchFailed(f"{rows} records, not {wanted}")


def empty(database: Database) -> None:
    database.rows(f"DELETE FROM {table(database)}")


def ended(job: AnyRow, **wanted: Any) -> AnyRow:
    found = {name: getattr(job, name) for name in wanted}
    if found != wanted:
        raise BenchFailed(f"job {job.id}: {found}, not {wanted}. {job.error_message or ''}")
    return job


def round_trip(engine: Engine, database: Database, files: dict[str, Path], proof: Proof) -> None:
    """Import with faults, download the failed rows, correct them by script, upload the file."""
    clean = files["flights-id"]
    ended(engine.run(JOB_TYPE, clean), status="completed", failed=0)
    wanted = copy_table(database, "clean_import")
    empty(database)
    job = engine.run(JOB_TYPE, files["flights-bad"])
    proof.rows, proof.failed = job.total, job.failed
    if not job.failed:
        raise BenchFailed("the file with faults came through clean")
    fixed = engine.folder / "fixed.csv"
    fix(write_failed(engine, job, engine.folder / "failed.csv"), clean, fixed)
    with engine.app.app_context(), transaction() as session, fixed.open("rb") as stream:
        user = session.scalars(select(User)).first()
        stored = store_upload(engine.context, session, stream, fixed.name, user)
        reupload_failed_rows(engine.context, session, job.id, "bench", stored, user)
    again = ended(
        engine.finish(job.id), status="completed", failed=0, not_processed=0, created=job.total
    )
    proof.fix_seconds = (again.finished_at - again.started_at).total_seconds()
    same(database, wanted)
    empty(database)


def write_failed(engine: Engine, job: AnyRow, out: Path) -> Path:
    with out.open("wb") as target:
        target.writelines(write_csv_rows(failed_rows(engine.context.app, job)))
    return out


def fix(failed: Path, clean: Path, out: Path) -> None:
    """Each failed row gets the clean file's cells; our own two columns stay as they are."""
    lines = clean.read_text().splitlines()
    with failed.open(newline="") as source, out.open("w", newline="") as target:
        reader, writer = csv.reader(source), csv.writer(target)
        head = next(reader)
        place = head.index(ROW_COLUMN)
        writer.writerow(head)
        for cells in reader:
            good = lines[int(cells[place]) - 1].split(",")
            writer.writerow([*good, *cells[len(good) :]])


def undone(
    engine: Engine, database: Database, files: dict[str, Path], args: Any, proof: Proof
) -> None:
    """An upsert that inserts and updates, undone once in peace and once under kills."""
    ended(engine.run("bench-flights", files["known"]), status="completed", failed=0)
    before = copy_table(database, "before_upsert")
    for kills in (0, args.kills):
        job = engine.run("bench-flights", files["flights-changed"], mode="upsert")
        ended(job, status="completed", failed=0)
        if not (job.created and job.updated and job.unchanged):
            raise BenchFailed(f"the upsert is not mixed: {job.created}, {job.updated}")
        with engine.app.app_context(), transaction() as session:
            user = session.scalars(select(User)).first()
            undo_id = undo(engine.context, session, job.id, user).id
        if kills:
            killing = Killing(engine, args.seed, kills, proof.undo_seconds)
            ending, proof.kills = killing.run(undo_id)
        else:
            ending = engine.finish(undo_id)
        ended(ending, status="completed", failed=0, updated=job.created + job.updated)
        seconds = (ending.finished_at - ending.started_at).total_seconds()
        proof.undone = ending.updated
        proof.undo_seconds = proof.undo_seconds or seconds
        proof.undo_seconds_killed = seconds if kills else 0.0
        same(database, before)


def prove(database: Database, args: Any, files: dict[str, Path]) -> Proof:
    proof = Proof(database.name, args.seed)
    with database, Engine(database.url, database.folder) as engine:
        round_trip(engine, database, files, proof)
        undone(engine, database, files, args, proof)
    return proof


def known_part(flights: Path, out: Path) -> Path:
    head, *lines = flights.read_bytes().splitlines(keepends=True)
    write_whole(out, b"".join([head, *lines[: int(len(lines) * KNOWN_SHARE)]]))
    return out


def report(proof: Proof) -> None:
    print(
        f"Round trip: {proof.rows:,} rows, {proof.failed:,} failed, corrected, uploaded again"
        f" ({proof.fix_seconds:.1f} s): none failed, the table equals the clean import."
    )
    print(
        f"Undo: {proof.undone:,} records reversed in {proof.undo_seconds:.1f} s and"
        f" {proof.undo_seconds_killed:.1f} s under {len(proof.kills)} kills: the table is"
        " as before."
    )
    print(f"Kept in {keep(f'conversation-{proof.database.lower()}', asdict(proof))}.")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.conversation", description=__doc__)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--sqlite", action="store_true", help="on SQLite instead of PostgreSQL")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the files are made")
    args = parser.parse_args(words)
    clean_up_when_told()
    files = build(args.data)
    folder = Path(tempfile.mkdtemp(prefix="conversation-", dir=args.data))
    try:
        files["known"] = known_part(files["flights-id"], folder / "known.csv")
        files["flights-changed"] = folder / "changed.csv"
        write_whole(files["flights-changed"], with_changes(files["flights-id"].read_bytes()))
        report(prove(Sqlite(folder) if args.sqlite else Postgres(folder), args, files))
    except (BenchFailed, OSError, psycopg.Error) as error:
        print(f"\nNot proved (seed {args.seed}). {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
