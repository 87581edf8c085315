"""The failed-rows file, corrected by a person and uploaded into the same job."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from dashboard.errors import FileRefused
from dashboard.jobs.context import JobContext
from dashboard.jobs.corrections import Cells, correct
from dashboard.jobs.failed_rows import own_columns
from dashboard.jobs.fixing import FailedCells, naming, records_of
from dashboard.jobs.registry import load_path
from dashboard.jobs.rounds import FailedChunk, failed_chunks, next_round, within
from dashboard.jobs.transitions import fetch
from dashboard.lib.cells import escape_formula
from dashboard.models.columns import AnyRow
from dashboard.models.stored_file import StoredFile
from dashboard.models.user import User
from dashboard.records.failures import HIDDEN

# Not imported above: it brings pyarrow, which the web process does without until it is needed.
READ_SHEET = "dashboard.jobs.sheet_reading:read_sheet"
TOLD = 100


@dataclass(frozen=True, slots=True)
class Reuploaded:
    """`corrected` rows have new cells, `unchanged` ones are tried again as they are, `missing` were
    deleted from the file and stay failed. All are numbers of rows."""

    job: AnyRow
    corrected: int
    unchanged: int
    missing: int


def reupload_failed_rows(
    context: JobContext,
    session: Session,
    job_id: int,
    actor: str,
    stored: StoredFile,
    user: User | None,
) -> Reuploaded:
    """Rows are matched by number; the next round tries just those rows. All of them or none.

    Raises FileRefused: other columns, or rows that are not failed now (`details["rows"]`: the first
    of them, `details["count"]`: how many); WrongState (job not ended, undone, nothing failed).
    """
    job = fetch(session.connection(), job_id)
    parts = load_path(READ_SHEET)(context.store, stored.key, stored.name)
    taking = TakingIn(FailedCells(context, job), parts, user.id if user else None)
    row, tried = next_round(context, session, job_id, taking.choose)
    missing = taking.failed - tried
    return Reuploaded(row, taking.corrected, tried - taking.corrected, missing)


@dataclass(slots=True)
class TakingIn:
    """Reads the corrected file once, a part at a time, and keeps its cells as corrections."""

    old: FailedCells
    parts: Iterator[Any]
    user_id: int | None
    corrected: int = 0
    failed: int = 0
    # Eight bytes a row: what of the file stays in memory.
    rows: "array[int]" = field(default_factory=lambda: array("q"))
    strangers: "array[int]" = field(default_factory=lambda: array("q"))
    _columns: list[int] = field(default_factory=list)
    _begun: bool = False

    def choose(self, connection: Connection, chunk: FailedChunk) -> Sequence[int]:
        if not self._begun:
            self._begun = True
            self._take_in(connection)
        return within(self.rows, chunk)

    def _take_in(self, connection: Connection) -> None:
        chunks = failed_chunks(connection, self.old.job.id)
        self.failed = sum(chunk.failed for chunk in chunks)
        for part in self.parts:
            number, self._columns = places_of(part.columns, self.old.columns)
            rows: dict[int, int] = {}
            for row, at in row_numbers(part, number):
                if row in rows:
                    refuse_repeated(row)
                rows[row] = at
            for chunk, some in by_chunk(chunks, sorted(rows), self.strangers):
                self._keep(connection, chunk, {row: rows[row] for row in some}, part)
            self.rows.extend(rows)
        self._finish()

    def _keep(
        self, connection: Connection, chunk: FailedChunk, rows: Mapping[int, int], part: Any
    ) -> None:
        """`rows` are places in the part by row number, all of one chunk."""
        records = records_of(connection, self.old.job.id, chunk, between=(min(rows), max(rows)))
        self.strangers.extend(row for row in rows if row not in records)
        known = {row: records[row] for row in rows if row in records}
        changed: dict[int, Cells] = {}
        columns = self._columns
        for row, old in self.old.of(connection, chunk.id, known).items():
            given = [part.cells[column][rows[row]] for column in columns]
            shown = self.old.shown(known[row])
            new = [as_meant(*cells) for cells in zip(given, old, shown, strict=True)]
            if new != old:
                changed[row] = new
        correct(connection, self.old.job.id, chunk.id, changed, self.user_id)
        self.corrected += len(changed)

    def _finish(self) -> None:
        self.rows = array("q", sorted(self.rows))
        refuse_strangers(sorted(self.strangers))
        twice = next((row for row, after in pairwise(self.rows) if row == after), None)
        if twice is not None:
            refuse_repeated(twice)


def as_meant(given: str, old: str, shown: str) -> str:
    """A cell as the person means it: hidden ones stay, an apostrophe that we added goes."""
    if given == HIDDEN and shown == HIDDEN:
        return old
    if (
        given.startswith("'")
        and escape_formula(shown) != shown
        and escape_formula(given[1:]) == given
    ):
        return given[1:]
    return given


def places_of(found: Sequence[str], columns: Sequence[str]) -> tuple[int, list[int]]:
    """Where the row number stands, and where each of the job's columns does, in any order."""
    number, reason = own_columns(list(columns))
    place_of = {name: place for place, name in enumerate(found)}
    if number not in place_of:
        raise FileRefused(
            f'The file has no column "{number}". Download the failed rows again, correct the cells'
            " and leave that column as it is.",
            code="no_row_numbers",
        )
    written = [escape_formula(name) for name in columns]
    lacking = [name for name, there in zip(columns, written, strict=True) if there not in place_of]
    if lacking:
        raise FileRefused(
            f'The file has no column "{lacking[0]}", which the failed rows have. Upload the'
            " failed-rows file of this job with all of its columns.",
            code="other_columns",
        )
    strange = sorted(set(found) - {*written, number, reason})
    if strange:
        raise FileRefused(
            f'The failed rows of this job have no column "{strange[0]}". Delete it, then upload the'
            " file again.",
            code="other_columns",
        )
    return place_of[number], [place_of[name] for name in written]


def row_numbers(part: Any, place: int) -> Iterator[tuple[int, int]]:
    """(row of the job's file, place in the part)."""
    for at, text in enumerate(part.cells[place]):
        number = text.strip()
        if not number.isascii() or not number.isdigit() or len(number) > 15:
            raise FileRefused(
                f'Row {part.numbers[at]:,} of your file: "{text[:40]}" is no row number. Leave that'
                " column as it was downloaded.",
                code="bad_row_number",
            )
        yield int(number), at


def by_chunk(
    chunks: Sequence[FailedChunk], rows: Sequence[int], strangers: "array[int]"
) -> Iterator[tuple[FailedChunk, Sequence[int]]]:
    """Sorted rows, chunk by chunk; those in no chunk with failures are strangers."""
    starts = [chunk.first_row for chunk in chunks]
    found: dict[int, list[int]] = {}
    for row in rows:
        place = bisect_right(starts, row) - 1
        if place < 0 or row >= chunks[place].end_row:
            strangers.append(row)
        else:
            found.setdefault(place, []).append(row)
    for place, some in found.items():
        yield chunks[place], some


def refuse_repeated(row: int) -> None:
    raise FileRefused(
        f"Row {row:,} stands twice in your file. Keep one of the two, then upload it again.",
        code="row_repeated",
    )


def refuse_strangers(rows: Sequence[int]) -> None:
    if rows:
        raise FileRefused(
            f"{naming(rows)} not failed now, so nothing was changed. Delete what is not failed from"
            " your file, or download the failed rows again.",
            code="row_not_failed",
            details={"rows": list(rows[:TOLD]), "count": len(rows)},
        )
