"""`python -m bench.upsert`: flights over themselves, one in ten changed, beside the same by SQL."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psycopg

from bench.cases import count_rows, header
from bench.data import FOLDER, build, write_whole
from bench.engine import Engine
from bench.postgres import NO_AUTOVACUUM, Postgres, run_psql
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told
from dashboard.models.columns import AnyRow

NEEDED = 0.6
CHANGED_EVERY = 10
JOB_TYPE, OURS, BASE, LIMIT = "bench-flights", "bench_flights", "base_flights", "limit_flights"
# As a person would write it by hand: unchanged records are left alone and can be counted.
BY_HAND = """BEGIN;
CREATE TEMP TABLE stage (LIKE {limit}) ON COMMIT DROP;
\\copy stage ({columns}) FROM '{path}' WITH (FORMAT csv, HEADER true)
INSERT INTO {limit} ({columns}) SELECT {columns} FROM stage
ON CONFLICT (id) DO UPDATE SET {sets}
WHERE ({mine}) IS DISTINCT FROM ({new});
COMMIT;
"""


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds; `ours` with what undo needs kept, `bare` without."""

    ours: float
    bare: float
    by_hand: float

    @property
    def ratio(self) -> float:
        return self.by_hand / self.ours

    @property
    def bare_ratio(self) -> float:
        return self.by_hand / self.bare


def with_changes(content: bytes) -> bytes:
    """Every tenth row leaves a minute later."""
    head, *lines = content.splitlines()
    place = head.decode().split(",").index("sched_dep_time")
    for number in range(0, len(lines), CHANGED_EVERY):
        cells = lines[number].split(b",")
        cells[place] = b"%d" % (int(cells[place]) + 1)
        lines[number] = b",".join(cells)
    return b"\n".join([head, *lines]) + b"\n"


def by_hand_sql(path: Path) -> str:
    columns = header(path)
    others = [name for name in columns if name != "id"]
    return BY_HAND.format(
        limit=LIMIT,
        path=path,
        columns=", ".join(columns),
        sets=", ".join(f"{name} = excluded.{name}" for name in others),
        mine=", ".join(f"{LIMIT}.{name}" for name in others),
        new=", ".join(f"excluded.{name}" for name in others),
    )


class Upserts:
    """Both tables start each time as copies of the unchanged flights."""

    def __init__(self, engine: Engine, database: Postgres, path: Path) -> None:
        self.engine, self.database, self.path = engine, database, path
        self.rows = count_rows(path)
        self.changed = -(-self.rows // CHANGED_EVERY)

    def prepare(self, original: Path) -> None:
        self.engine.run(JOB_TYPE, original)
        for name in (BASE, LIMIT):
            self.database.rows(f"CREATE TABLE {name} (LIKE {OURS} INCLUDING ALL)")
        self.database.rows(f"INSERT INTO {BASE} SELECT * FROM {OURS}")
        for name in (OURS, LIMIT):
            self.database.rows(NO_AUTOVACUUM.format(name))

    def reset(self, table: str) -> None:
        self.database.rows(f"TRUNCATE {table}")
        self.database.rows(f"INSERT INTO {table} SELECT * FROM {BASE} ORDER BY id")
        self.database.rows(f"VACUUM ANALYZE {table}")
        self.database.rows("CHECKPOINT")

    def ours(self, **options: Any) -> float:
        self.reset(OURS)
        job = self.engine.run(JOB_TYPE, self.path, mode="upsert", **options)
        self.check(job)
        return float((job.finished_at - job.started_at).total_seconds())

    def by_hand(self) -> float:
        self.reset(LIMIT)
        script = by_hand_sql(self.engine.store(self.path))
        started = time.perf_counter()
        run_psql(self.database.url, script, self.database.folder)
        return time.perf_counter() - started

    def pair(self, number: int) -> Pair:
        if number % 2:
            hand = self.by_hand()
            return Pair(self.ours(), self.ours(undo=False), hand)
        ours, bare = self.ours(), self.ours(undo=False)
        return Pair(ours, bare, self.by_hand())

    def check(self, job: AnyRow) -> None:
        wanted = ("completed", 0, self.changed, self.rows - self.changed, 0)
        found = (job.status, job.created, job.updated, job.unchanged, job.failed)
        if found != wanted:
            raise BenchFailed(f"upsert came to {found}, not {wanted}. {job.error_message or ''}")

    def compare(self) -> None:
        for left, right in ((OURS, LIMIT), (LIMIT, OURS)):
            query = f"SELECT count(*) FROM (SELECT * FROM {left} EXCEPT SELECT * FROM {right}) d"
            ((count,),) = self.database.rows(query)
            if count:
                raise BenchFailed(f"{count} records are in {left} only")


def measure(args: argparse.Namespace) -> list[Pair]:
    paths = build(args.data)
    changed = args.data / "flights-changed.csv"
    if not changed.exists():
        write_whole(changed, with_changes(paths["flights-id"].read_bytes()))
    folder = Path(tempfile.mkdtemp(prefix="upsert-", dir=args.data))
    try:
        database = Postgres(folder)
        with database, Engine(database.url, database.folder) as engine:
            upserts = Upserts(engine, database, changed)
            upserts.prepare(paths["flights-id"])
            upserts.ours()
            pairs = [upserts.pair(number) for number in range(args.rounds)]
            upserts.compare()
            print_pairs(pairs, upserts)
            return pairs
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def print_pairs(pairs: list[Pair], upserts: Upserts) -> None:
    ratio, bare = median(p.ratio for p in pairs), median(p.bare_ratio for p in pairs)
    print(
        f"\nupsert of {upserts.rows:,} flights over themselves, {upserts.changed:,} changed,"
        f" {upserts.rows - upserts.changed:,} counted unchanged; limit: the same by hand in SQL"
    )
    print(
        f"ratio {ratio:.2f} (needed {NEEDED}: {'ok' if ratio >= NEEDED else 'LOW'});"
        f" {bare:.2f} without what undo needs"
    )
    print(f"each pair: {' '.join(f'{p.ratio:.2f}' for p in pairs)}", flush=True)


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.upsert", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs (5)")
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/results/")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the files are made")
    args = parser.parse_args(words)
    clean_up_when_told()
    try:
        pairs = measure(args)
    except (BenchFailed, OSError, psycopg.Error) as error:
        print(f"\nThe bench failed. {error}", file=sys.stderr)
        return 1
    if args.save:
        body = {"ratio": median(p.ratio for p in pairs), "needed": NEEDED}
        print(f"Kept in {keep('upsert', {**body, 'pairs': [asdict(p) for p in pairs]})}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
