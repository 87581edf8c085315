"""The application on both databases, each test inside a transaction that is rolled back."""

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Connection
from sqlalchemy.orm import Session
from xdist.scheduler import LoadScopeScheduling

from config import Settings, from_environment
from dashboard.app import create_app
from dashboard.auth import passwords
from dashboard.extensions import Base, db
from tests.client import CheckedClient

pytest_plugins = ["tests.services", "tests.mariadb"]

# The same examples every time, and no limit on time: other tests run beside them.
hypothesis_settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis_settings.load_profile("steady")

# The real strength (passwords.MEMORY_KIB) costs 25 ms a hash.
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

# Each of these starts or builds something dear, once for all its tests: they stay in one process.
TOGETHER = ("browser", "packaging")


class ByFile(LoadScopeScheduling):
    """A file's tests stay in one process, so that what they share is made once; all of TOGETHER's
    too. Groups by mark do not work: pytest 9 no longer tells xdist of the changed names."""

    def _split_scope(self, nodeid: str) -> str:
        path = Path(nodeid.partition("::")[0])
        return path.parent.name if path.parent.name in TOGETHER else str(path)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    return ByFile(config, log) if config.getvalue("dist") == "loadscope" else None


ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


class Borrowed(nullcontext[Connection]):
    """What code gets that asks the engine for a connection of its own: the test's one."""

    def execution_options(self, **_options: Any) -> "Borrowed":
        return self


@pytest.fixture(scope="session", params=ENGINES)
def settings(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Settings:
    instance = tmp_path_factory.mktemp("instance")
    environ = {"LOG_LEVEL": "ERROR", "DEMO": "0"}
    if request.param == "postgres":
        environ["DATABASE_URL"] = request.getfixturevalue("postgres_url")
    return from_environment(environ, instance=instance)


@pytest.fixture(scope="session")
def shared_app(settings: Settings) -> Iterator[Flask]:
    """Made once a database; use `app`, which forgets what a test has written."""
    app = create_app(settings)
    app.testing = True
    # As in production: an unexpected error is answered, not raised into the test.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.test_client_class = CheckedClient
    with app.app_context():
        Base.metadata.create_all(db.engine)
    yield app
    with app.app_context():
        db.engine.dispose()
    app.extensions["jobengine"].close()


@pytest.fixture
def app(shared_app: Flask) -> Iterator[Flask]:
    """Commits inside become savepoints of one outer transaction that never commits."""
    engines = db._app_engines[shared_app]
    engine = engines[None]
    with engine.connect() as connection:
        outer = connection.begin()
        connection.connect = lambda: Borrowed(connection)
        engines[None] = connection
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        yield shared_app
        engines[None] = engine
        outer.rollback()


@pytest.fixture
def client(app: Flask) -> CheckedClient:
    """Nobody yet: see factories.sign_in."""
    return app.test_client()


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """For code below the pages. Not together with `client`, whose requests would share it."""
    with app.app_context():
        yield db.session()
