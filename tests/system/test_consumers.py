"""The real thing: `huey_consumer` processes, killed and stopped in the middle of an import."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask import Flask
from sqlalchemy import func, select, text

from config import from_environment, sqlalchemy_url
from dashboard.app import create_app
from dashboard.demo.models import Airline
from dashboard.extensions import Base, db, make_engine, transaction
from dashboard.jobs.actions import fetch
from dashboard.jobs.dispatcher import dispatch, store_upload
from dashboard.models.outbox import EventReceipt
from dashboard.models.states import FINAL
from tests.system.consumers import Consumer, consumer, until

pytestmark = pytest.mark.system
ROWS = 12_000
NUMBERS = itertools.count(1)
SETUPS = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
    pytest.param("sqlite-redis", marks=pytest.mark.redis),
]


def on(*setups: str) -> Any:
    """Each start of a consumer takes seconds: not every test needs every set-up."""
    chosen = [s for s in SETUPS if (s if isinstance(s, str) else s.values[0]) in setups]
    return pytest.mark.parametrize("installation", chosen, indirect=True)


class Installation:
    """An application and the environment its consumers run in."""

    def __init__(self, environ: dict[str, str], folder: Path) -> None:
        base = {"INSTANCE_PATH": str(folder), "DEMO": "0", "LOG_LEVEL": "CRITICAL"}
        self.environ = {**base, **environ}
        self.app: Flask = create_app(from_environment(self.environ))
        self.context = self.app.extensions["jobengine"]
        with self.app.app_context():
            Base.metadata.create_all(db.engine)

    def close(self) -> None:
        self.context.close()
        for queue in (self.context.queue.jobs, self.context.queue.events):
            queue.storage.close()
        with self.app.app_context():
            db.engine.dispose()

    def dispatch(self, rows: int = ROWS, chunk_rows: int = 100) -> int:
        lines = [b"carrier,name\n", *(f"C{n},Name {n}\n".encode() for n in range(rows))]
        return self.dispatch_lines("airlines", lines, chunk_rows)

    def dispatch_small(self) -> int:
        """Of another type."""
        lines = [
            b"faa,name,lat,lon,alt,tz,dst,tzone\n",
            b"ZZZ,Nowhere,1.5,2.5,3,-5,A,America/New_York\n",
        ]
        return self.dispatch_lines("airports", lines, None)

    def dispatch_lines(self, name: str, lines: list[bytes], chunk_rows: int | None) -> int:
        with self.app.app_context(), transaction() as session:
            file = store_upload(self.context, session, lines, f"{name}.csv", None)
            how: dict[str, Any] = {"user": None, "chunk_rows": chunk_rows}
            return dispatch(self.context, session, name, file, **how).id

    def job(self, job_id: int) -> Any:
        with self.context.app.connect() as connection:
            return fetch(connection, job_id)

    def ended(self, job_id: int) -> bool:
        return self.job(job_id).status in FINAL

    def written(self) -> int:
        with self.context.target.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(Airline)) or 0)

    def begun(self) -> bool:
        return 0 < self.written() < ROWS

    def receipts(self) -> int:
        done = select(func.count()).where(EventReceipt.state == "done")
        with self.context.app.connect() as connection:
            return int(connection.scalar(done) or 0)

    def assert_exact(self, job_id: int) -> None:
        job = self.job(job_id)
        assert (job.status, job.created, job.not_processed) == ("completed", ROWS, 0)
        assert self.written() == ROWS


@pytest.fixture(params=SETUPS)
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    environ = {}
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        schema = f"system_{next(NUMBERS)}"
        admin = make_engine(sqlalchemy_url(url))
        with admin.begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        admin.dispose()
        own = f"{url}?options=-csearch_path%3D{schema}"
        environ = {"DATABASE_URL": own, "QUEUE_URL": own}
    elif request.param == "sqlite-redis":
        environ = {"QUEUE_URL": request.getfixturevalue("redis_url")}
    installation = Installation(environ, tmp_path)
    yield installation
    installation.close()


@pytest.fixture
def start(installation: Installation) -> Iterator[Any]:
    """Start consumers; all are gone when the test ends."""
    with ExitStack() as stack:
        yield lambda name, workers=2: stack.enter_context(
            consumer(name, installation.environ, workers)
        )


def test_an_import_runs_and_its_events_are_delivered(installation: Installation, start: Any):
    job_id = installation.dispatch()
    start("jobs"), start("events")
    until(lambda: installation.ended(job_id))
    installation.assert_exact(job_id)
    until(lambda: installation.receipts() >= 3)


@on("sqlite", "postgres")
def test_everything_killed_and_started_again(installation: Installation, start: Any):
    job_id = installation.dispatch()
    first: Consumer = start("jobs")
    until(installation.begun)
    first.kill_all()
    assert not installation.ended(job_id)
    start("jobs"), start("events")
    until(lambda: installation.ended(job_id))
    installation.assert_exact(job_id)


@on("sqlite")
def test_a_killed_worker_is_replaced(installation: Installation, start: Any):
    job_id = installation.dispatch()
    jobs: Consumer = start("jobs")
    start("events")
    until(installation.begun)
    for worker in jobs.workers():
        worker.kill()
    until(lambda: installation.ended(job_id))
    installation.assert_exact(job_id)
    assert jobs.process.poll() is None


@on("sqlite", "postgres")
def test_stopped_gracefully(installation: Installation, start: Any):
    job_id = installation.dispatch()
    first: Consumer = start("jobs")
    until(installation.begun)
    workers = first.workers()
    assert first.stop() == 0
    assert not any(worker.is_running() for worker in workers)
    assert installation.written() % 100 == 0
    start("jobs"), start("events")
    until(lambda: installation.ended(job_id))
    installation.assert_exact(job_id)


@on("sqlite", "postgres")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_small_job_ends_while_a_big_one_runs(
    installation: Installation, start: Any, workers: int
):
    big = installation.dispatch(rows=40_000, chunk_rows=20)
    start("jobs", workers)
    until(lambda: installation.written() > 0)
    small = installation.dispatch_small()
    until(lambda: installation.ended(small))
    done, running = installation.job(small), installation.job(big)
    assert (done.status, done.created) == ("completed", 1)
    assert running.finished_at is None or done.finished_at < running.finished_at


@on("sqlite")
def test_workers_end_with_a_killed_consumer(installation: Installation, start: Any):
    jobs: Consumer = start("jobs")
    workers = until(lambda: len(jobs.workers()) == 2 and jobs.workers())
    jobs.process.kill()
    gone, alive = psutil.wait_procs(workers, timeout=10)
    assert (len(gone), alive) == (2, [])
