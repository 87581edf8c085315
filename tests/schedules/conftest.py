"""Schedules on SQLite and PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from config import Settings, sqlalchemy_url
from dashboard.extensions import Base
from dashboard.jobs.context import JobContext
from dashboard.jobs.registry import JobRegistry
from dashboard.storage.store import Store
from tests.jobs.room import HintBook
from tests.schedules.place import TYPES, Place

TABLES = (
    "schedule_runs", "schedules", "event_receipts", "outbox_events", "jobs", "stored_files",
    "users",
)  # fmt: skip


@pytest.fixture(scope="session", params=["sqlite", pytest.param("pg", marks=pytest.mark.postgres)])
def place_context(request: pytest.FixtureRequest, tmp_path_factory: Any) -> Iterator[JobContext]:
    folder = tmp_path_factory.mktemp("schedules")
    url = f"sqlite:///{folder / 'app.db'}"
    if request.param == "pg":
        base = sqlalchemy_url(request.getfixturevalue("postgres_url"))
        admin = create_engine(base)
        with admin.begin() as connection:
            # Made anew each time the parameter comes up again in one process.
            connection.execute(text("DROP SCHEMA IF EXISTS schedules_app CASCADE"))
            connection.execute(text("CREATE SCHEMA schedules_app"))
        admin.dispose()
        url = f"{base}?options=-csearch_path%3Dschedules_app"
    settings = Settings(
        database_url=url,
        target_database_url=url,
        storage_url=str(folder / "store"),
        instance=folder,
        job_types=TYPES,
    )
    context = JobContext(settings, JobRegistry(TYPES), None)  # type: ignore[arg-type]
    Base.metadata.create_all(context.app)
    yield context
    context.close()


@pytest.fixture
def place(place_context: JobContext, tmp_path: Path) -> Place:
    """Emptied, with a store and hints of its own."""
    with place_context.app.begin() as connection:
        for name in TABLES:
            connection.execute(text(f"DELETE FROM {name}"))
    hints = HintBook()
    place_context.queue = hints  # type: ignore[assignment]
    place_context.store = Store(str(tmp_path / "store"))
    return Place(place_context, hints)
