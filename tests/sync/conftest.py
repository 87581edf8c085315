"""Syncs on four set-ups: one or two databases, SQLite or PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from config import Settings, sqlalchemy_url
from dashboard.extensions import Base
from dashboard.jobs.context import JobContext
from dashboard.jobs.ledger import LEDGER
from dashboard.jobs.registry import JobRegistry
from dashboard.storage.store import Store
from dashboard.sync.cursors import CURSORS
from dashboard.sync.taken_files import TAKEN_FILES
from tests.jobs.room import HintBook
from tests.sync.listed_source import SHELF, Shelf
from tests.sync.sync_room import SyncRoom
from tests.sync.sync_types import METADATA, TYPES

POSTGRES = pytest.mark.postgres
SETUPS = [
    "sqlite",
    "sqlite-apart",
    pytest.param("postgres", marks=POSTGRES),
    pytest.param("postgres-apart", marks=POSTGRES),
]
REGISTRY = JobRegistry(TYPES)
JOB_TABLES = (
    "job_failures", "row_corrections", "event_receipts", "outbox_events", "job_chunks", "jobs",
    "type_secrets", "stored_files", "workers",
)  # fmt: skip
TARGET_TABLES = (
    "sync_parts",
    "sync_things",
    "sync_log",
    CURSORS.name,
    TAKEN_FILES.name,
    LEDGER.name,
)


def settings_for(app: str, target: str, folder: Path) -> Settings:
    return Settings(
        database_url=app,
        target_database_url=target,
        storage_url=str(folder / "store"),
        instance=folder,
        secret_key="k" * 40,
        outbound_networks=("127.0.0.1/32",),
        job_types=TYPES,
    )


def make_tables(engine: Engine) -> None:
    METADATA.create_all(engine)
    for table in (CURSORS, TAKEN_FILES, LEDGER):
        table.create(engine, checkfirst=True)


@pytest.fixture(scope="session")
def sync_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database to copy."""
    path = tmp_path_factory.mktemp("sync-template") / "empty.db"
    engine = create_engine(f"sqlite:///{path}")
    Base.metadata.create_all(engine)
    make_tables(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def sync_contexts(postgres_url: str) -> Iterator[dict[bool, JobContext]]:
    """On PostgreSQL: two schemas of their own; by whether the target is apart."""
    base = sqlalchemy_url(postgres_url)
    urls = {name: f"{base}?options=-csearch_path%3Dsync_{name}" for name in ("app", "target")}
    admin = create_engine(base, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for name in urls:
            connection.execute(text(f"CREATE SCHEMA sync_{name}"))
    contexts = {}
    for apart in (False, True):
        settings = settings_for(urls["app"], urls["target" if apart else "app"], Path())
        contexts[apart] = JobContext(settings, REGISTRY, None)  # type: ignore[arg-type]
    Base.metadata.create_all(contexts[True].app)
    for engine in (contexts[True].app, contexts[True].target):
        make_tables(engine)
    yield contexts
    for context in contexts.values():
        context.close()
    admin.dispose()


def empty(engine: Engine, tables: tuple[str, ...]) -> None:
    with engine.begin() as connection:
        for name in tables:
            connection.execute(text(f"DELETE FROM {name}"))


def room_in(settings: Settings, engines: dict[str, Engine], folder: Path) -> SyncRoom:
    hints = HintBook()
    context = JobContext(settings, REGISTRY, hints)  # type: ignore[arg-type]
    context.__dict__.update(engines, store=Store(str(folder / "store")))
    return SyncRoom(context, hints, str(folder))


def sqlite_room(template: Path, folder: Path, *, apart: bool) -> SyncRoom:
    urls = []
    for name in ("app", "target"):
        shutil.copyfile(template, folder / f"{name}.db")
        urls.append(f"sqlite:///{folder / name}.db")
    return room_in(settings_for(urls[0], urls[1] if apart else urls[0], folder), {}, folder)


def postgres_room(context: JobContext, folder: Path) -> SyncRoom:
    empty(context.app, JOB_TABLES)
    empty(context.target, TARGET_TABLES)
    shared = {name: getattr(context, name) for name in ("app", "chunks", "target")}
    found = context.settings
    return room_in(
        settings_for(found.database_url, found.target_database_url, folder), shared, folder
    )


@pytest.fixture(params=SETUPS)
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SyncRoom]:
    """Every set-up in turn, with an empty shelf."""
    SHELF.__dict__.update(vars(Shelf()))
    database, _, apart = request.param.partition("-")
    if database == "sqlite":
        template = request.getfixturevalue("sync_template")
        found = sqlite_room(template, tmp_path, apart=bool(apart))
        yield found
        found.context.close()
    else:
        yield postgres_room(request.getfixturevalue("sync_contexts")[bool(apart)], tmp_path)


def on(*setups: str) -> Any:
    """Only these set-ups, for what does not depend on the others."""
    chosen = [s for s in SETUPS if (s if isinstance(s, str) else s.values[0]) in setups]
    return pytest.mark.parametrize("room", chosen, indirect=True)
