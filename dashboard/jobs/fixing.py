"""Failed rows put right by a person: single cells, or one choice for all rows of a cause."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from dashboard.errors import InputRefused, WrongState
from dashboard.jobs.context import JobContext
from dashboard.jobs.corrections import Cells, correct, corrections, fitted, unread
from dashboard.jobs.failure_list import Filter, filtered
from dashboard.jobs.leases import CHUNK
from dashboard.jobs.rounds import FailedChunk, failures_of, next_round, within
from dashboard.jobs.tracker import FAILURE, LONGEST_COLUMN
from dashboard.jobs.transitions import fetch
from dashboard.jobs.work import file_key, load_chunk, make_work
from dashboard.models.columns import AnyRow
from dashboard.models.user import User

NAMED = 10


@dataclass(frozen=True, slots=True)
class Fix:
    """What happens to the failed cell of every row of a cause.

    `set` writes `text`; `map` writes `text` where the cell is exactly `old`, other rows are left
    alone; `empty` clears the cell; `skip` leaves the whole row out.
    """

    act: Literal["set", "map", "empty", "skip"]
    text: str = ""
    old: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """The job in its next round and how many rows it tries again.

    `remember` is (field, old, text) of a `map`, as the option `values` holds it: to be saved.
    """

    job: AnyRow
    rows: int
    remember: tuple[str, str, str] | None = None


class FailedCells:
    """The cells of a job's failed rows as they were last tried, one per column of the layout.

    Cells nobody may read ("•••" in the record) come from an earlier correction or the file itself.
    """

    def __init__(self, context: JobContext, job: AnyRow) -> None:
        self.context, self.job = context, job
        self.columns: list[str] = list(job.layout.get("columns", ()))
        self._work: Any = None

    def shown(self, record: str) -> Cells:
        """A failure's record with all its columns, hidden cells as they are shown."""
        return fitted(json.loads(record), len(self.columns))

    def of(
        self, connection: Connection, chunk_id: int, records: Mapping[int, str]
    ) -> dict[int, Cells]:
        """`records` are the failures' records by row; all rows of one chunk."""
        found = {row: self.shown(record) for row, record in records.items()}
        hidden = [row for row, cells in found.items() if unread(cells)]
        if hidden:
            found |= self._hidden(connection, chunk_id, hidden)
        return found

    def _hidden(
        self, connection: Connection, chunk_id: int, rows: Sequence[int]
    ) -> dict[int, Cells]:
        kept = corrections(connection, self.job.id, chunk_id)
        found = {row: cells for row in rows if (cells := kept.get(row)) is not None}
        left = [row for row in rows if row not in found]
        if left:
            found |= self._read(connection, chunk_id, left)
        missing = set(rows) - set(found)
        if missing:
            raise WrongState(f"Row {min(missing):,} is not in the file any more. Upload it again.")
        return {row: fitted(cells, len(self.columns)) for row, cells in found.items()}

    def _read(
        self, connection: Connection, chunk_id: int, rows: Collection[int]
    ) -> dict[int, Cells]:
        if self._work is None:
            self._work = make_work(self.context, connection, self.job)
        row = connection.execute(select(CHUNK).where(CHUNK.c.id == chunk_id)).one()
        key = file_key(connection, self.job)
        chunk = load_chunk(self.context, connection, self.job, row, key)
        read: dict[int, Cells] = self._work.cells_of(chunk, rows)
        return read


def correct_rows(
    context: JobContext,
    session: Session,
    job_id: int,
    actor: str,
    corrections: Mapping[int, Mapping[str, str]],
    user: User | None,
) -> Fixed:
    """New cells for failed rows, {row: {column: text}}; the row's other cells stay as they are.

    Opens the next round with just those rows. Raises WrongState (job not ended, undone, a row that
    is not failed now), InputRefused (a column the file does not have).
    """
    cells = FailedCells(context, fetch(session.connection(), job_id))
    refuse_unknown_columns(cells.columns, corrections)
    rows, done = sorted(corrections), set[int]()

    def choose(connection: Connection, chunk: FailedChunk) -> Sequence[int]:
        wanted = set(within(rows, chunk))
        if not wanted:
            return ()
        records = records_of(connection, job_id, chunk)
        found = cells.of(connection, chunk.id, {r: records[r] for r in wanted & set(records)})
        changed = {
            row: [
                corrections[row].get(name, cell)
                for name, cell in zip(cells.columns, old, strict=True)
            ]
            for row, old in sorted(found.items())
        }
        correct(connection, job_id, chunk.id, changed, user.id if user else None)
        done.update(changed)
        return list(changed)

    def check() -> None:
        refuse_not_failed(set(rows) - done)

    return Fixed(*next_round(context, session, job_id, choose, check=check))


def fix_cause(
    context: JobContext,
    session: Session,
    job_id: int,
    actor: str,
    cause: Filter,
    fix: Fix,
    user: User | None,
) -> Fixed:
    """One choice for all failed rows of a cause; opens the next round with just those rows.

    Raises WrongState (job not ended, undone, nothing fails so), InputRefused (the cause has no cell
    of the file: only `skip` is possible).
    """
    job = fetch(session.connection(), job_id)
    cells = FailedCells(context, job)
    place = None if fix.act == "skip" else place_of(cells.columns, cause)

    def choose(connection: Connection, chunk: FailedChunk) -> Sequence[int]:
        changed: dict[int, Cells | None] = {}
        records = records_of(connection, job_id, chunk, cause)
        if place is None:
            changed = dict.fromkeys(sorted(records))
        else:
            for row, old in sorted(cells.of(connection, chunk.id, records).items()):
                if fix.act != "map" or old[place] == fix.old:
                    text = "" if fix.act == "empty" else fix.text
                    changed[row] = [*old[:place], text, *old[place + 1 :]]
        correct(connection, job_id, chunk.id, changed, user.id if user else None)
        return list(changed)

    job, tried = next_round(context, session, job_id, choose)
    return Fixed(job, tried, to_remember(job, cells.columns, place, fix))


def records_of(
    connection: Connection,
    job_id: int,
    chunk: FailedChunk,
    cause: Filter | None = None,
    between: tuple[int, int] | None = None,
) -> dict[int, str]:
    """The failed rows of a chunk with their record (JSON array text)."""
    query = failures_of(job_id, chunk, select(FAILURE.c.row, FAILURE.c.record))
    if between is not None:
        query = query.where(FAILURE.c.row.between(*between))
    found = connection.execute(filtered(query, cause) if cause else query)
    return {failure.row: failure.record for failure in found}


def place_of(columns: Sequence[str], cause: Filter) -> int:
    """Which cell of a row the cause is about."""
    names = [name[:LONGEST_COLUMN] for name in columns]
    if not cause.cause or not cause.column or cause.column not in names:
        about = (
            f'"{cause.column}" is no column of the file'
            if cause.column
            else "It is about whole rows"
        )
        raise InputRefused(
            f"{about}, so no cell can be set for all of them. Leave the rows out, or correct"
            " them in the failed-rows file.",
            code="cause_without_cell",
        )
    return names.index(cause.column)


def to_remember(
    job: AnyRow, columns: Sequence[str], place: int | None, fix: Fix
) -> tuple[str, str, str] | None:
    if fix.act != "map" or place is None:
        return None
    field = job.layout.get("fields", {}).get(columns[place])
    return None if field is None else (field, fix.old, fix.text)


def refuse_unknown_columns(
    columns: Sequence[str], corrections: Mapping[int, Mapping[str, str]]
) -> None:
    for row, cells in corrections.items():
        unknown = sorted(set(cells) - set(columns))
        if unknown:
            raise InputRefused(
                f'Row {row:,}: the file has no column "{unknown[0]}".'
                f" Its columns are: {', '.join(columns)}.",
                code="unknown_column",
            )


def refuse_not_failed(rows: Collection[int]) -> None:
    if rows:
        raise WrongState(
            f"{naming(rows)} not failed now, so nothing was changed. Look at the failures again.",
            code="row_not_failed",
            details={"rows": sorted(rows)[:100]},
        )


def naming(rows: Collection[int]) -> str:
    """`Row 7 is` or `Rows 7, 9 and 12 more are`."""
    numbers = [f"{row:,}" for row in sorted(rows)]
    if len(numbers) == 1:
        return f"Row {numbers[0]} is"
    more = f" and {len(numbers) - NAMED:,} more" if len(numbers) > NAMED else ""
    return f"Rows {', '.join(numbers[:NAMED])}{more} are"
