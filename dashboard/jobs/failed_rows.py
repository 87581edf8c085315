"""The failed-rows file: each refused row once, as it came, with number and reasons."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select, tuple_

from dashboard.jobs.tracker import FAILURE
from dashboard.models.columns import AnyRow

PAGE = 2000
ROW, REASON = "_row", "_reason"


def read_failures(connection: Connection, job_id: int) -> Iterator[AnyRow]:
    """All failures of a job in file order, read by keyset so that memory stays flat."""
    after = (-1, 0)
    while True:
        page = connection.execute(
            select(*FAILURE.c)
            .where(
                FAILURE.c.job_id == job_id,
                tuple_(FAILURE.c.row, FAILURE.c.id) > tuple_(*after),
            )
            .order_by(FAILURE.c.row, FAILURE.c.id)
            .limit(PAGE)
        ).all()
        yield from page
        if len(page) < PAGE:
            return
        after = (page[-1].row, page[-1].id)


def failed_rows(connection: Connection, job: Any) -> Iterator[list[str]]:
    """A header, then one list of cells a refused row. Cells are as the file gave them."""
    columns = list(job.layout.get("columns", []))
    yield [*columns, ROW, REASON]
    for row, group in groupby(read_failures(connection, job.id), key=lambda f: f.row):
        failures = list(group)
        cells = json.loads(failures[0].record)
        reasons = "; ".join(f"{f.column}: {f.message}" if f.column else f.message for f in failures)
        # A ragged row keeps all its cells; the two columns after it stay where the header has them.
        padded = (cells + [""] * len(columns))[: max(len(columns), len(cells))]
        extra = padded[len(columns) :]
        note = f" (cells past the last column: {' | '.join(extra)})" if extra else ""
        yield [*padded[: len(columns)], str(row), reasons + note]
