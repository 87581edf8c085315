"""The failed-rows file: each refused row once, as it came, with its number and what is wrong."""

import json
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, select

from dashboard.jobs.failure_list import FAILURE, ORDER, Filter, filtered
from dashboard.lib.keyset import Cursor, Keyset
from dashboard.models.columns import AnyRow
from dashboard.models.job import Job

BATCH = 2000
EVERYTHING = Filter()


def failed_rows(
    engine: Engine, job: AnyRow | Job, wanted: Filter = EVERYTHING
) -> Iterator[list[str]]:
    """A header, then one list of cells a refused row, in the order of the file.

    Read in batches, each in its own short transaction: a slow reader holds nothing open.
    """
    columns = list(job.layout.get("columns", ()))
    yield [*columns, *own_columns(columns)]
    for batch in batches(engine, job.id, wanted):
        for number, failures in batch:
            yield file_row(columns, number, failures)


def own_columns(columns: list[str]) -> list[str]:
    """Names for our two columns that the file does not use itself."""
    names = ["row in file", "what is wrong"]
    while set(names) & set(columns):
        names = [f"{name}*" for name in names]
    return names


def batches(
    engine: Engine, job_id: int, wanted: Filter
) -> Iterator[list[tuple[int, list[AnyRow]]]]:
    """Whole rows only: the last row of a batch may have more cells, so it opens the next one."""
    order: Keyset[Any] = Keyset(ORDER.columns, ORDER.key, descending=False, size=BATCH)
    cursor: Cursor | None = None
    held: list[Any] = []
    while True:
        query = filtered(select(FAILURE).where(FAILURE.c.job_id == job_id), wanted)
        with engine.connect().execution_options(sqlite_begin="DEFERRED") as connection:
            found = list(connection.execute(order.select(query, cursor)).all())
        last = len(found) <= BATCH
        rows = [(number, list(cells)) for number, cells in groupby(held + found[:BATCH], row_of)]
        held = [] if last else rows.pop()[1]
        yield rows
        if last:
            return
        cursor = Cursor(order.key(found[BATCH - 1]))


def row_of(failure: Any) -> int:
    return int(failure.row)


def file_row(columns: list[str], number: int, failures: list[AnyRow]) -> list[str]:
    """A ragged row is filled up or cut, so that our two columns stand where the header has them;
    what was cut is told with the reason."""
    cells = json.loads(failures[0].record)
    wrong = [f"{f.column}: {f.message}".removeprefix(": ") for f in failures]
    if len(cells) > len(columns):
        wrong.append(f"Cells past the last column: {' | '.join(cells[len(columns) :])}")
    cells = [*cells, *[""] * len(columns)][: len(columns)]
    return [*cells, str(number), " ".join(wrong)]
