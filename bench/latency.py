"""`python -m bench.latency`: from submit to the first chunk, and the cost of the live fragment."""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from sqlalchemy import func, select

from bench.browser import Browser, web
from bench.data import FOLDER, build
from bench.engine import ADMIN, Engine
from bench.report import keep
from bench.services import BenchFailed, clean_up_when_told, cpu_seconds, wait_for
from bench.sqlite import Sqlite
from dashboard.jobs.leases import CHUNK
from dashboard.models.states import FINAL, ChunkState

FIRST_CHUNK_MOST = 0.3
FRAGMENT_MOST = 0.02
BUSY_WORKERS = 8
FRAGMENTS = 100


def first_chunk(folder: Path, file: Path, times: int, idle: float) -> dict[str, list[float]]:
    """Seconds from submit to the first chunk's claim, over HTTP and by dispatch, consumer idle."""
    content = file.read_bytes()
    with Engine(Sqlite(folder).url, folder) as engine, web(engine.environ, folder) as (_, port):
        browser = Browser(port)
        browser.sign_in(ADMIN, engine.environ["ADMIN_PASSWORD"])
        ways: dict[str, Callable[[], int]] = {
            "over HTTP": lambda: browser.upload(
                "airlines", file.name, BytesIO(content), len(content)
            ),
            "by dispatch": lambda: engine.submit("airlines", file),
        }
        for submit in ways.values():
            engine.finish(submit())
        found: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(times):
            for way, submit in ways.items():
                time.sleep(idle)
                found[way].append(until_claimed(engine, submit))
    return found


def until_claimed(engine: Engine, submit: Callable[[], int]) -> float:
    began = datetime.now(UTC)
    job_id = submit()
    engine.finish(job_id, 60)
    query = select(func.min(CHUNK.c.started_at)).where(CHUNK.c.job_id == job_id)
    with engine.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        claimed: datetime = connection.scalar(query)
    return (claimed - began).total_seconds()


def fragments(folder: Path, file: Path) -> tuple[list[float], float]:
    """The job page's live fragment while eight chunks run: server seconds of each, from request to
    answer (waiting for a core included), and the mean CPU seconds.
    """
    with (
        Engine(Sqlite(folder).url, folder, BUSY_WORKERS) as engine,
        web(engine.environ, folder) as (service, port),
    ):
        browser = Browser(port)
        browser.sign_in(ADMIN, engine.environ["ADMIN_PASSWORD"])
        job_id = engine.submit("bench-flights", file)
        wait_for(lambda: leased(engine, job_id) >= BUSY_WORKERS, 60, "eight chunks in work")
        path, before = f"/jobs/{job_id}/live", cpu_seconds(service.members())
        for _ in range(FRAGMENTS):
            status, _, text = browser.ask("GET", path, HX_Request="true")
            if status != 200:
                raise BenchFailed(f"GET {path}: {status} {text[:200]}")
            if engine.job(job_id).status in FINAL:
                break
            time.sleep(0.02)
        used = cpu_seconds(service.members()) - before
        lines = [line.split() for line in service.log.read_text().splitlines()]
    found = [int(line[1]) / 1e6 for line in lines if len(line) == 2 and line[0] == path]
    return found, used / len(found)


def leased(engine: Engine, job_id: int) -> int:
    query = (
        select(func.count())
        .select_from(CHUNK)
        .where(CHUNK.c.job_id == job_id, CHUNK.c.state == ChunkState.LEASED)
    )
    with engine.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
        return int(connection.scalar(query) or 0)


def share(values: list[float], part: float) -> float:
    """The value that `part` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def line(what: str, values: list[float], most: float) -> str:
    p50, p95 = share(values, 0.5), share(values, 0.95)
    judged = "ok" if p95 < most else "HIGH"
    return (
        f"{what:<44} {len(values):>4} times  p50 {p50 * 1000:6.1f} ms  p95 {p95 * 1000:6.1f} ms"
        f"  most {most * 1000:.0f} ms {judged}"
    )


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--idle", type=float, default=60, help="seconds before each submit (60)")
    parser.add_argument("--times", type=int, default=10, help="submits each way (10)")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where the files are made")
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/results/")
    args = parser.parse_args(words)
    clean_up_when_told()
    files = build(args.data)
    folder = Path(tempfile.mkdtemp(prefix="latency-", dir=args.data))
    try:
        fragment, cpu = fragments(folder / "busy", files["flights-10"])
        print(line("Live fragment, 8 chunks in work", fragment, FRAGMENT_MOST))
        print(f"{'':<44} {cpu * 1000:.1f} ms of CPU each", flush=True)
        waits = first_chunk(folder / "idle", files["airlines"], args.times, args.idle)
        for way, values in waits.items():
            print(line(f"First chunk, idle {args.idle:.0f} s, {way}", values, FIRST_CHUNK_MOST))
    except BenchFailed as error:
        print(f"The bench failed. {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if args.save:
        body = {"idle_seconds": args.idle, "first_chunk": waits, "fragment": fragment}
        body["fragment_cpu"] = cpu
        print(f"Kept in {keep('latency', body)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
