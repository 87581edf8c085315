"""Taking an import back, chunk by chunk: inserted records deleted, updated ones restored.

For whoever makes an undo job (one chunk of it for one chunk of the job that is undone):

* Read the original chunk again through the same mapping and hooks, in the same order. Its Refusals
  (all rows of the chunk) tell people which row a failure means.
* `created` is the Batch of the rows that were inserted: of an insert all that did not fail, of a
  merge those in `row_sets.decode(chunk.notes["created"])`. Its columns are what the file gave;
  leave out defaults (they would be computed anew) or name them in `batch.defaults`.
* `key` names stored columns of the batch that are one of the table's unique keys. Without one
  (the table counts its ids and the file holds no other key) records are found by all values of the
  batch, which reads the whole table once a chunk; of equal records only as many go as rows ask for.
* `images` is (UUID of the undone job, chunk number), None when it kept none.
* `only_rows`: a later round that tries these rows again. `isolate` as for every writer: the runner
  calls a second time with it after RecordsRefused.

`write` returns Written: `updated` records taken back (deleted or restored), `skipped` those that
were gone already, `unchanged` what the caller passes as `untouched` (rows the import itself had
failed, skipped or found unchanged), `refused` the others with a code: `edited_since` (left alone),
`still_referenced` (other records name it; left alone), or what else the database refused.
Records of others that would go or change with a deleted one (ON DELETE CASCADE, SET NULL) count as
references: nothing goes but what the import made. (PostgreSQL and SQLite; elsewhere the database's
own rules hold.)
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from sqlalchemy import Connection, Table

from dashboard.records.batch import Batch, send_all, send_isolated
from dashboard.records.refusals import Refusals
from dashboard.records.removing import Removal, removal_for
from dashboard.records.restoring import Restoration
from dashboard.records.written import Written

EDITED = ("edited_since", "was edited after the import, so it was left as it is.")


class ReversalWriter:
    """A RecordWriter for one chunk of an undo."""

    def __init__(
        self,
        dialect: str,
        table: Table,
        refusals: Refusals,
        *,
        created: Batch | None = None,
        key: tuple[str, ...] = (),
        images: tuple[str, int] | None = None,
        only_rows: Collection[int] | None = None,
        untouched: int = 0,
        isolate: bool = False,
    ) -> None:
        self.refusals, self.untouched, self.isolate = refusals, untouched, isolate
        self.removal: Removal | None = None
        if created is not None and created.count:
            created.isolate = False
            self.removal = removal_for(dialect, created, key)
        self.restoration = Restoration(dialect, table, images, only_rows) if images else None

    def open(self, connection: Connection) -> None:
        if self.removal:
            self.removal.merger.open(connection)

    def close(self, connection: Connection | None) -> None:
        if self.removal:
            self.removal.merger.close(connection)

    def write(self, connection: Connection) -> Written:
        since = self.refusals.count
        reversed_count, gone = 0, 0
        for part in (self.removal, self.restoration):
            if part is None:
                continue
            with part.prepared(connection):
                found = part.find(connection)
                gone += found.gone
                for row in found.edited:
                    self._refuse(row, EDITED)
                reversed_count += self._send(connection, part, found.rows)
        refused = self.refusals.failures(since=since)
        return Written(refused, updated=reversed_count, skipped=gone, unchanged=self.untouched)

    def _send(self, connection: Connection, part: Removal | Restoration, rows: Any) -> int:
        if not len(rows):
            return 0
        if not self.isolate:
            send_all(lambda start, stop: part.send(connection, start, stop), len(rows))
            return len(rows)
        positions = np.searchsorted(np.asarray(self.refusals.numbers), rows)
        kept = send_isolated(
            self.refusals,
            connection,
            lambda start, stop: part.send(connection, start, stop),
            positions,
            part.worded,
        )
        return sum(stop - start for start, stop in kept)

    def _refuse(self, row: int, problem: tuple[str, str]) -> None:
        position = int(np.searchsorted(np.asarray(self.refusals.numbers), row))
        self.refusals.add(position, "", *problem)
