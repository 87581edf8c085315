"""Somebody's program, and an application whose jobs really run."""

from collections.abc import Iterator

import pytest
from flask import Flask

from config import from_environment
from dashboard.app import create_app
from dashboard.extensions import Base, db
from dashboard.jobs.runner import Runner
from tests.api.calling import Caller, caller
from tests.client import CheckedClient


@pytest.fixture
def staff(app: Flask) -> Caller:
    return caller(app)


@pytest.fixture(scope="session")
def running_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """On SQLite, committed for good: runner and requests use connections of their own."""
    settings = from_environment(
        {"LOG_LEVEL": "CRITICAL", "DEMO": "0"}, instance=tmp_path_factory.mktemp("running")
    )
    app = create_app(settings)
    app.test_client_class = CheckedClient
    with app.app_context():
        Base.metadata.create_all(db.engine)
    yield app
    app.extensions["jobengine"].close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def running(running_app: Flask) -> Caller:
    """Whose jobs `run` runs."""
    return caller(running_app)


def run(app: Flask, job_id: str) -> None:
    """As a worker does, to the end."""
    runner = Runner(app.extensions["jobengine"])
    runner.prepare(int(job_id))
    while runner.run_one(int(job_id)):
        pass
    runner.rest(int(job_id))
