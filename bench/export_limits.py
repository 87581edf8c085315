"""What exports are measured against: psql, the sqlite3 shell, XlsxWriter."""

import subprocess
import sys
import time
from pathlib import Path

from bench.postgres import Postgres, run_psql
from bench.services import BenchFailed
from bench.sqlite import Sqlite

# In a process of its own, timed inside, from rows in memory: neither start nor reading counts.
XLSXWRITER = """
import csv, sys, time
import xlsxwriter
texts = {"carrier", "tailnum", "origin", "dest", "time_hour"}
with open(sys.argv[1], newline="") as source:
    reader = csv.reader(source)
    head = next(reader)
    rows = [[c if n in texts else float(c) if c else None for n, c in zip(head, row)]
            for row, _ in zip(reader, range(int(sys.argv[3])))]
started = time.perf_counter()
with xlsxwriter.Workbook(sys.argv[2], {"constant_memory": True}) as book:
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, head)
    for number, row in enumerate(rows, 1):
        sheet.write_row(number, 0, row)
print(time.perf_counter() - started)
"""
XLSX_ROWS = 100_000


def psql_copy(database: Postgres, folder: Path) -> float:
    """One `\\copy` of the whole table to a CSV file."""
    out = folder / "limit.csv"
    script = f"\\copy flights TO '{out}' WITH (FORMAT csv, HEADER true)\n"
    started = time.perf_counter()
    run_psql(database.url, script, folder)
    seconds = time.perf_counter() - started
    out.unlink()
    return seconds


def shell_csv(database: Sqlite, folder: Path) -> float:
    out = folder / "limit.csv"
    words = ["sqlite3", "-csv", "-header", str(database.file), "SELECT * FROM flights"]
    with out.open("wb") as target:
        started = time.perf_counter()
        done = subprocess.run(words, stdout=target, stderr=subprocess.PIPE, check=False)
        seconds = time.perf_counter() - started
    out.unlink()
    if done.returncode:
        raise BenchFailed(f"sqlite3: {done.stderr.decode()[:500]}")
    return seconds


def xlsxwriter_rows(database: Postgres, folder: Path) -> float:
    """The first flights, from memory, in XlsxWriter's mode of constant memory."""
    rows, out = folder / "limit.csv", folder / "limit.xlsx"
    if not rows.exists():
        query = f"SELECT * FROM flights ORDER BY id LIMIT {XLSX_ROWS}"
        script = f"\\copy ({query}) TO '{rows}' WITH (FORMAT csv, HEADER true)\n"
        run_psql(database.url, script, folder)
    words = [sys.executable, "-c", XLSXWRITER, str(rows), str(out), str(XLSX_ROWS)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    out.unlink()
    return float(done.stdout)
