"""What people put in the place of failed rows: kept by row, tried in the next round."""

import json
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from dashboard.lib.clock import now
from dashboard.models.columns import table_of
from dashboard.models.job import RowCorrection
from dashboard.records.failures import HIDDEN

CORRECTION = table_of(RowCorrection)
COPY = 'COPY row_corrections (job_id, chunk_id, "row", cells, user_id, created_at) FROM STDIN'
IN_ONE_LIST = 1000
Cells = list[str]


def corrections(connection: Connection, job_id: int, chunk_id: int) -> dict[int, Cells | None]:
    """A chunk's corrected rows: their new cells, or None for a row to leave out."""
    query = select(CORRECTION.c.row, CORRECTION.c.cells).where(
        CORRECTION.c.job_id == job_id, CORRECTION.c.chunk_id == chunk_id
    )
    return {
        row: None if cells is None else json.loads(cells)
        for row, cells in connection.execute(query)
    }


def correct(
    connection: Connection,
    job_id: int,
    chunk_id: int,
    rows: Mapping[int, Sequence[str] | None],
    user_id: int | None,
) -> None:
    """Keep them in the place of earlier ones. The caller holds the job's row: nobody else writes
    corrections of this job."""
    if not rows:
        return
    forget(connection, job_id, list(rows))
    moment = now()
    told = ((job_id, chunk_id, row, as_text(cells), user_id, moment) for row, cells in rows.items())
    if connection.dialect.name == "postgresql":
        cursor = connection.connection.cursor()
        with cursor.copy(COPY) as copy:
            for values in told:
                copy.write_row(values)
        cursor.close()
        return
    names = ("job_id", "chunk_id", "row", "cells", "user_id", "created_at")
    connection.execute(
        insert(CORRECTION), [dict(zip(names, values, strict=True)) for values in told]
    )


def as_text(cells: Sequence[str] | None) -> str | None:
    """ASCII: PostgreSQL text holds no NUL, and JSON escapes it."""
    return None if cells is None else json.dumps(list(cells))


def forget(connection: Connection, job_id: int, rows: Sequence[int]) -> None:
    some = CORRECTION.c.row.in_(bindparam("some", expanding=True))
    statement = delete(CORRECTION).where(CORRECTION.c.job_id == job_id, some)
    for start in range(0, len(rows), IN_ONE_LIST):
        connection.execute(statement, {"some": rows[start : start + IN_ONE_LIST]})


def fitted(cells: Iterable[str], width: int) -> Cells:
    """A ragged row filled up or cut, so that each cell stands under the header's name."""
    return [*cells, *[""] * width][:width]


def unread(cells: Iterable[str]) -> bool:
    """Are there cells nobody may read, so that a correction must start from the file's own?"""
    return HIDDEN in cells
