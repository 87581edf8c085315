"""`python -m bench.schedule_fires`: how late schedules start that are all due at one moment, each
once, with several consumers of which one is killed (-9) and started again."""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from bench.data import FOLDER
from bench.engine import Engine
from bench.latency import share
from bench.postgres import Postgres
from bench.report import keep
from bench.services import BenchFailed, Service, clean_up_when_told, events_consumer, wait_for
from bench.sqlite import Sqlite
from dashboard.models.columns import table_of
from dashboard.models.job import Job
from dashboard.models.schedule import RunOutcome, Schedule, ScheduleRun
from dashboard.models.user import User

SCHEDULE, RUN, JOB, USER = map(table_of, (Schedule, ScheduleRun, Job, User))
DATABASES = (Postgres, Sqlite)
LEAD_SECONDS, LONGEST = 15.0, 120.0
READ = {"sqlite_begin": "DEFERRED"}


def add(engine: Engine, due: datetime, count: int) -> None:
    """Of an export, whose jobs stay in line: no worker runs here."""
    with engine.context.app.begin() as connection:
        owner = connection.scalar(select(USER.c.id))
        row = {
            "user_id": owner, "name": "Bench", "type": "flights-export", "cron": "0 0 1 1 *",
            "next_at": due,
        }  # fmt: skip
        connection.execute(insert(Schedule), [row] * count)


def lateness(engine: Engine, services: list[Service], due: datetime, count: int) -> list[float]:
    """Seconds from the due time to each run's own. The first consumer is killed and comes again."""
    for service in services:
        service.start()
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds()))
    wait_for(lambda: started(engine) > count // 10, LONGEST, "the first runs")
    services[0].kill()
    services[0].start()
    wait_for(lambda: started(engine) >= count, LONGEST, "all runs", services)
    time.sleep(3)
    return once_each(engine, due, count)


def started(engine: Engine) -> int:
    with engine.context.app.connect().execution_options(**READ) as connection:
        query = select(func.count()).where(RUN.c.outcome == RunOutcome.STARTED)
        return int(connection.scalar(query) or 0)


def once_each(engine: Engine, due: datetime, count: int) -> list[float]:
    with engine.context.app.connect().execution_options(**READ) as connection:
        runs = connection.execute(select(RUN.c.schedule_id, RUN.c.job_id, RUN.c.at)).all()
        jobs = connection.scalar(select(func.count()).select_from(JOB))
    most = Counter(run.schedule_id for run in runs).most_common(1)[0][1]
    if (len(runs), most, jobs) != (count, 1, count):
        raise BenchFailed(f"{count} schedules made {len(runs)} runs and {jobs} jobs, one {most}.")
    moments = (run.at.replace(tzinfo=UTC) if run.at.tzinfo is None else run.at for run in runs)
    return [(moment - due).total_seconds() for moment in moments]


def measure(
    kind: type[Postgres] | type[Sqlite], folder: Path, keepers: int, count: int
) -> list[float]:
    folder.mkdir(parents=True)
    with kind(folder) as database, Engine(database.url, folder, consumers=False) as engine:
        folders = [folder / f"consumer-{number}" for number in range(keepers)]
        for each in folders:
            each.mkdir()
        services = [events_consumer(engine.environ, each, "tasks") for each in folders]
        due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=LEAD_SECONDS)
        add(engine, due, count)
        try:
            return lateness(engine, services, due, count)
        finally:
            for service in services:
                service.stop()


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.schedule_fires", description=__doc__)
    parser.add_argument("--schedules", type=int, default=200, help="due at one moment (200)")
    parser.add_argument("--consumers", type=int, default=4, help="side by side (4)")
    parser.add_argument("--data", type=Path, default=FOLDER, help="where scratch files are made")
    parser.add_argument("--save", action="store_true", help="keep the figures in docs/results/")
    args = parser.parse_args(words)
    clean_up_when_told()
    args.data.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="schedules-", dir=args.data))
    found: dict[str, list[float]] = {}
    try:
        for kind in DATABASES:
            late = measure(kind, folder / kind.name, args.consumers, args.schedules)
            found[kind.name] = late
            shown = "  ".join(
                f"p{part * 100:.0f} {share(late, part):.2f} s" for part in (0.5, 0.95)
            )
            print(f"{kind.name:<12} {len(late)} schedules, each once: late {shown}", flush=True)
    except BenchFailed as error:
        print(f"The bench failed. {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if args.save:
        body = {"consumers": args.consumers, "schedules": args.schedules, "late_seconds": found}
        print(f"Kept in {keep('schedules', body)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
