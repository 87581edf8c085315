"""`flask jobs schedules …`: listed, run, paused, resumed."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from config import from_environment
from dashboard.app import create_app
from dashboard.extensions import Base, db, transaction
from dashboard.kinds.submitted import read_data
from dashboard.models.user import User
from dashboard.schedules import editing
from dashboard.schedules.editing import Wanted
from dashboard.schedules.starting import Starter

NIGHTLY = Wanted(type="flights-export", name="Nightly", cron="30 7 * * *", timezone="UTC")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    folder = tmp_path_factory.mktemp("cli")
    app = create_app(from_environment({"LOG_LEVEL": "CRITICAL", "DEMO": "0"}, instance=folder))
    with app.app_context():
        Base.metadata.create_all(db.engine)
    for role in ("admin", "staff"):
        words = ["users", "create", "--email", f"{role}@example.com", "--role", role]
        run(app, *words, "--password", "tall violet ladder")
    yield app
    app.extensions["jobengine"].close()
    with app.app_context():
        db.engine.dispose()


def run(app: Flask, *words: Any) -> Result:
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


@pytest.fixture
def schedule(app: Flask) -> int:
    """Of the admin."""
    with app.app_context(), transaction() as session:
        owner = session.scalars(select(User).order_by(User.id)).first()
        assert owner is not None
        starter = Starter(app.extensions["jobengine"], read_data)
        return editing.make(session, starter, owner, NIGHTLY).id


def test_listed(app: Flask, schedule: int):
    line = run(app, "jobs", "schedules", "list").stdout.splitlines()[-1]
    assert "Nightly" in line
    assert "Every day at 07:30, UTC · next" in line


def test_listed_for_programs(app: Flask, schedule: int):
    found = json.loads(run(app, "jobs", "schedules", "list", "--json").stdout)["schedules"][-1]
    assert (found["id"], found["active"], found["missed"]) == (schedule, True, 0)
    assert found["next"].endswith("07:30:00+00:00")


def test_ones_own_only(app: Flask, schedule: int):
    listed = run(app, "jobs", "schedules", "list", "--user", "staff@example.com")
    assert listed.stdout == ""
    refused = run(app, "jobs", "schedules", "pause", schedule, "--user", "staff@example.com")
    assert (refused.exit_code, "not_found" in refused.stderr) == (1, True)


def test_run_now(app: Flask, schedule: int):
    made = run(app, "jobs", "schedules", "run", schedule, "--json")
    assert json.loads(made.stdout)["type"] == "flights-export"
    again = run(app, "jobs", "schedules", "run", schedule)
    assert (again.exit_code, "schedule_busy" in again.stderr) == (1, True)


def test_paused_and_resumed(app: Flask, schedule: int):
    assert run(app, "jobs", "schedules", "pause", schedule).stdout == "Nightly is paused.\n"
    assert run(app, "jobs", "schedules", "pause", schedule).exit_code == 1
    assert "· paused" in run(app, "jobs", "schedules", "list").stdout
    assert run(app, "jobs", "schedules", "resume", schedule).stdout == "Nightly is resumed.\n"


def test_wrong_usage(app: Flask):
    assert run(app, "jobs", "schedules", "run").exit_code == 64
    assert run(app, "jobs", "schedules", "run", 900_000).exit_code == 1
