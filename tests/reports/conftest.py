"""A target with sales on both databases, a desk to make reports at, and rooms with jobs of them."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from config import Settings, sqlalchemy_url
from dashboard.extensions import Base
from dashboard.jobs.context import JobContext
from dashboard.jobs.registry import JobRegistry, JobType, Kind
from dashboard.lib.clock import now
from dashboard.models.job import Job
from dashboard.models.states import JobStatus
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.storage.store import Store
from tests.conftest import ENGINES
from tests.jobs.room import Room, new_room

KINDS = ["tea", "tea", "jam", "rum", "jam", "tea"]
DAYS = ["2026-01-31", "2026-02-01", "2026-02-28", "2026-03-01", "2026-02-10", "2026-01-01"]


@pytest.fixture(scope="session", params=ENGINES)
def target_url(request: pytest.FixtureRequest, tmp_path_factory: Any) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('target') / 'sales of 1%.db'}"
    if request.param == "postgres":
        base = sqlalchemy_url(request.getfixturevalue("postgres_url"))
        run_on(base, "DROP SCHEMA IF EXISTS reports CASCADE", "CREATE SCHEMA reports")
        url = f"{base}?options=-csearch_path%3Dreports"
    number = "serial" if request.param == "postgres" else "integer"
    day = "date" if request.param == "postgres" else "text"
    wal = [] if request.param == "postgres" else ["PRAGMA journal_mode=WAL"]
    table = f"CREATE TABLE sales (id {number} PRIMARY KEY, kind text, pieces integer, day {day})"
    rows = [f"('{k}', {n}, '{d}')" for n, (k, d) in enumerate(zip(KINDS, DAYS, strict=True), 1)]
    run_on(url, *wal, table, f"INSERT INTO sales (kind, pieces, day) VALUES {', '.join(rows)}")
    return url


def run_on(url: str, *statements: str) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def target(target_url: str) -> Iterator[Engine]:
    engine = create_engine(target_url)
    yield engine
    engine.dispose()


def report_type(name: str, **values: Any) -> JobType:
    """A job type of one of the sample reports."""
    path = f"tests.reports.sample_reports:{name}"
    return JobType(f"{name.lower()}-report", Kind.REPORT, name, "", report=path, **values)


@dataclass
class Desk:
    """What the engine lends: a store, settings, and `check`, which a test may make raise."""

    settings: Settings
    store: Store
    folder: str = "parts/x/1"
    check: Callable[[], None] = field(default=lambda: None)


def on(*names: str) -> Any:
    """Only these databases, for what does not depend on the other."""
    chosen = [e for e in ENGINES if (e if isinstance(e, str) else e.values[0]) in names]
    return pytest.mark.parametrize("target_url", chosen, indirect=True, scope="session")


@pytest.fixture
def desk(target_url: str, tmp_path: Path) -> Desk:
    settings = Settings(target_database_url=target_url, database_url="sqlite://")
    return Desk(settings, Store(str(tmp_path / "store")))


# -- jobs of reports in an application's database ------------------------------------------------

SAMPLES = "tests.reports.sample_reports"
TYPES = {
    "report": {
        "sales-report": {"label": "Sales", "report": f"{SAMPLES}:Sales"},
        "badsql-report": {"report": f"{SAMPLES}:BadSql"},
        "long-report": {"report": f"{SAMPLES}:LongCode"},
        "query-report": {"report": f"{SAMPLES}:LongSql"},
    }
}
REGISTRY = JobRegistry(TYPES)
FACTS = {
    "columns": [
        {"name": "kind", "type": "string", "label": "Kind", "unit": "", "digits": None},
        {"name": "pieces", "type": "int64", "label": "Pieces sold", "unit": "pcs", "digits": 0},
    ],
    "chart": {"kind": "bar", "x": "kind", "y": ["pieces"]},
    "key": ["kind"],
    "of": 2,
    "cut": False,
    "seconds": 0.1,
    "read_at": "2026-03-01T10:00:00+00:00",
    "parameters": [{"name": "least", "label": "At least", "value": "2"}],
}


@pytest.fixture(scope="session")
def engines(target_url: str) -> Iterator[dict[str, Engine]]:
    """The application's tables beside the sales."""
    settings = Settings(database_url=target_url, target_database_url=target_url)
    context = JobContext(settings, REGISTRY, None)  # type: ignore[arg-type]
    Base.metadata.create_all(context.app)
    yield {name: getattr(context, name) for name in ("app", "chunks", "target")}
    context.close()


@pytest.fixture
def room(engines: dict[str, Engine], target_url: str, tmp_path: Path) -> Room:
    with engines["app"].begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    settings = Settings(
        database_url=target_url, target_database_url=target_url, instance=tmp_path,
        storage_url=str(tmp_path / "store"), job_types=TYPES, public_url="https://jobs.example.org",
        mail_from="Engine <engine@example.org>", mail_domains=("example.net",),
    )  # fmt: skip
    return new_room(settings, REGISTRY, engines, tmp_path)


def add_person(room: Room, email: str, **values: Any) -> int:
    with Session(room.context.app) as session, session.begin():
        user = User(email=email, name=email.title(), role="staff", password_hash="x", **values)
        session.add(user)
        session.flush()
        return user.id


def add_finished(
    room: Room, rows: list[dict[str, Any]], user_id: int | None = None, **values: Any
) -> int:
    """A completed report with these rows, as its job leaves it."""
    body = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), body)
    body.seek(0)
    stored = room.context.store.put(body, folder="reports", limit=1 << 30)
    facts = {**FACTS, **values.pop("facts", {})}
    with Session(room.context.app) as session, session.begin():
        file = StoredFile(
            key=stored.key, name="sales-report.parquet", bytes=stored.bytes, sha256=stored.sha256,
            rows=len(rows),
        )  # fmt: skip
        session.add(file)
        session.flush()
        job = Job(
            type="sales-report", kind="report", status=JobStatus.COMPLETED, output_id=file.id,
            total=len(rows), processed=len(rows), created=len(rows), prepared=True, user_id=user_id,
            meta={"report": facts}, started_at=now(), finished_at=now(), **values,
        )  # fmt: skip
        session.add(job)
        session.flush()
        return job.id
