"""`flask jobs sync`: run at once or queued, from the start, with what came of it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from config import from_environment
from dashboard.app import create_app
from dashboard.extensions import Base, db
from dashboard.models.job import Job
from dashboard.sync.cursors import CURSORS, ensure_cursors
from tests.factories import add_user, committed
from tests.sync.listed_source import SHELF, Shelf
from tests.sync.sync_types import METADATA, TYPES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """With the tests' sync types; commands commit for good."""
    environ = {"LOG_LEVEL": "CRITICAL", "DEMO": "0"}
    settings = from_environment(environ, instance=tmp_path_factory.mktemp("sync-command"))
    app = create_app(replace(settings, job_types=TYPES))
    with app.app_context():
        Base.metadata.create_all(db.engine)
        METADATA.create_all(db.engine)
    ensure_cursors(app.extensions["jobengine"].target)
    add_user(app, "admin", email="ann@example.com")
    add_user(app, "manager", email="max@example.com")
    yield app
    app.extensions["jobengine"].close()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(made: Flask) -> Flask:
    SHELF.__dict__.update(vars(Shelf()))
    SHELF.rows = [(str(n), f"row {n}") for n in range(1, 6)]
    with made.extensions["jobengine"].target.begin() as connection:
        connection.execute(CURSORS.delete())
        for table in reversed(METADATA.sorted_tables):
            connection.execute(table.delete())
    return made


def sync(app: Flask, *words: Any) -> Result:
    return app.test_cli_runner().invoke(args=["jobs", "sync", *map(str, words)])


def body(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_run_at_once(app):
    result = sync(app, "upsert-sync", "--inline", "--json")
    told = body(result)
    assert result.exit_code == 0
    assert (told["status"], told["created"], told["kind"]) == ("completed", 5, "sync")


def test_queued(app):
    told = body(sync(app, "append-sync", "--json"))
    assert told["status"] == "waiting"
    again = sync(app, "append-sync")
    assert (again.exit_code, "sync_running" in again.stderr) == (1, True)
    with committed(app) as session:
        session.get_one(Job, int(told["id"])).status = "cancelled"


def test_from_the_start(app):
    sync(app, "upsert-sync", "--inline")
    told = body(sync(app, "upsert-sync", "--inline", "--json", "--full-refresh"))
    assert (told["unchanged"], told["total"]) == (5, 5)
    assert SHELF.asked[-1].cursor is None


def test_failed_rows_are_told_by_the_exit_code(app):
    SHELF.rows = [("1", "x" * 41)]
    assert sync(app, "upsert-sync", "--inline").exit_code == 2


def test_what_a_mirror_deleted(app):
    sync(app, "mirror-sync", "--inline")
    SHELF.rows.pop()
    told = body(sync(app, "mirror-sync", "--inline", "--json"))
    assert (told["status"], told["deleted"]) == ("completed", 1)


def test_a_mirror_that_asks_says_why(app):
    sync(app, "mirror-sync", "--inline")
    SHELF.rows = []
    told = body(sync(app, "mirror-sync", "--inline", "--json"))
    assert (told["status"], "100.0 %" in told["error"]) == ("paused", True)
    more = sync(app, "mirror-sync", "--inline", "--json", "--most-deleted-percent", 100)
    assert more.exit_code == 1
    with committed(app) as session:
        session.get_one(Job, int(told["id"])).status = "cancelled"


@pytest.mark.parametrize(
    "words",
    [
        ["none-sync", "--full-refresh", "--wrong"],
        ["upsert-sync", "--most-deleted-percent", "30"],
        ["mirror-sync", "--most-deleted-percent", "101"],
        ["mirror-sync", "--chunk-rows", "0"],
    ],
)
def test_wrong_usage(app, words):
    assert sync(app, *words).exit_code == 64


def test_unknown_types_and_people_who_only_look(app):
    assert sync(app, "none-sync").exit_code == 1
    refused = sync(app, "append-sync", "--user", "max@example.com")
    assert (refused.exit_code, "may look at jobs" in refused.stderr) == (1, True)
