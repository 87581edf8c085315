"""What people put in the place of failed rows: kept by row, tried in the next round."""

import json

from sqlalchemy import Connection, select

from dashboard.models.columns import table_of
from dashboard.models.job import RowCorrection

CORRECTION = table_of(RowCorrection)


def corrections(connection: Connection, job_id: int, chunk_id: int) -> dict[int, list[str] | None]:
    """A chunk's corrected rows: their new cells, or None for a row to leave out."""
    query = select(CORRECTION.c.row, CORRECTION.c.cells).where(
        CORRECTION.c.job_id == job_id, CORRECTION.c.chunk_id == chunk_id
    )
    return {
        row: None if cells is None else json.loads(cells)
        for row, cells in connection.execute(query)
    }
