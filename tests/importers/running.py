"""Runs an import type over a text, chunk by chunk, as the runner does."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from dashboard.errors import RecordsRefused
from dashboard.importers.chunk_job import GenericImportChunkJob
from dashboard.importers.importer import Importer
from dashboard.jobs.chunk_job import Chunk, Outcome, Plan
from dashboard.jobs.registry import JobType, Kind
from dashboard.records.failures import Failure
from dashboard.records.images import ensure_images
from dashboard.records.written import Written


class DirectJob(GenericImportChunkJob):
    """Takes the importer itself instead of a path to it."""

    def __init__(self, importer: Importer, engine: Engine, **options: Any) -> None:
        super().__init__(JobType("t", Kind.IMPORT, "T", job=""), options, engine.connect)
        self.__dict__["importer"] = importer


@dataclass
class Folder:
    """Forms in a folder, as preparing lends them; the upload is written there under its name."""

    path: Path
    name: str = "file.csv"

    @contextmanager
    def local_path(self) -> Iterator[Path]:
        yield self.path / self.name

    def keep(self, pieces: Iterable[bytes]) -> str:
        (self.path / "form").write_bytes(b"".join(pieces))
        return "form"

    def open(self, key: str) -> BinaryIO:
        return (self.path / key).open("rb")


@dataclass
class Result:
    created: int
    skipped: int
    failures: list[Failure]
    isolated: bool = False
    updated: int = 0
    unchanged: int = 0
    plan: Plan | None = None
    notes: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def counts(self) -> tuple[int, int, int, int, int]:
        """Created, updated, unchanged, skipped, failed rows."""
        failed = len({failure.row for failure in self.failures})
        return self.created, self.updated, self.unchanged, self.skipped, failed

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
    corrections: Mapping[int, Sequence[str] | None] | None = None,
    purpose: str = "run",
    forms: Folder | None = None,
    **options: Any,
) -> Result:
    """Import `content` by an importer class, or by a bare model; isolates when it must.

    With `forms` the file may be of any format.
    """
    if not issubclass(importer, Importer):
        importer = type("Bare", (Importer,), {"model": importer})
    data = content.encode() if isinstance(content, str) else content
    job, result = DirectJob(importer(), engine, **options), Result(0, 0, [])
    job.purpose, job.uuid, job.forms = purpose, "00000000-0000-4000-8000-000000000000", forms
    return run_job(engine, job, data, result, isolate, only_rows, corrections or {})


def run_job(
    engine: Engine,
    job: Any,
    data: bytes,
    result: Result,
    isolate: bool = False,
    only_rows: frozenset[int] | None = None,
    corrections: Mapping[int, Sequence[str] | None] | None = None,
) -> Result:
    if job.options.get("mode", "insert") != "insert":
        ensure_images(engine)  # as a worker does when it starts
    if job.forms is not None:
        (job.forms.path / job.forms.name).write_bytes(data)
    plan = result.plan = job.plan(BytesIO(data))
    if plan.layout.get("form"):
        data = (job.forms.path / plan.layout["form"]).read_bytes()
    ends = [*(planned.first_row for planned in plan.chunks[1:]), 1 << 40]
    for planned, end in zip(plan.chunks, ends, strict=True):
        piece = data[planned.offset : planned.offset + planned.length]
        mine = {row: c for row, c in (corrections or {}).items() if planned.first_row <= row < end}
        chunk = Chunk(0, piece, planned, plan.layout, isolate, only_rows, mine)
        try:
            run_one(engine, job, chunk, result)
        except RecordsRefused:
            result.isolated = isolate = True
            run_one(engine, job, replace(chunk, isolate=True), result)
    return result


def run_one(engine: Engine, job: Any, chunk: Chunk, result: Result) -> None:
    outcome = job.run_chunk(chunk)
    written = write(engine, outcome)
    result.created += written.created
    result.updated += written.updated
    result.unchanged += written.unchanged
    result.skipped += outcome.skipped + written.skipped
    result.failures += [*outcome.failures, *written.refused]
    result.notes.append(written.notes)


def write(engine: Engine, outcome: Outcome) -> Written:
    writer = outcome.writer
    if writer is None:
        return Written([])
    with engine.connect() as connection:
        writer.open(connection)
        try:
            with connection.begin():
                return writer.write(connection)
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
