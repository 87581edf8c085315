"""What the bench prints and keeps."""

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from bench.cases import CPU_MOST, PEAK_MOST
from bench.measure import Database, Result

RESULTS = Path(__file__).resolve().parent.parent / "docs" / "results"
LINE = "{:<12} {:>10} {:>8} {:>8} {:>7} {:<9} {:>15} {:>6} {:<6} {:>7}"
HEADS = ("case", "rows", "ours s", "limit s", "ratio", "needed", "CPU ours/limit", "×", "", "peak")


def print_head(database: Database) -> None:
    limit = "psql \\copy" if database.name == "PostgreSQL" else "sqlite3 .import"
    cores = psutil.cpu_count() or 0
    print(f"\n{database.name} {database.version}, {cores} cores, 2 workers; limit: {limit}.")
    print("ratio: the limit's time over ours, median of pairs; peak: MB of the largest worker")
    print(LINE.format(*HEADS), flush=True)


def print_case(result: Result) -> None:
    needed = result.case.needed[result.database]
    cpu, most = result.cpu_ratio, CPU_MOST.get(result.case.name)
    seconds = [result.middle(name) for name in ("ours", "limit", "ours_cpu", "limit_cpu")]
    ours, limit, ours_cpu, limit_cpu = (f"{s:.2f}" if s is not None else "-" for s in seconds)
    print(
        LINE.format(
            result.case.name,
            f"{result.rows:,}",
            ours,
            limit,
            f"{result.ratio:.2f}",
            judged(result.ratio, needed, at_least=True),
            f"{ours_cpu}/{limit_cpu}",
            f"{cpu:.2f}" if cpu else "-",
            judged(cpu, most, at_least=False),
            f"{result.peak / 1000**2:.0f}{'' if result.peak < PEAK_MOST else ' HIGH'}",
        )
    )
    each = " ".join(f"{r.ratio:.2f}" for r in result.rounds)
    failed = f"; {result.failed:,} rows refused, each reported" if result.failed else ""
    print(f"{'':<12} each pair: {each}{failed}", flush=True)


def judged(value: float | None, needed: float | None, *, at_least: bool) -> str:
    if value is None or needed is None:
        return ""
    good = value >= needed if at_least else value <= needed
    return f"{'≥' if at_least else '≤'}{needed:g} {'ok' if good else 'LOW' if at_least else 'HIGH'}"


def save(results: list[Result]) -> Path:
    return keep("bench", {"cases": [as_json(result) for result in results]})


def keep(kind: str, body: dict[str, Any]) -> Path:
    """A file of today's in docs/results/; a later run of the day replaces it."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    moment = datetime.now(UTC)
    path = RESULTS / f"{kind}-{moment:%Y-%m-%d}.json"
    head = {"at": moment.isoformat(timespec="seconds"), "machine": machine()}
    path.write_text(json.dumps({**head, **body}, indent=1, ensure_ascii=False) + "\n")
    return path.relative_to(RESULTS.parent.parent)


def as_json(result: Result) -> dict[str, Any]:
    return {
        "case": result.case.name,
        "database": result.database,
        "rows": result.rows,
        "failed": result.failed,
        "ratio": round(result.ratio, 3),
        "needed": result.case.needed[result.database],
        "cpu_ratio": round(result.cpu_ratio, 3) if result.cpu_ratio else None,
        "seconds": round(median(r.ours for r in result.rounds), 3),
        "peak_bytes": result.peak,
        "rounds": [{**asdict(r), "ratio": round(r.ratio, 3)} for r in result.rounds],
    }


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1000**3),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
