"""`python -m bench.workbook`: 100,000 flights from XLSX, beside calamine's bare read."""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import psycopg

from bench.data import FOLDER, build
from bench.engine import Engine
from bench.postgres import Postgres
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told

ROWS = 100_000
MOST = 1.3
JOB_TYPE = "bench-flights"
# In a process of its own, timed inside: neither start nor imports count against us.
BARE = """
import sys, time
from python_calamine import CalamineWorkbook
started = time.perf_counter()
rows = CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).to_python()
print(time.perf_counter() - started, len(rows))
"""
TEXTS = ("carrier", "tailnum", "origin", "dest", "time_hour")


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds: our whole import (started to completed) and the bare read."""

    ours: float
    bare: float

    @property
    def ratio(self) -> float:
        """Ours over the bare read: less is faster."""
        return self.ours / self.bare


def make_workbook(flights: Path, out: Path) -> Path:
    """The first flights, numbers as numbers, as a spreadsheet would save them."""
    import xlsxwriter

    partial = out.with_suffix(".part")
    with (
        xlsxwriter.Workbook(str(partial), {"constant_memory": True}) as book,
        flights.open() as rows,
    ):
        sheet = book.add_worksheet("flights")
        columns = rows.readline().rstrip("\n").split(",")
        sheet.write_row(0, 0, columns)
        for number, line in zip(range(1, ROWS + 1), rows, strict=False):
            for place, (name, cell) in enumerate(
                zip(columns, line.rstrip("\n").split(","), strict=True)
            ):
                if cell and name not in TEXTS:
                    sheet.write_number(number, place, float(cell))
                elif cell:
                    sheet.write_string(number, place, cell)
    partial.replace(out)
    return out


def bare_read(path: Path) -> float:
    command = [sys.executable, "-c", BARE, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, rows = done.stdout.split()
    if int(rows) != ROWS + 1:
        raise BenchFailed(f"calamine read {rows} rows")
    return float(seconds)


def our_import(engine: Engine, database: Postgres, path: Path) -> float:
    database.rows("TRUNCATE bench_flights")
    database.rows("CHECKPOINT")
    job = engine.run(JOB_TYPE, path)
    if (job.status, job.created, job.failed) != ("completed", ROWS, 0):
        found = f"{job.status}, {job.created} created, {job.failed} failed"
        raise BenchFailed(f"the workbook came to {found}. {job.error_message or ''}")
    return float((job.finished_at - job.started_at).total_seconds())


def compare(database: Postgres, flights: Path) -> None:
    """The same records as from the CSV file."""
    database.rows("CREATE TABLE from_workbook AS SELECT * FROM bench_flights")
    database.rows("TRUNCATE bench_flights")
    with flights.open("rb") as rows, database.connection.cursor() as cursor:
        head = rows.readline().decode().strip()
        with cursor.copy(f"COPY bench_flights ({head}) FROM STDIN WITH (FORMAT csv)") as copy:
            for _, line in zip(range(ROWS), rows, strict=False):
                copy.write(line)
    one, other = "from_workbook", "bench_flights"
    for left, right in ((one, other), (other, one)):
        query = f"SELECT count(*) FROM (SELECT * FROM {left} EXCEPT SELECT * FROM {right}) d"
        ((count,),) = database.rows(query)
        if count:
            raise BenchFailed(f"{count} records are in {left} only")


def measure(args: argparse.Namespace) -> list[Pair]:
    flights = build(args.data)["flights-id"]
    path = args.data / "flights-100k.xlsx"
    if not path.exists():
        make_workbook(flights, path)
    folder, pairs = Path(tempfile.mkdtemp(prefix="workbook-", dir=args.data)), []
    try:
        database = Postgres(folder)
        with database, Engine(database.url, database.folder) as engine:
            our_import(engine, database, path)
            for number in range(args.rounds):
                bare = bare_read(path) if number % 2 else 0.0
                ours = our_import(engine, database, path)
                pairs.append(Pair(ours, bare or bare_read(path)))
            compare(database, flights)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return pairs


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.workbook", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs (5)")
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/results/")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the files are made")
    args = parser.parse_args(words)
    clean_up_when_told()
    try:
        pairs = measure(args)
    except (BenchFailed, OSError, psycopg.Error, subprocess.SubprocessError) as error:
        print(f"\nThe bench failed. {error}", file=sys.stderr)
        return 1
    ratio = median(p.ratio for p in pairs)
    print(f"\nXLSX, {ROWS:,} flights: import over calamine's bare read, less is faster")
    print(f"ratio {ratio:.2f} (at most {MOST}: {'ok' if ratio <= MOST else 'HIGH'})")
    print(f"each pair: {' '.join(f'{p.ratio:.2f}' for p in pairs)}", flush=True)
    if args.save:
        body = {"ratio": ratio, "most": MOST, "pairs": [asdict(p) for p in pairs]}
        print(f"Kept in {keep('workbook', body)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
