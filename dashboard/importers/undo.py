"""Taking an import back: its file read again tells what it inserted, images what it changed."""

from typing import Any, BinaryIO

import numpy as np
from sqlalchemy import Connection, func, select

from dashboard.errors import WrongState
from dashboard.importers.batch_making import BatchMaker
from dashboard.importers.chunk_import import ChunkImport
from dashboard.importers.chunk_job import GenericImportChunkJob
from dashboard.importers.chunk_rows import is_one_of
from dashboard.importers.hooks import Records
from dashboard.importers.job import Job
from dashboard.jobs.chunk_job import Chunk, OriginChunk, Outcome, Plan
from dashboard.records import row_sets
from dashboard.records.images import IMAGES
from dashboard.records.refusals import Refusals
from dashboard.records.reversing import ReversalWriter


class UndoImportJob(GenericImportChunkJob):
    """One chunk of an undo for each chunk of the import that wrote something.

    The type's `transform` must give the same values again: a record it would compute otherwise
    today counts as edited since, and is kept.
    """

    def plan(self, source: BinaryIO) -> Plan:
        """The engine copies the import's own plan."""
        raise WrongState("An undo has no file of its own to plan.")

    def run_chunk(self, chunk: Chunk) -> Outcome:
        job = self.facts(chunk.layout)
        with self.connect() as connection:
            reading = connection.execution_options(sqlite_begin="DEFERRED")
            return ChunkUndo(job, chunk).run(reading)

    def before(self, connection: Connection) -> None:
        """The type's hooks are for what goes in."""

    def after(self, connection: Connection) -> None:
        """The type's hooks are for what goes in."""


class ChunkUndo(ChunkImport):
    """Reads a chunk as the import did; what it finds wrong now was a failure then, too."""

    def run(self, connection: Connection) -> Outcome:
        records = Records(np.arange(len(self.numbers)), self._cast())
        if self.has_hooks:
            records = self._run_hooks(records)
        unreadable = self.refusals.bad.copy()
        # An unknown reference is no obstacle here: such a record counts as edited since.
        stored = self._references(connection, records)
        # Failures of the undo are about records, with a list of their own.
        told = Refusals(self.texts, self.numbers, self.refusals.shown, self.hidden)
        chosen = np.flatnonzero(self._inserted(records) & ~unreadable[records.positions])
        created = None
        if len(chosen):
            maker = BatchMaker(self.job, self.chunk, self.rows, told)
            created = maker.make(connection, records, stored, chosen, self._all_casts)
        inserted = created.count if created else 0
        changed = self._changed(connection)
        only = self.chunk.only_rows
        rows = self.chunk.planned.rows if only is None else len(only)
        writer = ReversalWriter(
            connection.dialect.name,
            self.job.target.table,
            told,
            created=created,
            key=finding_key(self.job),
            images=self._images,
            only_rows=only,
            untouched=rows - inserted - changed,
            isolate=self.chunk.isolate,
        )
        return Outcome(inserted + changed, [], writer)

    @property
    def origin(self) -> OriginChunk:
        if self.chunk.origin is None:
            raise WrongState("This chunk belongs to no import.")
        return self.chunk.origin

    def _inserted(self, records: Records) -> Any:
        """A mask: a merge noted the rows it inserted, an insert wrote all but the failed."""
        numbers = self.numbers[records.positions]
        if self.job.options.merges:
            return np.isin(numbers, row_sets.decode(self.origin.notes.get("created")))
        return ~is_one_of(numbers, self.origin.failed_rows)

    @property
    def _images(self) -> tuple[str, int] | None:
        return (self.origin.uuid, self.origin.number) if self.job.options.merges else None

    def _changed(self, connection: Connection) -> int:
        """Rows of the chunk that changed a record."""
        if self._images is None:
            return 0
        uuid, number = self._images
        query = select(func.count()).where(IMAGES.c.job_uuid == uuid, IMAGES.c.chunk == number)
        if self.chunk.only_rows is not None:
            rows = connection.scalars(
                select(IMAGES.c.row).where(IMAGES.c.job_uuid == uuid, IMAGES.c.chunk == number)
            )
            return len(self.chunk.only_rows.intersection(rows))
        return int(connection.scalar(query) or 0)


def finding_key(job: Job) -> tuple[str, ...]:
    """Stored columns of a unique key the file fills and that is never blank; () without one."""
    keys = list(job.keys)
    if job.key is not None:
        keys.insert(0, keys.pop(job.key))
    for names in keys:
        if not any(job.target.field(name).nullable for name in names):
            return job.stored_names(names)
    return ()
