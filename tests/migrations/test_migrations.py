"""Migrations lead to the models and back, on both databases, in one or in two."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, inspect, text

from config import Settings, from_environment, sqlalchemy_url
from dashboard.app import create_app
from dashboard.demo import models as demo_models
from dashboard.extensions import Base, db, make_engine

POSTGRES = pytest.mark.postgres
SETUPS = [
    "sqlite",
    "sqlite-apart",
    pytest.param("postgres", marks=POSTGRES),
    pytest.param("postgres-apart", marks=POSTGRES),
]
JOB = (
    "INSERT INTO jobs (uuid, type, kind, purpose, status, strategy, round, options, layout, meta,"
    " processed, created, updated, unchanged, skipped, failed, not_processed, isolate, prepared,"
    " attempt, deaths, after_round, created_at) VALUES ('u', 't', 'import', 'run', 'completed',"
    " 'none', 1, '{}', '{}', '{}', 1, 1, 0, 0, 0, 0, 0, false, true, 1, 0, 1, '2026-01-01')"
)
CHUNK = (
    'INSERT INTO job_chunks (job_id, number, round, state, "offset", length, first_row, rows,'
    " hints, attempt, deaths, created, updated, unchanged, skipped, failed)"
    " SELECT id, 1, 1, 'done', 0, 9, 2, 1, '{}', 1, 0, 1, 0, 0, 0, 0 FROM jobs"
)


def demo_tables() -> set[str]:
    module = demo_models.__name__
    mappers = (m for m in Base.registry.mappers if m.class_.__module__ == module)
    return {mapper.local_table.name for mapper in mappers}


def urls(setup: str, folder: Path, postgres: str | None) -> list[str]:
    names = ["app", "target"] if setup.endswith("-apart") else ["app"]
    if postgres is None:
        return [f"sqlite:///{folder / name}.db" for name in names]
    base = sqlalchemy_url(postgres)
    admin = make_engine(base)
    with admin.begin() as connection:
        for name in names:
            connection.execute(text(f"DROP SCHEMA IF EXISTS migrated_{name} CASCADE"))
            connection.execute(text(f"CREATE SCHEMA migrated_{name}"))
    admin.dispose()
    return [f"{base}?options=-csearch_path%3Dmigrated_{name}" for name in names]


@pytest.fixture(params=SETUPS)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """An application on databases nobody has touched."""
    postgres = request.param.startswith("postgres")
    server = request.getfixturevalue("postgres_url") if postgres else None
    found = urls(request.param, tmp_path, server)
    environ = {"DATABASE_URL": found[0], "TARGET_DATABASE_URL": found[-1], "DEMO": "0"}
    app = create_app(from_environment({**environ, "LOG_LEVEL": "CRITICAL"}, instance=tmp_path))
    with app.app_context():
        yield app
        db.engine.dispose()


@pytest.fixture
def databases(app: Flask) -> Iterator[list[tuple[str, Engine]]]:
    """Which part of the schema is where."""
    settings: Settings = app.config["SETTINGS"]
    parts = ["both"] if settings.same_database else ["app", "target"]
    names = [settings.database_url, settings.target_database_url]
    engines = [make_engine(url) for url in names[: len(parts)]]
    yield list(zip(parts, engines, strict=True))
    for engine in engines:
        engine.dispose()


def differences(part: str, engine: Engine) -> list[Any]:
    demo = demo_tables()

    def belongs(_object: Any, name: str, kind: str, *_: Any) -> bool:
        return kind != "table" or part == "both" or (name in demo) == (part == "target")

    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": belongs}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, Base.metadata))


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_up_leads_to_the_models(app: Flask, databases: list[tuple[str, Engine]]):
    upgrade()
    assert [differences(*database) for database in databases] == [[]] * len(databases)


def test_up_down_and_up_again(app: Flask, databases: list[tuple[str, Engine]]):
    upgrade()
    before = [tables(engine) for _, engine in databases]
    downgrade(revision="base")
    assert [tables(engine) for _, engine in databases] == [set()] * len(databases)
    upgrade()
    assert [tables(engine) for _, engine in databases] == before


def test_each_table_is_in_its_own_database(app: Flask, databases: list[tuple[str, Engine]]):
    upgrade()
    found = {part: tables(engine) for part, engine in databases}
    if "both" in found:
        assert demo_tables() < found["both"]
    else:
        assert (found["target"], found["app"] & demo_tables()) == (demo_tables(), set())


def test_rows_outlive_the_newest_migration(app: Flask, databases: list[tuple[str, Engine]]):
    """On SQLite a rebuilt parent table deletes its children when foreign keys are enforced."""
    upgrade()
    engine = databases[0][1]
    with engine.begin() as connection:
        for statement in (JOB, CHUNK):
            connection.execute(text(statement))
    downgrade()
    upgrade()
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM job_chunks")) == 1


def test_again_changes_nothing(app: Flask, databases: list[tuple[str, Engine]]):
    upgrade()
    upgrade()
    assert [differences(*database) for database in databases] == [[]] * len(databases)


def test_job_numbers_are_never_given_twice(app: Flask, databases: list[tuple[str, Engine]]):
    upgrade()
    with databases[0][1].begin() as connection:
        connection.execute(text(JOB))
        first = connection.scalar(text("SELECT max(id) FROM jobs"))
        connection.execute(text("DELETE FROM jobs"))
        connection.execute(text(JOB))
        assert connection.scalar(text("SELECT max(id) FROM jobs")) > first
