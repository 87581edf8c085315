"""Reports as jobs of the engine: completed, refused, paused, cancelled, killed."""

import os
import signal
import threading
import time

import psutil
import pytest
from sqlalchemy import select, text

from dashboard.jobs.transitions import JOB
from dashboard.models.columns import table_of
from dashboard.models.stored_file import StoredFile
from tests.reports.conftest import on
from tests.reports.test_report_running import is_alive

FILE = table_of(StoredFile)


def make(room, name, **params):
    return room.make(type=f"{name}-report", params=params)


def turn_until(room, job_id, act, mark):
    """A worker's turn in a thread; `act` once the report has begun. How long it then took."""
    worker = threading.Thread(target=room.runner.turn, args=(job_id,))
    worker.start()
    while not mark():
        time.sleep(0.02)
    began = time.monotonic()
    room.act(act, job_id)
    worker.join(10)
    assert not worker.is_alive()
    return time.monotonic() - began


def test_a_report_completes_with_its_file(room):
    job_id = make(room, "sales", least=2, kind=None)
    job = room.run(job_id)
    assert (job.status, job.total, job.created, job.not_processed) == ("completed", 3, 3, 0)
    [file] = room.rows(select(*FILE.c).where(FILE.c.id == job.output_id))
    assert (file.rows, file.name.endswith(".parquet")) == (3, True)
    assert room.context.store.exists(file.key)
    told = ["JobEnqueued", "JobStarted", "JobProgressed", "JobCompleted"]
    assert room.events(job_id) == told


@on("sqlite")
def test_a_report_that_cannot_be_made_fails_with_its_reason(room):
    job = room.run(make(room, "badsql"))
    assert (job.status, job.error_code, job.output_id) == ("failed", "report_sql", None)
    assert "colour" in job.error_message
    assert list(room.context.store.keys("reports")) == []


@on("sqlite")
@pytest.mark.parametrize(("act", "status"), [("pause", "paused"), ("cancel", "cancelled")])
def test_pause_and_cancel_end_the_process_within_two_seconds(room, tmp_path, act, status):
    mark = tmp_path / "pid"
    job_id = make(room, "long", mark=str(mark))
    assert turn_until(room, job_id, act, mark.exists) < 2
    assert room.job(job_id).status == status
    assert room.job(job_id).output_id is None


@on("postgres")
def test_a_cancelled_query_ends_on_the_server_too(room):
    job_id = make(room, "query")
    running = text("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'WITH RECURSIVE r(n)%'")

    def counted():
        with room.context.app.connect() as connection:
            return connection.scalar(running)

    assert turn_until(room, job_id, "cancel", counted) < 2
    deadline = time.monotonic() + 5
    while counted() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert counted() == 0


@on("sqlite")
def test_a_report_whose_worker_is_killed_ends_too_and_runs_again(room, tmp_path):
    mark = tmp_path / "pid"
    job_id = make(room, "long", mark=str(mark))
    worker = room.fork(lambda child: child.runner.turn(job_id))
    while not mark.exists():
        time.sleep(0.02)
    [report] = [
        p for p in psutil.Process(worker).children() if "child_run" in " ".join(p.cmdline())
    ]
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    psutil.wait_procs([report], timeout=5)
    assert not report.is_running() or report.status() == psutil.STATUS_ZOMBIE
    assert not is_alive(mark)
    room.expire_leases()
    room.sweeper.run_once()
    with room.context.app.connect() as connection:
        assert connection.scalar(select(JOB.c.status).where(JOB.c.id == job_id)) == "interrupted"
