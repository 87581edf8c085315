"""Runs an import type over a text, chunk by chunk, as the runner does."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from dashboard.errors import RecordsRefused
from dashboard.importers.chunk_job import GenericImportChunkJob
from dashboard.importers.importer import Importer
from dashboard.jobs.chunk_job import Chunk, Outcome, Plan
from dashboard.jobs.registry import JobType, Kind
from dashboard.records.failures import Failure


class DirectJob(GenericImportChunkJob):
    """Takes the importer itself instead of a path to it."""

    def __init__(self, importer: Importer, engine: Engine, **options: Any) -> None:
        super().__init__(JobType("t", Kind.IMPORT, "T", job=""), options, engine.connect)
        self.__dict__["importer"] = importer


@dataclass
class Result:
    created: int
    skipped: int
    failures: list[Failure]
    isolated: bool = False

    @property
    def codes(self) -> list[tuple[int, str, str]]:
        return [(failure.row, failure.column, failure.code) for failure in self.failures]


def run_import(
    engine: Engine,
    importer: type[Importer] | Any,
    content: str | bytes,
    *,
    isolate: bool = False,
    only_rows: frozenset[int] | None = None,
    **options: Any,
) -> Result:
    """Import `content` by an importer class, or by a bare model; isolates when it must."""
    if not issubclass(importer, Importer):
        importer = type("Bare", (Importer,), {"model": importer})
    data = content.encode() if isinstance(content, str) else content
    job, result = DirectJob(importer(), engine, **options), Result(0, 0, [])
    plan = job.plan(BytesIO(data))
    for number in range(len(plan.chunks)):
        try:
            run_one(engine, job, plan, number, data, result, isolate, only_rows)
        except RecordsRefused:
            result.isolated = isolate = True
            run_one(engine, job, plan, number, data, result, isolate, only_rows)
    return result


def run_one(
    engine: Engine,
    job: DirectJob,
    plan: Plan,
    number: int,
    data: bytes,
    result: Result,
    isolate: bool,
    only_rows: frozenset[int] | None,
) -> None:
    planned = plan.chunks[number]
    piece = data[planned.offset : planned.offset + planned.length]
    outcome = job.run_chunk(Chunk(number, piece, planned, plan.layout, isolate, only_rows))
    refused = write(engine, outcome)
    result.created += outcome.accepted - len(refused)
    result.skipped += outcome.skipped
    result.failures += [*outcome.failures, *refused]


def write(engine: Engine, outcome: Outcome) -> list[Failure]:
    writer = outcome.writer
    if writer is None:
        return []
    with engine.connect() as connection:
        writer.open(connection)
        try:
            with connection.begin():
                return writer.write(connection).refused
        finally:
            writer.close(connection)


def stored(engine: Engine, model: Any) -> list[Any]:
    """All records as the ORM reads them, in the order of their key."""
    with Session(engine, expire_on_commit=False) as session:
        return session.query(model).order_by(*model.__table__.primary_key.columns).all()


def add(engine: Engine, *records: Any) -> None:
    with Session(engine) as session, session.begin():
        session.add_all(records)


def run_sql(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
