"""The engine on four set-ups: one or two databases, SQLite or PostgreSQL."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from config import Settings, sqlalchemy_url
from dashboard.extensions import Base
from dashboard.jobs.context import JobContext
from dashboard.jobs.ledger import LEDGER
from dashboard.jobs.registry import JobRegistry
from tests.jobs.lines_job import LINES, MOMENTS, TYPES
from tests.jobs.room import Room, new_room

POSTGRES = pytest.mark.postgres
SETUPS = [
    "sqlite",
    "sqlite-apart",
    pytest.param("postgres", marks=POSTGRES),
    pytest.param("postgres-apart", marks=POSTGRES),
]
REGISTRY = JobRegistry(TYPES)
TABLES = (
    "job_failures", "row_corrections", "event_receipts", "outbox_events", "job_chunks", "jobs",
    "file_previews", "stored_files", "workers", "failed_sign_ins",
)  # fmt: skip


def make_settings(app_url: str, target_url: str, folder: Path) -> Settings:
    return Settings(
        database_url=app_url,
        target_database_url=target_url,
        storage_url=str(folder / "store"),
        instance=folder,
        job_types=TYPES,
    )


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database to copy: faster than making its tables for every test."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    LINES.create(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_engines(postgres_url: str) -> Iterator[dict[str, Any]]:
    """Two schemas beside the other tests' tables; connections are kept, they cost 5 ms each."""
    base = sqlalchemy_url(postgres_url)
    urls = {name: f"{base}?options=-csearch_path%3Djobs_{name}" for name in ("app", "target")}
    admin = create_engine(base, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in urls:
            connection.execute(text(f"CREATE SCHEMA jobs_{name}"))
    settings = make_settings(urls["app"], urls["target"], Path("."))
    context = JobContext(settings, REGISTRY, None)  # type: ignore[arg-type]
    Base.metadata.create_all(context.app)
    for engine in (context.app, context.target):
        LINES.create(engine)
        LEDGER.create(engine)
    yield {"urls": urls, "app": context.app, "chunks": context.chunks, "target": context.target}
    context.close()
    admin.dispose()


def empty(engine: Engine, tables: tuple[str, ...]) -> None:
    with engine.begin() as connection:
        for name in tables:
            connection.execute(text(f"DELETE FROM {name}"))


@pytest.fixture(scope="session")
def sqlite_contexts(template: Path) -> Iterator[dict[bool, JobContext]]:
    """Engines keep their compiled statements; each test gets fresh files under the same names."""
    contexts = {}
    for apart in (False, True):
        folder = template.parent / f"apart-{apart}"
        folder.mkdir()
        app, target = (f"sqlite:///{folder / name}.db" for name in ("app", "target"))
        settings = make_settings(app, target if apart else app, folder)
        contexts[apart] = JobContext(settings, REGISTRY, None)  # type: ignore[arg-type]
    yield contexts
    for context in contexts.values():
        context.close()


def sqlite_room(template: Path, context: JobContext, folder: Path) -> Room:
    engines = {name: getattr(context, name) for name in ("app", "chunks", "target")}
    for engine in engines.values():
        engine.dispose()
    for path in context.settings.instance.iterdir():
        path.unlink()
    for url in (context.settings.database_url, context.settings.target_database_url):
        shutil.copyfile(template, url.removeprefix("sqlite:///"))
    settings = replace(context.settings, storage_url=str(folder / "store"), instance=folder)
    return new_room(settings, REGISTRY, engines, folder)


def postgres_room(engines: dict[str, Any], folder: Path, *, apart: bool) -> Room:
    empty(engines["app"], (*TABLES, "lines", "jobengine_ledger"))
    empty(engines["target"], ("lines", "jobengine_ledger"))
    urls = engines["urls"]
    settings = make_settings(urls["app"], urls["target" if apart else "app"], folder)
    shared = {name: engines[name] for name in ("app", "chunks")}
    shared["target"] = engines["target"] if apart else engines["chunks"]
    return new_room(settings, REGISTRY, shared, folder)


@pytest.fixture(params=SETUPS)
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    """Every set-up in turn."""
    database, _, apart = request.param.partition("-")
    if database == "sqlite":
        template = request.getfixturevalue("template")
        context = request.getfixturevalue("sqlite_contexts")[bool(apart)]
        yield sqlite_room(template, context, tmp_path)
    else:
        engines = request.getfixturevalue("postgres_engines")
        yield postgres_room(engines, tmp_path, apart=bool(apart))
    MOMENTS.clear()


def on(*setups: str) -> Any:
    """Only these set-ups, for what does not depend on the others."""
    chosen = [s for s in SETUPS if (s if isinstance(s, str) else s.values[0]) in setups]
    return pytest.mark.parametrize("room", chosen, indirect=True)
