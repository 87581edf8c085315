"""`python -m bench.export`: exports beside psql, the sqlite3 shell and XlsxWriter.

The time of a job is from its start to its end: planning, the file's hash and its joining included.
Formulas are escaped, as they are by default.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
from sqlalchemy import text

from bench.data import FLIGHT_ROWS, FOLDER, TIMES, build
from bench.engine import Engine
from bench.export_limits import psql_copy, shell_csv, xlsxwriter_rows
from bench.postgres import Postgres
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told
from bench.sqlite import Sqlite
from dashboard.extensions import transaction
from dashboard.jobs.dispatcher import dispatch
from dashboard.models.columns import AnyRow
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User

JOB_TYPE = "flights-export"
XLSX_ROWS = 100_000
PEAK_MOST = 250 * 1000**2
REPEAT = """INSERT INTO flights SELECT id + {first} * t.n, year, month, day, dep_time,
sched_dep_time, dep_delay, arr_time, sched_arr_time, arr_delay, carrier, flight, tailnum, origin,
dest, air_time, distance, hour, minute, time_hour FROM flights, ({numbers}) t ORDER BY t.n, id"""

Limit = Callable[[Any, Path], float]


@dataclass(frozen=True, slots=True)
class Case:
    """`needed` is the limit's time over ours, `times` how often the flights are in the table."""

    name: str
    options: Mapping[str, Any]
    limit: Limit
    needed: float
    times: int = 1
    rows: int | None = None


FIRST_ROWS = [{"field": "id", "op": "le", "value": XLSX_ROWS}]
POSTGRES = (
    Case("CSV", {"format": "csv"}, psql_copy, 0.8),
    Case("Parquet", {"format": "parquet"}, psql_copy, 0.35),
    Case("JSON Lines", {"format": "json-lines"}, psql_copy, 0.25),
    Case(
        "XLSX of 100,000",
        {"format": "xlsx", "filters": FIRST_ROWS},
        xlsxwriter_rows,
        2.0,
        rows=XLSX_ROWS,
    ),
    Case("CSV ×10", {"format": "csv"}, psql_copy, 1.0, TIMES),
    Case("Parquet ×10", {"format": "parquet"}, psql_copy, 0.35, TIMES),
    Case("JSON Lines ×10", {"format": "json-lines"}, psql_copy, 0.25, TIMES),
)
SQLITE = (
    Case("CSV", {"format": "csv"}, shell_csv, 0.4),
    Case("CSV ×10", {"format": "csv"}, shell_csv, 0.4, TIMES),
)


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds of a job of ours and of the limit; `peak` is bytes of the largest worker."""

    ours: float
    limit: float
    peak: int

    @property
    def ratio(self) -> float:
        """More is faster."""
        return self.limit / self.ours


@dataclass(slots=True)
class Result:
    database: str
    case: Case
    rows: int
    pairs: list[Pair] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(pair.ratio for pair in self.pairs)

    @property
    def peak(self) -> int:
        return max(pair.peak for pair in self.pairs)


class Exports:
    """The cases of one database, the table growing once between them."""

    def __init__(self, engine: Engine, database: Postgres | Sqlite) -> None:
        self.engine, self.database = engine, database

    def fill(self, paths: Mapping[str, Path]) -> None:
        """By our own import; the exports follow the ids, whatever order the chunks came in."""
        for name in ("airlines", "flights"):
            job = self.engine.run(name, paths[name])
            if (job.status, job.failed) != ("completed", 0):
                raise BenchFailed(f"{name}: {job.status}, {job.failed} failed")
        self._settle()
        # Workers that have not imported: what their peak is, exports have used.
        self.engine.jobs.stop()
        self.engine.jobs.start()

    def repeat(self) -> None:
        """Ten times the flights, each with an id of its own."""
        numbers = " UNION ALL ".join(f"SELECT {n} AS n" for n in range(1, TIMES))
        with self.engine.context.target.begin() as connection:
            connection.execute(text(REPEAT.format(first=FLIGHT_ROWS, numbers=numbers)))
        self._settle()

    def _settle(self) -> None:
        """No vacuum or check point in the middle of a measurement."""
        if isinstance(self.database, Postgres):
            self.database.rows("VACUUM ANALYZE flights")
            self.database.rows("CHECKPOINT")
        else:
            self.database.rows("PRAGMA main.wal_checkpoint(TRUNCATE)")

    def measure(self, case: Case, rounds: int) -> Result:
        result = Result(self.database.name, case, case.rows or FLIGHT_ROWS * case.times)
        # Unmeasured, so that each of the two workers has loaded what a running one has.
        for _ in range(3 if case.times == 1 else 1):
            self.ours(case, result.rows)
        for number in range(rounds):
            before = case.limit(self.database, self.engine.folder) if number % 2 else 0.0
            seconds, peak = self.ours(case, result.rows)
            limit = before or case.limit(self.database, self.engine.folder)
            result.pairs.append(Pair(seconds, limit, peak))
        return result

    def ours(self, case: Case, rows: int) -> tuple[float, int]:
        """Seconds and peak; the file is looked at and deleted."""
        self.engine.reset_peaks()
        job = export(self.engine, case.options)
        peak = self.engine.largest_peak()
        if (job.status, job.total, job.created) != ("completed", rows, rows):
            found = f"{job.status}, {job.created} of {job.total}"
            raise BenchFailed(f"{case.name}: {found}, not {rows}. {job.error_message or ''}")
        path = output(self.engine, job)
        check(path, case, rows)
        path.unlink()
        return (job.finished_at - job.started_at).total_seconds(), peak


def export(engine: Engine, options: Mapping[str, Any]) -> AnyRow:
    return engine.finish(submit(engine, options))


def submit(engine: Engine, options: Mapping[str, Any]) -> int:
    with engine.app.app_context(), transaction() as session:
        user = session.query(User).first()
        return dispatch(engine.context, session, JOB_TYPE, user=user, options=dict(options)).id


def output(engine: Engine, job: AnyRow) -> Path:
    """Where the finished file lies."""
    with engine.app.app_context(), transaction() as session:
        key = session.get_one(StoredFile, job.output_id).key
    path = engine.context.store.local_path(key)
    if path is None or not path.exists():
        raise BenchFailed("the finished file is not in the store")
    return path


def check(path: Path, case: Case, rows: int) -> None:
    """As many records as the table has, and the ids in order."""
    ids = 0
    for ids, number in enumerate(read_ids(path, case.options["format"]), 1):
        if number != ids:
            raise BenchFailed(f"{case.name}: record {ids} has the id {number}")
    if ids != rows:
        raise BenchFailed(f"{case.name}: {ids} records in the file, not {rows}")


def read_ids(path: Path, format: str) -> Iterator[int]:
    if format == "parquet":
        import pyarrow.parquet as pq

        for batch in pq.ParquetFile(path).iter_batches(columns=["id"]):
            yield from batch.column(0).to_pylist()
    elif format == "xlsx":
        from python_calamine import CalamineWorkbook

        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        yield from (int(row[0]) for row in sheet.to_python()[1:])
    else:
        with path.open("rb") as lines:
            if format == "csv":
                next(lines)
                yield from (int(line[: line.index(b",")]) for line in lines)
            else:
                yield from (json.loads(line)["id"] for line in lines)


def measure(args: argparse.Namespace) -> list[Result]:
    paths, results = build(args.data), []
    for name, cases in (("postgresql", POSTGRES), ("sqlite", SQLITE)):
        if args.only in (None, name):
            results += measure_database(name, cases, paths, args)
    return results


def measure_database(
    name: str, cases: Sequence[Case], paths: Mapping[str, Path], args: argparse.Namespace
) -> list[Result]:
    folder, results = Path(tempfile.mkdtemp(prefix="export-", dir=args.data)), []
    database = Sqlite(folder) if name == "sqlite" else Postgres(folder)
    try:
        with database, Engine(database.url, database.folder) as engine:
            exports, times = Exports(engine, database), 1
            exports.fill(paths)
            for case in cases:
                if case.times > args.times or args.case not in (None, case.name):
                    continue
                if case.times > times:
                    exports.repeat()
                    times = case.times
                results.append(exports.measure(case, args.rounds))
                print_result(results[-1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return results


def print_result(result: Result) -> None:
    ours, limit = (median(getattr(p, n) for p in result.pairs) for n in ("ours", "limit"))
    judged = "ok" if result.ratio >= result.case.needed else "LOW"
    high = "" if result.peak < PEAK_MOST else " HIGH"
    print(
        f"{result.database:<11} {result.case.name:<16} {result.rows:>10,} rows  ours {ours:6.2f} s"
        f"  limit {limit:6.2f} s  ratio {result.ratio:.2f} (needed {result.case.needed}: {judged})"
        f"  peak {result.peak / 1000**2:.0f} MB{high}"
    )
    each = " ".join(f"{pair.ratio:.2f}" for pair in result.pairs)
    print(f"{'':<11} each pair: {each}", flush=True)


def as_json(result: Result) -> dict[str, Any]:
    return {
        "database": result.database,
        "case": result.case.name,
        "rows": result.rows,
        "ratio": round(result.ratio, 3),
        "needed": result.case.needed,
        "peak_bytes": result.peak,
        "pairs": [{**asdict(p), "ratio": round(p.ratio, 3)} for p in result.pairs],
    }


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.export", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs of each case (5)")
    parser.add_argument("--only", choices=("postgresql", "sqlite"), help="one database only")
    parser.add_argument("--case", help="one case by its name, such as 'CSV ×10'")
    parser.add_argument("--times", type=int, default=TIMES, help="1 leaves the large tables out")
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/results/")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the files are made")
    args = parser.parse_args(words)
    clean_up_when_told()
    try:
        started = time.monotonic()
        results = measure(args)
    except (BenchFailed, OSError, psycopg.Error, subprocess.SubprocessError) as error:
        print(f"\nThe bench failed. {error}", file=sys.stderr)
        return 1
    print(f"{time.monotonic() - started:.0f} s")
    if args.save:
        print(f"Kept in {keep('export', {'cases': [as_json(result) for result in results]})}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
