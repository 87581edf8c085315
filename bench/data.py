"""The files the bench imports, made once from the published flights and kept in a folder."""

import random
import sys
from collections.abc import Callable
from pathlib import Path

from dashboard.demo.data import published, write_files, write_whole

FOLDER = Path(__file__).resolve().parent.parent / "instance" / "bench"
FLIGHT_ROWS = 336_776
TIMES = 10
WEATHER_YEARS = 13
BAD_EVERY = 100
SEED = 2013
# What a bad row gets: the column and what stands in it. Each is refused for a reason of its own.
FAULTS = (
    ("id", "twelve"),
    ("month", ""),
    ("day", "3.5"),
    ("dep_delay", "late"),
    ("arr_time", "99999999999"),
    ("carrier", "ZZ"),
    ("origin", ""),
    ("distance", "1.400 mi"),
    ("time_hour", "2013-02-30T10:00:00Z"),
    ("flight", "UA1545"),
)


def build(folder: Path = FOLDER) -> dict[str, Path]:
    """Every file by its name; those that are there stay."""
    paths = write_files(folder)
    makers: dict[str, Callable[[], bytes]] = {
        "flights-id": lambda: with_id(published("flights")),
        "flights-bad": lambda: with_faults(paths["flights-id"].read_bytes()),
        "weather-years": lambda: weather_years(published("weather")),
    }
    for name, make in makers.items():
        paths[name] = folder / f"{name}.csv"
        if not paths[name].exists():
            write_whole(paths[name], make())
    paths["flights-10"] = folder / "flights-10.csv"
    if not paths["flights-10"].exists():
        write_repeated(paths["flights-10"], published("flights"), with_bad=False)
    paths["flights-10-bad"] = folder / "flights-10-bad.csv"
    if not paths["flights-10-bad"].exists():
        write_repeated(paths["flights-10-bad"], published("flights"), with_bad=True)
    return paths


def with_id(content: bytes, first: int = 1, header: bool = True) -> bytes:
    """The same lines behind a running number."""
    head, *lines = content.splitlines()
    numbered = [b"%d,%b" % (number, line) for number, line in enumerate(lines, first)]
    return b"\n".join([b"id," + head, *numbered] if header else numbered) + b"\n"


def with_faults(content: bytes) -> bytes:
    """One row in a hundred, seeded, gets one fault; the faults take turns."""
    head, *lines = content.splitlines()
    columns = head.decode().split(",")
    chosen = random.Random(SEED).sample(range(len(lines)), len(lines) // BAD_EVERY)
    for turn, index in enumerate(chosen):
        column, value = FAULTS[turn % len(FAULTS)]
        cells = lines[index].decode().split(",")
        cells[columns.index(column)] = value
        lines[index] = ",".join(cells).encode()
    return b"\n".join([head, *lines]) + b"\n"


def write_repeated(path: Path, content: bytes, *, with_bad: bool) -> None:
    """Ten times the flights, each with an id of its own; piece by piece, the whole is 330 MB."""
    part = path.with_suffix(".part")
    with part.open("wb") as out:
        for time in range(TIMES):
            block = with_id(content, time * FLIGHT_ROWS + 1)
            block = with_faults(block) if with_bad else block
            out.write(block if time == 0 else block[block.index(b"\n") + 1 :])
    part.replace(path)


def weather_years(content: bytes) -> bytes:
    """The year's observations again for the years after it; 29 February is nobody's."""
    head, *lines = content.splitlines()
    columns = head.decode().split(",")
    year_at, stamp_at = columns.index("year"), columns.index("time_hour")
    out = [head]
    for ahead in range(WEATHER_YEARS):
        for line in lines:
            cells = line.decode().split(",")
            cells[year_at] = str(int(cells[year_at]) + ahead)
            stamp = cells[stamp_at]
            cells[stamp_at] = f"{int(stamp[:4]) + ahead}{stamp[4:]}"
            out.append(",".join(cells).encode())
    return b"\n".join(out) + b"\n"


if __name__ == "__main__":
    for name, path in build(*map(Path, sys.argv[1:2])).items():
        print(f"{name:16} {path.stat().st_size:>12,} bytes  {path}")
