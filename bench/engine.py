"""JobEngine as it runs in service, on a database of its own: migrated, both consumers, an admin."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import select

from bench.job_types import BENCH_FLIGHTS, bench_settings
from bench.services import (
    BenchFailed,
    Service,
    cpu_seconds,
    events_consumer,
    jobs_consumer,
    largest_peak,
    reset_peaks,
)
from dashboard.app import create_app
from dashboard.extensions import db, transaction
from dashboard.jobs.context import JobContext
from dashboard.jobs.dispatcher import dispatch, store_upload
from dashboard.jobs.tracker import FAILURE
from dashboard.jobs.transitions import JOB
from dashboard.models.columns import AnyRow
from dashboard.models.states import FINAL
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from scripts.run import ROOT

POLL_SECONDS = 0.1
LONGEST_JOB = 900.0
ADMIN = "bench@example.org"
UNSET = ("TARGET_DATABASE_URL", "QUEUE_URL", "REDIS_HOST", "STORAGE_URL", "SECRET_KEY")


class Engine:
    """Start it with `with`; `run` imports a file through the consumers and returns the job."""

    def __init__(
        self, database_url: str, folder: Path, workers: int = 2, *, consumers: bool = True
    ) -> None:
        self.folder = folder
        self.environ = environment(database_url, folder, workers)
        self.consumers = consumers
        self.jobs = jobs_consumer(self.environ, folder)
        self.events = events_consumer(self.environ, folder)
        self._stored: dict[Path, int] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        prepare(self.environ)
        self.app = create_app(replace(bench_settings(self.environ), log_level="WARNING"))
        self.context: JobContext = self.app.extensions["jobengine"]
        with self.context.target.begin() as connection:
            BENCH_FLIGHTS.create(connection)
        for service in self.services:
            service.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for service in self.services:
            service.stop()
        self.context.close()
        with self.app.app_context():
            db.engine.dispose()

    @property
    def services(self) -> list[Service]:
        return [self.jobs, self.events] if self.consumers else []

    def store(self, path: Path) -> Path:
        """Upload once; every round then reads the same bytes. Returns where they lie."""
        with self.app.app_context():
            if path not in self._stored:
                with transaction() as session, path.open("rb") as stream:
                    user = session.scalars(select(User)).first()
                    stored = store_upload(self.context, session, stream, path.name, user)
                    self._stored[path] = stored.id
            with transaction() as session:
                key = session.get_one(StoredFile, self._stored[path]).key
        return self.context.store.local_path(key) or path

    def submit(self, job_type: str, path: Path, **options: Any) -> int:
        """Dispatch as any caller would, with these options; the id of the job."""
        self.store(path)
        with self.app.app_context(), transaction() as session:
            user = session.scalars(select(User)).first()
            stored = session.get_one(StoredFile, self._stored[path])
            return dispatch(self.context, session, job_type, stored, user=user, options=options).id

    def job(self, job_id: int) -> AnyRow:
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            return connection.execute(select(*JOB.c).where(JOB.c.id == job_id)).one()

    def finish(self, job_id: int, seconds: float = LONGEST_JOB) -> AnyRow:
        """Wait until the job has ended."""
        deadline = time.monotonic() + seconds
        while (job := self.job(job_id)).status not in FINAL:
            if time.monotonic() > deadline:
                raise BenchFailed(f"job {job_id} is {job.status} after {seconds:.0f} s")
            for service in self.services:
                service.check()
            time.sleep(POLL_SECONDS)
        return job

    def run(self, job_type: str, path: Path, **options: Any) -> AnyRow:
        return self.finish(self.submit(job_type, path, **options))

    def failures(self, job_id: int, *columns: str) -> list[tuple[Any, ...]]:
        """Every refused cell, sorted, so that a doubled one shows; a blank value is ''."""
        names = [FAILURE.c[name] for name in columns]
        with self.context.app.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            rows = connection.execute(select(*names).where(FAILURE.c.job_id == job_id))
            return sorted(tuple("" if v is None else v for v in row) for row in rows)

    def cpu(self) -> float:
        return sum(cpu_seconds(service.members()) for service in self.services)

    def reset_peaks(self) -> None:
        reset_peaks(self.jobs.members()[1:])

    def largest_peak(self) -> int:
        """Bytes of the largest worker."""
        return largest_peak(self.jobs.members()[1:])


def environment(database_url: str, folder: Path, workers: int) -> dict[str, str]:
    """The caller's environment, but default queue and store in `folder`, and no demo data."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {
        **kept,
        "DATABASE_URL": database_url,
        "INSTANCE_PATH": str(folder),
        "JOBENGINE_ENV": "development",
        "LOG_LEVEL": "WARNING",
        "WORKERS": str(workers),
        "DEMO": "0",
        "ADMIN_EMAIL": ADMIN,
        "ADMIN_PASSWORD": secrets.token_urlsafe(12),
    }


def prepare(environ: Mapping[str, str]) -> None:
    """Migrations and the first admin, by the product's own commands."""
    for words in (("db", "upgrade"), ("setup",)):
        command = [sys.executable, "-m", "flask", "--app", "wsgi", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=dict(environ), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchFailed(f"flask {' '.join(words)}: {done.stdout}{done.stderr}")
