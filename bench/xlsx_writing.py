"""`python -m bench.xlsx_writing`: 100,000 flights of 20 columns to XLSX, beside XlsxWriter."""

import argparse
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.data import with_id
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told, largest_peak, reset_peaks
from dashboard.demo.data import published

ROWS, TIMES, BATCH = 100_000, 10, 20_000
LEAST, GROWTH_MOST = 2.0, 100 * 1000**2
TEXTS = ("carrier", "tailnum", "origin", "dest")


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds from rows in memory to the whole file on disk."""

    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        """More is faster."""
        return self.theirs / self.ours


def keep_flights(path: Path) -> None:
    """The first flights as typed Arrow columns, for the writers to read."""
    import pyarrow as pa
    from pyarrow import csv, feather

    kinds = {**dict.fromkeys(TEXTS, pa.string()), "time_hour": pa.timestamp("us", "UTC")}
    options = csv.ConvertOptions(
        column_types=kinds, null_values=["", "NA"], strings_can_be_null=True
    )
    table = csv.read_csv(io.BytesIO(with_id(published("flights"))), convert_options=options)
    place = table.schema.get_field_index("time_hour")
    naive = table["time_hour"].cast(pa.timestamp("us"))
    table = table.set_column(place, "time_hour", naive).slice(0, ROWS).combine_chunks()
    feather.write_feather(table, str(path))


def ours(table: Any, out: Path, times: int) -> float:
    from dashboard.formats.write_options import WriteOptions
    from dashboard.formats.write_parts import write_batches

    batches = table.to_batches(max_chunksize=BATCH) * times
    started = time.perf_counter()
    with out.open("wb") as file:
        file.writelines(write_batches(WriteOptions("xlsx"), table.schema, batches))
    return time.perf_counter() - started


def theirs(table: Any, out: Path, times: int) -> float:
    """Python's values are made before the clock starts; dates alone need a call of their own."""
    import xlsxwriter

    rows = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    started = time.perf_counter()
    with xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        stamp = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(0, 0, table.schema.names, book.add_format({"bold": True}))
        last = len(table.schema) - 1
        for number, row in enumerate(rows * times, 1):
            for place, value in enumerate(row):
                if place == last:
                    sheet.write_datetime(number, place, value, stamp)
                elif isinstance(value, str):
                    sheet.write_string(number, place, value)
                elif value is not None:
                    sheet.write_number(number, place, value)
    return time.perf_counter() - started


WRITERS: dict[str, Callable[[Any, Path, int], float]] = {"ours": ours, "theirs": theirs}


def write(who: str, rows: Path, out: Path, times: int) -> None:
    """In a process of its own: prints seconds, and bytes of memory before and at most."""
    from pyarrow import feather

    table = feather.read_table(str(rows)).combine_chunks()
    process = psutil.Process()
    reset_peaks([process])
    before = process.memory_info().rss
    seconds = WRITERS[who](table, out, times)
    print(seconds, before, largest_peak([process]))


def timed(who: str, out: Path, times: int = 1) -> tuple[float, int, int]:
    rows = out.with_name("rows.arrow")
    words = [who, str(rows), str(out), str(times)]
    command = [sys.executable, "-m", "bench.xlsx_writing", "--write", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, before, most = done.stdout.split()
    return float(seconds), int(before), int(most)


def rows_of(path: Path) -> Iterator[list[Any]]:
    from python_calamine import CalamineWorkbook

    yield from CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def compare(one: Path, other: Path) -> None:
    """Both files hold the same cells."""
    count = 0
    for left, right in zip_longest(rows_of(one), rows_of(other)):
        if left != right:
            raise BenchFailed(f"row {count + 1}: {left} and {right}")
        count += 1
    if count != ROWS + 1:
        raise BenchFailed(f"{count} rows were read")


def measure(rounds: int, folder: Path) -> tuple[list[Pair], int, int]:
    """Pairs, who goes first alternating; then ten times the rows, and what they take of memory."""
    mine, other, pairs = folder / "ours.xlsx", folder / "theirs.xlsx", []
    keep_flights(folder / "rows.arrow")
    for number in range(rounds):
        first = timed("theirs", other)[0] if number % 2 else 0.0
        seconds = timed("ours", mine)[0]
        pairs.append(Pair(seconds, first or timed("theirs", other)[0]))
    compare(mine, other)
    _, before, most = timed("ours", mine, TIMES)
    return pairs, before, most


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.xlsx_writing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="pairs (5)")
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/results/")
    parser.add_argument("--write", nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args(words)
    if args.write:
        who, rows, out, times = args.write
        write(who, Path(rows), Path(out), int(times))
        return 0
    clean_up_when_told()
    try:
        with tempfile.TemporaryDirectory(prefix="xlsx-") as folder:
            pairs, before, most = measure(args.rounds, Path(folder))
    except (BenchFailed, OSError, subprocess.SubprocessError) as error:
        print(f"\nThe bench failed. {error}", file=sys.stderr)
        return 1
    body = tell(pairs, before, most)
    if args.save:
        print(f"Kept in {keep('xlsx-writing', body)}.")
    return 0


def tell(pairs: Sequence[Pair], before: int, most: int) -> dict[str, Any]:
    """Print the figures; the same as JSON."""
    ratio, growth = median(pair.ratio for pair in pairs), most - before
    print(f"\nXLSX, {ROWS:,} flights × 20: XlsxWriter (constant memory) over ours, more is faster")
    print(f"ratio {ratio:.1f} (at least {LEAST}: {'ok' if ratio >= LEAST else 'LOW'})")
    print(f"each pair: {' '.join(f'{pair.ratio:.1f}' for pair in pairs)}")
    print(f"ours {median(pair.ours for pair in pairs):.2f} s; both files hold the same cells")
    judged = "ok" if growth <= GROWTH_MOST else "HIGH"
    grown, there = growth / 1000**2, before / 1000**2
    print(f"{ROWS * TIMES:,} rows: {grown:.0f} MB above the process's {there:.0f} MB ({judged})")
    return {
        "ratio": ratio,
        "least": LEAST,
        "growth_bytes": growth,
        "before_bytes": before,
        "pairs": [asdict(pair) for pair in pairs],
    }


if __name__ == "__main__":
    sys.exit(main())
