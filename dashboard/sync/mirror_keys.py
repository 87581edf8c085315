"""The keys a mirror's source holds, beside the table: staged batch by batch, in bounded memory."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Column, ColumnElement, Connection, MetaData, Table, and_, exists, not_, text

from dashboard.importers.chunk_import import ChunkImport
from dashboard.importers.hooks import Records
from dashboard.importers.job import Job
from dashboard.jobs.chunk_job import Chunk, PlannedChunk
from dashboard.records.batch import Batch
from dashboard.records.loading import RowWriter
from dashboard.records.loading_postgres import PostgresWriter
from dashboard.records.refusals import Refusals
from dashboard.storage.store import Store

STAGE = "jobengine_keys"
Places = Sequence[Sequence[int]]
"""(offset, length, first row, rows) of every batch in the kept form."""


class KeyStage:
    """A temporary table of keys: `fill` makes it, `drop` is called in any case.

    A row that is refused keeps its record: its key is staged as far as it can be read. `unread`
    counts the rows whose key cannot be read at all.
    """

    def __init__(
        self, job: Job, store: Store, layout: Mapping[str, Any], places: Places,
        key: tuple[str, ...],
    ) -> None:  # fmt: skip
        self.job, self.store, self.layout, self.places, self.key = job, store, layout, places, key
        self.unread = 0
        target = job.target.table
        self.columns = [target.c[name] for name in job.stored_names(key)]
        names = [Column(f"c{n}", column.type) for n, column in enumerate(self.columns)]
        self.table = Table(STAGE, MetaData(), *names)

    def fill(self, connection: Connection) -> None:
        """In the caller's transaction."""
        self.drop(connection)  # a writer that died in this session may have left one
        connection.execute(text(self._create(connection)))
        for offset, length, first_row, rows in self.places:
            planned = PlannedChunk(offset, length, first_row, rows)
            data = self.store.read(self.layout["form"], offset, length)
            read = ChunkKeys(self.job, Chunk(0, data, planned, self.layout))
            self._send(connection, read.run_keys(connection, self.key))
            self.unread += read.unread
        names = ", ".join(f"c{number}" for number in range(len(self.columns)))
        connection.execute(text(f"CREATE INDEX {STAGE}_key ON {STAGE} ({names})"))
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"ANALYZE {STAGE}"))

    def drop(self, connection: Connection) -> None:
        connection.execute(text(f"DROP TABLE IF EXISTS {STAGE}"))

    def gone(self) -> ColumnElement[bool]:
        """Is a record's key not among those staged? One with a blank key is nobody's."""
        pairs = zip(self.columns, self.table.c, strict=True)
        same = and_(*(column == staged for column, staged in pairs))
        known = [column.is_not(None) for column in self.columns if column.nullable]
        return and_(not_(exists().where(same)), *known)

    def _create(self, connection: Connection) -> str:
        preparer = connection.dialect.identifier_preparer
        quoted = [preparer.quote(column.name) for column in self.columns]
        named = ", ".join(f"{name} AS c{number}" for number, name in enumerate(quoted))
        target = preparer.format_table(self.job.target.table)
        return f"CREATE TEMPORARY TABLE {STAGE} AS SELECT {named} FROM {target} WHERE 1 = 0"  # noqa: S608 - quoted names

    def _send(self, connection: Connection, keys: Sequence[Any]) -> None:
        count = len(keys[0])
        if not count:
            return
        columns = {f"c{number}": values for number, values in enumerate(keys)}
        refusals = Refusals(pa.table({}), np.empty(0, np.int64), {})
        batch = Batch(self.table, columns, np.arange(count), refusals)
        postgres = connection.dialect.name == "postgresql"
        writer = PostgresWriter(batch) if postgres else RowWriter(batch)
        writer.write(connection)


class ChunkKeys(ChunkImport):
    """Reads a chunk as the import of its rows does, for nothing but their keys."""

    unread = 0

    def run_keys(self, connection: Connection, key: Sequence[str]) -> list[Any]:
        """One Arrow array for each stored column of the key, without nulls."""
        records = Records(np.arange(len(self.numbers)), self._cast())
        before = self._key_of(records, key)
        if not self.has_hooks:
            return self._stored(connection, key, before)
        bad = np.flatnonzero(self.refusals.bad)
        after = self._key_of(self._run_hooks(records), key)
        # Refused before the hooks saw them: what the source says is all there is.
        refused = [values.take(pa.array(bad)) for values in before]
        both = [pa.concat_arrays([a, b]) for a, b in zip(after, refused, strict=True)]
        return self._stored(connection, key, both)

    def _key_of(self, records: Records, key: Sequence[str]) -> list[Any]:
        return [one_array(records.values[name]) for name in key]

    def _stored(self, connection: Connection, key: Sequence[str], keys: list[Any]) -> list[Any]:
        found = []
        for name, values in zip(key, keys, strict=True):
            reference = self.job.target.field(name).reference
            if reference is not None:
                values = one_array(self.job.references.resolve(connection, reference, values)[0])
            found.append(values)
        whole = ~np.any([np.asarray(values.is_null()) for values in found], axis=0)
        self.unread = int((~whole).sum())
        kept = pa.array(whole)
        return [values.filter(kept) for values in found] if self.unread else found


def one_array(values: Any) -> Any:
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
