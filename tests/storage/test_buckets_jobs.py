"""Whole jobs on SQLite with a bucket for a store: what comes in, what goes out, what is left."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from config import from_environment
from dashboard.app import create_app
from dashboard.demo.models import Airline, Flight
from dashboard.extensions import Base, db
from dashboard.jobs.context import JobContext
from dashboard.jobs.retention import ORPHAN_AGE, Retention
from dashboard.models.audit import AuditEntry
from dashboard.storage.store import Store
from tests.api.calling import Caller, caller
from tests.api.conftest import run
from tests.client import CheckedClient
from tests.factories import add_job, committed
from tests.web.job_parts import add_file

LINES = [f"C{number},Carrier {number}" for number in range(2000)]
CARRIERS = "\n".join(["carrier,name", *LINES, ""]).encode()
FLIGHTS = 70_000
FILL = text(f"""
INSERT INTO {Flight.__tablename__} (
    year, month, day, sched_dep_time, sched_arr_time, carrier, flight, origin, dest, distance,
    hour, minute, time_hour
)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {FLIGHTS})
SELECT 2013, 1 + i % 12, 1 + i % 28, 515, 819, 'C' || (i % 2000), i, 'JFK', 'LAX', 2475,
    5, 15, '2013-01-01 05:00:00.000000'
FROM n
""")


@pytest.fixture
def bucket_app(s3_url: str, tmp_path: Path) -> Iterator[Flask]:
    environ = {"LOG_LEVEL": "CRITICAL", "DEMO": "0", "STORAGE_URL": s3_url}
    app = create_app(from_environment(environ, instance=tmp_path))
    app.test_client_class = CheckedClient
    with app.app_context():
        Base.metadata.create_all(db.engine)
    yield app
    app.extensions["jobengine"].close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def ann(bucket_app: Flask) -> Caller:
    return caller(bucket_app)


def context(app: Flask) -> JobContext:
    found: JobContext = app.extensions["jobengine"]
    return found


def imported(app: Flask, ann: Caller) -> str:
    """The number of a job that ran over CARRIERS in several chunks."""
    answer = ann.send("airlines", CARRIERS, data='{"chunkRows": 500}')
    run(app, answer.json["jobId"])
    return str(answer.json["jobId"])


def test_an_import_reads_its_chunks_from_the_bucket(bucket_app: Flask, ann: Caller):
    job_id = imported(bucket_app, ann)
    body = ann.get(f"/jobs/{job_id}").json
    assert (body["status"], body["counts"]["created"]) == ("completed", 2000)
    with committed(bucket_app) as session:
        assert session.scalar(select(func.count()).select_from(Airline)) == 2000
    [(key, _)] = context(bucket_app).store.keys("uploads")
    assert context(bucket_app).store.read(key, 0, len(CARRIERS)) == CARRIERS


def test_an_export_goes_to_the_bucket_in_parts_and_comes_back_in_ranges(
    bucket_app: Flask, ann: Caller, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dashboard.storage.writing.BLOCK", 5 * 1024 * 1024)
    imported(bucket_app, ann)
    with committed(bucket_app) as session:
        session.execute(FILL)
    job_id = ann.post("/submit-job", json={"name": "flights-export", "data": {}}).json["jobId"]
    run(bucket_app, job_id)
    whole = ann.get(f"/jobs/{job_id}/download")
    assert (whole.status_code, whole.data.count(b"\n")) == (200, FLIGHTS + 1)
    assert len(whole.data) > 5 * 1024 * 1024
    asked = {"Range": f"bytes={len(whole.data) - 9}-", "If-Range": whole.headers["ETag"]}
    assert ann.get(f"/jobs/{job_id}/download", headers=asked).data == whole.data[-9:]
    store: Store = context(bucket_app).store
    [(key, _)] = store.keys("exports")
    # A tag with a number of parts is of a multipart upload.
    assert (store.folders("parts"), "-" in tag(store, key)) == ([], True)


def tag(store: Store, key: str) -> str:
    return str(store._fs.info(store._path(key))["ETag"])


def test_a_download_past_us_is_written_down_too(bucket_app: Flask, ann: Caller):
    engine = context(bucket_app)
    engine.settings = replace(engine.settings, storage_presign=True)
    file_id = add_file(bucket_app, ann.user, CARRIERS)
    job_id = add_job(bucket_app, ann.user, kind="export", output_id=file_id)
    answer = ann.get(f"/jobs/{job_id}/download")
    with urlopen(answer.headers["Location"]) as fetched:
        assert (answer.status_code, fetched.read()) == (302, CARRIERS)
    with committed(bucket_app) as session:
        [entry] = session.scalars(select(AuditEntry))
        assert (entry.object_id, entry.detail["bytes"]) == (str(file_id), len(CARRIERS))


def test_retention_empties_the_bucket(bucket_app: Flask, ann: Caller, monkeypatch):
    imported(bucket_app, ann)
    store = context(bucket_app).store
    for key in ("parts/unknown/1-1/000001", "exports/nobodys"):
        with store.writer(key) as out:
            out.write(b"x")
    monkeypatch.setattr("dashboard.jobs.retention.ORPHAN_AGE", -ORPHAN_AGE)
    Retention(context(bucket_app)).run_once()
    assert (store.folders("parts"), list(store.keys("exports"))) == ([], [])
    assert len(list(store.keys("uploads"))) == 1
