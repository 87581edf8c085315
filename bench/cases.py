"""What is measured: a file, the job type that imports it, and what issue 2 asks of it."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHILL = "35.74 + 0.6215 * temp + (0.4275 * temp - 35.75) * power(wind_speed, 0.16)"
FEELS = f"CASE WHEN temp <= 50 AND wind_speed >= 3 THEN {CHILL} ELSE temp END"
WRONG_FEELS = f"""SELECT count(*) FROM weather
WHERE abs(feels_like - ({FEELS})) > 0.0051 OR (feels_like IS NULL) <> (({FEELS}) IS NULL)"""


@dataclass(frozen=True, slots=True)
class Case:
    """`file` and `clean` (what the limit copies) are names of `bench.data`; `clean` holds the same
    rows, all good, with the table's own columns. `needed` is issue 2's ratio by database.
    """

    name: str
    job_type: str
    table: str
    file: str
    clean: str
    key: tuple[str, ...]
    needed: Mapping[str, float | None]
    # A query that counts wrong rows of ours which no comparison with the limit can see.
    also: str = ""
    # Imported before it: what its rows refer to; and a short file of the same type, to warm up.
    parents: tuple[str, ...] = ()
    warm_up: str = ""

    @property
    def faulty(self) -> bool:
        return self.file.endswith("-bad")


CASES = (
    Case(
        "flights",
        "bench-flights",
        "bench_flights",
        "flights-id",
        "flights-id",
        ("id",),
        {"PostgreSQL": 0.8, "SQLite": None},
    ),
    Case(
        "flights-bad",
        "bench-flights-checked",
        "bench_flights",
        "flights-bad",
        "flights-id",
        ("id",),
        {"PostgreSQL": 0.75, "SQLite": None},
    ),
    Case(
        "flights-x10",
        "bench-flights",
        "bench_flights",
        "flights-10",
        "flights-10",
        ("id",),
        {"PostgreSQL": 1.0, "SQLite": 1.2},
        warm_up="flights-id",
    ),
    Case(
        "hooks",
        "weather",
        "weather",
        "weather-years",
        "weather-years",
        ("origin", "time_hour"),
        {"PostgreSQL": 0.6},
        also=WRONG_FEELS,
    ),
    Case(
        "keys",
        "flight-legs",
        "flight_legs",
        "flight-legs",
        "flight-legs-resolved",
        ("reference",),
        {"PostgreSQL": 1.3},
        parents=("airlines", "airports"),
    ),
)
CPU_MOST = {"flights-x10": 2.0}
PEAK_MOST = 300 * 1000**2


def count_rows(path: Path) -> int:
    """Records below the header; none of the bench's files has a line end inside a cell."""
    with path.open("rb") as stream:
        lines = sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))
    return lines - 1


def header(path: Path) -> list[str]:
    with path.open() as stream:
        return stream.readline().rstrip("\n").split(",")


def expected_faults(file: Path, clean: Path) -> list[tuple[int, str, str]]:
    """(row, column, value) of every cell in which a file with faults differs from the clean one."""
    columns, found = header(clean), []
    with file.open() as faulty, clean.open() as good:
        for row, (bad_line, line) in enumerate(zip(faulty, good, strict=True), 1):
            if bad_line != line:
                cells = zip(columns, split(bad_line), split(line), strict=True)
                found += [(row, name, bad) for name, bad, cell in cells if bad != cell]
    return sorted(found)


def split(line: str) -> list[str]:
    return line.rstrip("\n").split(",")


def resolve_airports(legs: Path, ids: Mapping[str, Any], out: Path) -> Path:
    """The legs with the airport's id in place of its code, as the limit needs them."""
    with legs.open(newline="") as source, out.open("w", newline="") as target:
        reader, writer = csv.reader(source), csv.writer(target, lineterminator="\n")
        names = next(reader)
        place = names.index("airport")
        writer.writerow([*names[:place], "airport_id", *names[place + 1 :]])
        for cells in reader:
            cells[place] = str(ids[cells[place]]) if cells[place] else ""
            writer.writerow(cells)
    return out
