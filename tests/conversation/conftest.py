"""Whole conversations on four set-ups: one or two databases, SQLite or PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from config import Settings, sqlalchemy_url
from dashboard.extensions import Base
from dashboard.jobs.context import JobContext
from dashboard.jobs.registry import JobRegistry
from tests.conversation.stock import TABLES, TYPES, Talk
from tests.jobs.room import HintBook

POSTGRES = pytest.mark.postgres
SETUPS = [
    "sqlite",
    "sqlite-apart",
    pytest.param("postgres", marks=POSTGRES),
    pytest.param("postgres-apart", marks=POSTGRES),
]


def postgres_urls(base: str) -> dict[str, str]:
    return {name: f"{base}?options=-csearch_path%3Dtalk_{name}" for name in ("app", "target")}


def empty_schemas(base: str) -> None:
    admin = create_engine(base, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in ("app", "target"):
            connection.execute(text(f"DROP SCHEMA IF EXISTS talk_{name} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA talk_{name}"))
    admin.dispose()


@pytest.fixture(params=SETUPS)
def talk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Talk]:
    database, _, apart = request.param.partition("-")
    urls = {name: f"sqlite:///{tmp_path / name}.db" for name in ("app", "target")}
    if database == "postgres":
        base = sqlalchemy_url(request.getfixturevalue("postgres_url"))
        empty_schemas(base)
        urls = postgres_urls(base)
    settings = Settings(
        database_url=urls["app"],
        target_database_url=urls["target" if apart else "app"],
        storage_url=str(tmp_path / "store"),
        instance=tmp_path,
        job_types=TYPES,
    )
    hints = HintBook()
    context = JobContext(settings, JobRegistry(TYPES), hints)  # type: ignore[arg-type]
    Base.metadata.create_all(context.app)
    TABLES.create_all(context.target)
    yield Talk(context, hints)
    context.close()
