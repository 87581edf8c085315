"""Try an importer on a few lines, in a test: a database of its own, made and thrown away."""

import tempfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, select

from dashboard.errors import RecordsRefused
from dashboard.extensions import make_engine
from dashboard.importers.chunk_job import GenericImportChunkJob
from dashboard.importers.importer import Importer
from dashboard.jobs.chunk_job import Chunk, Outcome
from dashboard.jobs.registry import JobType, Kind
from dashboard.records.failures import Failure
from dashboard.records.table import TableDescription
from dashboard.records.written import Written


@dataclass
class Trial:
    """Rows by outcome, every failure, and the records the table holds afterwards."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failures: list[Failure] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)

    def add(self, outcome: Outcome, written: Written) -> None:
        self.created += written.created
        self.updated += written.updated
        self.unchanged += written.unchanged
        self.skipped += outcome.skipped + written.skipped
        self.failures += [*outcome.failures, *written.refused]


def try_importer(
    importer: type[Importer],
    content: str,
    tables: MetaData,
    *,
    records: dict[str, list[dict[str, Any]]] | None = None,
    **options: Any,
) -> Trial:
    """Import delimited text into fresh `tables`; `records` fills some of them by name before.

    `options` are a job's (mode, key, mapping …). Raises FileRefused as a job would fail with.
    """
    with tempfile.TemporaryDirectory(prefix="jobengine-trial-") as folder:
        engine = make_engine(f"sqlite:///{Path(folder) / 'trial.db'}")
        try:
            with engine.begin() as connection:
                fill(connection, tables, records or {})
            return run(engine, importer, content.encode(), options)
        finally:
            engine.dispose()


def fill(
    connection: Connection, tables: MetaData, records: dict[str, list[dict[str, Any]]]
) -> None:
    tables.create_all(connection)
    for table in tables.sorted_tables:
        if records.get(table.name):
            connection.execute(table.insert(), records[table.name])


def run(engine: Engine, importer: type[Importer], data: bytes, options: dict[str, Any]) -> Trial:
    job_type = JobType("trial", Kind.IMPORT, "Trial", job="")
    work = TrialJob(job_type, {**options, "undo": False}, engine.connect)
    work.__dict__["importer"] = importer()
    plan, trial = work.plan(BytesIO(data)), Trial()
    with engine.begin() as connection:
        work.before(connection)
    for number, planned in enumerate(plan.chunks, 1):
        piece = data[planned.offset : planned.offset + planned.length]
        try:
            outcome, written = settle(engine, work, Chunk(number, piece, planned, plan.layout))
        except RecordsRefused:
            isolated = Chunk(number, piece, planned, plan.layout, isolate=True)
            outcome, written = settle(engine, work, isolated)
        trial.add(outcome, written)
    with engine.begin() as connection:
        work.after(connection)
        trial.records = stored(connection, work.target)
    return trial


class TrialJob(GenericImportChunkJob):
    """Takes the importer itself instead of a path to it."""


def settle(engine: Engine, work: TrialJob, chunk: Chunk) -> tuple[Outcome, Written]:
    outcome = work.run_chunk(chunk)
    writer = outcome.writer
    if writer is None:
        return outcome, Written([])
    with engine.connect() as connection:
        writer.open(connection)
        try:
            with connection.begin():
                return outcome, writer.write(connection)
        finally:
            writer.close(connection)


def stored(connection: Connection, target: TableDescription) -> list[dict[str, Any]]:
    query = select(target.table).order_by(*target.table.primary_key.columns)
    return [dict(row) for row in connection.execute(query).mappings()]
